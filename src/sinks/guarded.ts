// A sink of rows beside a live capture: it never holds up the capture and never ends it. Batches are copied into a bounded queue; what does
// not fit, and what the sink refuses, is counted.

import type { EncodingName } from '../records/encodings.ts';
import type { RecordType } from '../records/record.ts';
import type { RowBatch } from '../records/row-batch.ts';
import type { PacketOrigin, RowSink, RunFacts } from './sink.ts';

const MAX_WAITING_BYTES = 32 * 1024 * 1024;
/** How long the end may take when nobody says when it must be over. */
const END_MS = 4000;
/** So much of it is for closing the sink. */
const CLOSE_MS = 1000;
const LEAST_CLOSE_MS = 100;

export class GuardedSink implements RowSink {
  readonly name: string;
  readonly encoding: EncodingName;
  rows = 0;
  lostRows = 0;
  bytes = 0;
  error = '';
  /** All that was written is where it shall be. */
  isClosed = false;
  readonly #inner: RowSink;
  readonly #waiting: RowBatch[] = [];
  #waitingBytes = 0;
  #writing: Promise<void> | undefined;
  #endAt = Number.POSITIVE_INFINITY;
  #isOver = false;

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

  /** The run ends: everything must be over by then, in `performance.now()`'s milliseconds. */
  endBy(at: number): void {
    this.#endAt = at;
  }

  /** Never rejects: what could not be written is in `lostRows`, what else is wrong in `error`. */
  close(facts: RunFacts): Promise<void> {
    return this.#end(() => this.#inner.close(facts));
  }
  abort(): Promise<void> {
    return this.#end(() => this.#inner.abort());
  }

  /** What waits is written while there is time; the rest is lost, and counted. */
  async #end(close: () => Promise<void>): Promise<void> {
    const endAt = Math.min(this.#endAt, performance.now() + END_MS);
    await Promise.race([this.#writing, until(endAt - CLOSE_MS)]);
    this.#isOver = true;
    for (const { rows } of this.#waiting.splice(0)) this.lostRows += rows;
    this.#waitingBytes = 0;
    const late = until(Math.max(endAt, performance.now() + LEAST_CLOSE_MS)).then(() => {
      throw new Error('it could not be closed in time, and its last rows may be missing');
    });
    this.isClosed = await Promise.race([close(), late]).then(
      () => true,
      (error: Error) => {
        this.error = error.message;
        return false;
      },
    );
  }

  async #drain(): Promise<void> {
    for (let batch = this.#waiting[0]; batch !== undefined; batch = this.#waiting[0]) {
      try {
        await this.#inner.write(batch);
        if (this.#isOver) return;
        this.rows += batch.rows;
        this.bytes += batch.bytes.length;
        this.error = '';
      } catch (error) {
        if (this.#isOver) return;
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

/** `at` in `performance.now()`'s milliseconds. */
function until(at: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, Math.max(0, at - performance.now())).unref();
  });
}
