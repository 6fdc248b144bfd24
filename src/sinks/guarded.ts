// A sink of rows beside a live capture: it never holds up the capture and never ends it. Batches are copied into a bounded queue; what does
// not fit, and what the sink refuses, is counted.

import type { EncodingName } from '../records/encodings.ts';
import type { RecordType } from '../records/record.ts';
import type { RowBatch } from '../records/row-batch.ts';
import type { PacketOrigin, RowSink, RunFacts } from './sink.ts';

const MAX_WAITING_BYTES = 32 * 1024 * 1024;
const LAST_TRY_MS = 3000;

export class GuardedSink implements RowSink {
  readonly name: string;
  readonly encoding: EncodingName;
  rows = 0;
  lostRows = 0;
  bytes = 0;
  error = '';
  readonly #inner: RowSink;
  readonly #waiting: RowBatch[] = [];
  #waitingBytes = 0;
  #writing: Promise<void> | undefined;

  constructor(inner: RowSink) {
    this.#inner = inner;
    this.name = inner.name;
    this.encoding = inner.encoding;
  }

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  open(types: readonly RecordType[], origin: PacketOrigin): Promise<void> {
    return this.#inner.open(types, origin);
  }

  write(batch: RowBatch): void {
    const { rows } = batch;
    const length = rows === 0 ? 0 : batch.ends[rows - 1];
    if (this.#waitingBytes + length > MAX_WAITING_BYTES) {
      this.lostRows += rows;
      return;
    }
    this.#waiting.push({
      bytes: batch.bytes.slice(0, length),
      ends: batch.ends.slice(0, rows),
      types: batch.types.slice(0, rows),
      rows,
    });
    this.#waitingBytes += length;
    this.#writing ??= this.#drain();
  }

  async close(facts: RunFacts): Promise<void> {
    const late = new Promise<void>((resolve) => setTimeout(resolve, LAST_TRY_MS).unref());
    await Promise.race([this.#writing, late]);
    await this.#inner.close(facts);
  }
  async abort(): Promise<void> {
    await this.#inner.abort();
  }

  async #drain(): Promise<void> {
    for (let batch = this.#waiting[0]; batch !== undefined; batch = this.#waiting[0]) {
      try {
        await this.#inner.write(batch);
        this.rows += batch.rows;
        this.bytes += batch.bytes.length;
        this.error = '';
      } catch (error) {
        // Nobody knows how much of it is there: written again, rows might be there twice.
        this.lostRows += batch.rows;
        this.error = error instanceof Error ? error.message : String(error);
      }
      this.#waiting.shift();
      this.#waitingBytes -= batch.bytes.length;
    }
    this.#writing = undefined;
  }
}
