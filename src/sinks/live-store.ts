// The store as the sink of a live capture. Batches wait here, bounded, while the store is slow or ill: capture never waits for it. Each is
// sent until it is acknowledged; the id that it has makes repeats harmless.

import { randomBytes } from 'node:crypto';
import type { ColumnBatch } from '../records/columns.ts';
import type { RecordType } from '../records/record.ts';
import { batchBytes } from '../store/batches.ts';
import { StoreError } from '../store/errors.ts';
import { LiveWriter } from '../store/live-writer.ts';
import type { Retention } from '../store/retention.ts';
import { rollupSpecs } from '../store/rollup/tables.ts';
import type { StoreOptions } from '../store/store.ts';
import { type ColumnSink, SinkError } from './sink.ts';

export interface LiveStoreOptions {
  retention?: Retention;
  /** Bytes that may wait. */
  maxWaitingBytes?: number;
  store?: Omit<StoreOptions, 'readOnly'>;
}

const MAX_WAITING_BYTES = 64 * 1024 * 1024;
const RETRY_MS = 1000;
/** Readers may still have the files of segments that were replaced. */
const GRACE_MS = 120_000;
/** What is still waiting at the end is tried for so long. */
const LAST_TRY_MS = 2500;
/** And the last write-out may take so long. */
const LAST_WRITEOUT_MS = 1500;

export class LiveStoreSink implements ColumnSink {
  readonly encoding = 'columns';
  readonly name: string;
  readonly directory: string;
  /** Acknowledged, and given up because too much waited. */
  rows = 0;
  lostRows = 0;
  bytes = 0;
  error = '';
  readonly #options: LiveStoreOptions;
  readonly #prefix = randomBytes(6).toString('hex');
  readonly #waiting: { batch: ColumnBatch; bytes: number; id: string }[] = [];
  #waitingBytes = 0;
  #count = 0;
  #writer: LiveWriter | undefined;
  #storeOptions: Omit<StoreOptions, 'readOnly'> = {};
  #sending: Promise<void> | undefined;
  #isClosing = false;

  constructor(directory: string, options: LiveStoreOptions = {}) {
    this.name = `store:${directory}`;
    this.directory = directory;
    this.#options = options;
  }

  async open(types: readonly RecordType[]): Promise<void> {
    this.#storeOptions = { rollups: rollupSpecs(types), graceMs: GRACE_MS, ...this.#options.store };
    try {
      this.#writer = await LiveWriter.open(this.directory, this.#storeOptions, this.#options.retention);
    } catch (error) {
      throw error instanceof StoreError ? new SinkError(error.message) : error;
    }
  }

  async write(batch: ColumnBatch): Promise<void> {
    const bytes = batchBytes(batch);
    if (this.#waitingBytes + bytes > (this.#options.maxWaitingBytes ?? MAX_WAITING_BYTES)) {
      this.lostRows += batch.rows;
      return;
    }
    this.#waiting.push({ batch, bytes, id: `${this.#prefix}-${this.#count++}` });
    this.#waitingBytes += bytes;
    this.#sending ??= this.#send();
  }

  /** What was acknowledged becomes segments. Never rejects: what is wrong stands in `error`, and nothing is lost by it. */
  async writeOut(): Promise<{ rows: number }> {
    // What was handed over before is part of it, unless the store is ill.
    if (this.error === '') await this.#sending;
    try {
      const { rows } = await (await this.#open()).rotate();
      return { rows };
    } catch (error) {
      this.#ill(error);
      return { rows: 0 };
    }
  }

  get waitingBytes(): number {
    return this.#waitingBytes;
  }
  get figures() {
    return this.#writer?.figures ?? { logBytes: 0, segments: 0, segmentBytes: 0 };
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    await Promise.race([this.#sending, after(LAST_TRY_MS)]);
    for (const { batch } of this.#waiting) this.lostRows += batch.rows;
    const writer = this.#writer;
    try {
      // What is acknowledged is safe in the log, so a long last write-out need not be waited for: the next start makes it.
      const isClosed = await Promise.race([writer?.close().then(() => true), after(LAST_WRITEOUT_MS)]);
      if (isClosed !== true) await writer?.end();
    } catch (error) {
      this.#ill(error);
    }
    if (this.lostRows > 0)
      throw new SinkError(
        `${this.lostRows} rows could not be written to ${this.name}${this.error && `: ${this.error}`}`,
      );
  }

  /** The log has what was acknowledged; the next start makes segments of it. */
  async abort(): Promise<void> {
    await this.close().catch(() => undefined);
  }

  async #send(): Promise<void> {
    const until = () => (this.#isClosing ? LAST_TRY_MS / RETRY_MS : Number.POSITIVE_INFINITY);
    for (let tries = 0; this.#waiting.length > 0; ) {
      const [{ batch, bytes, id }] = this.#waiting;
      try {
        await (await this.#open()).append(batch, id);
        this.#waiting.shift();
        this.#waitingBytes -= bytes;
        this.rows += batch.rows;
        this.bytes += bytes;
        this.error = '';
        tries = 0;
      } catch (error) {
        this.#ill(error);
        if (++tries >= until()) break;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
    this.#sending = undefined;
  }

  async #open(): Promise<LiveWriter> {
    if (this.#writer === undefined || this.#writer.isDead)
      this.#writer = await LiveWriter.open(this.directory, this.#storeOptions, this.#options.retention);
    return this.#writer;
  }

  #ill(error: unknown): void {
    this.error = error instanceof Error ? error.message : String(error);
  }
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
