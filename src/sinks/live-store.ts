// The store as the sink of a live capture. Batches wait here, bounded, while the store is slow or ill: capture never waits for it. Each is
// sent until it is acknowledged; the id that it has makes repeats harmless.

import { randomBytes } from 'node:crypto';
import type { ColumnBatch } from '../records/columns.ts';
import type { RecordType } from '../records/record.ts';
import { type EncodedBatch, encodeBatch } from '../store/batch-bytes.ts';
import { StoreError } from '../store/errors.ts';
import { LastLog } from '../store/last-log.ts';
import { LiveWriter } from '../store/live-writer.ts';
import type { Retention } from '../store/retention.ts';
import { rollupSpecs } from '../store/rollup/tables.ts';
import { rowForms } from '../store/row-form.ts';
import { SharedRoom } from '../store/shared-room.ts';
import type { StoreOptions } from '../store/store.ts';
import { type ColumnSink, SinkError } from './sink.ts';

export interface LiveStoreOptions {
  retention?: Retention;
  /** Bytes that may wait. */
  maxWaitingBytes?: number;
  /** How long the end may take when `endBy` was not called. */
  endMs?: number;
  /** A store that took nothing for so long is not waited for when too much waits. */
  patienceMs?: number;
  /** So long before the end the store's thread has had its time: what it has not taken goes into the log from here. */
  lastLogMs?: number;
  /** Told what is wrong with the store, once as long as it is the same. */
  tell?: (text: string) => void;
  store?: Omit<StoreOptions, 'readOnly'>;
}

const MAX_WAITING_BYTES = 64 * 1024 * 1024;
const RETRY_MS = 1000;
/** Readers may still have the files of segments that were replaced. */
const GRACE_MS = 120_000;
const PATIENCE_MS = 100;
/** How long the end may take when nobody says when it must be over. */
const END_MS = 4000;
const LAST_LOG_MS = 1500;
/** What ending that thread, and what follows, may take of it. */
const LEAVE_MS = 200;

export class LiveStoreSink implements ColumnSink {
  readonly encoding = 'columns';
  readonly isPrompt = true;
  readonly name: string;
  readonly directory: string;
  /** Acknowledged, and given up because too much waited. */
  rows = 0;
  lostRows = 0;
  bytes = 0;
  error = '';
  readonly #options: LiveStoreOptions;
  #retention: Retention;
  readonly #prefix = randomBytes(6).toString('hex');
  readonly #waiting: { batch: EncodedBatch; id: string }[] = [];
  readonly #room = new SharedRoom();
  #waitingBytes = 0;
  #count = 0;
  #writer: LiveWriter | undefined;
  #storeOptions: Omit<StoreOptions, 'readOnly'> = {};
  #sending: Promise<void> | undefined;
  /** By `performance.now()`: when the store took a batch last, and when all must be over. */
  #tookAt = 0;
  #endAt = Number.POSITIVE_INFINITY;
  #isStalled = false;
  #lastLog: LastLog | undefined;
  #takingOver: Promise<void> | undefined;
  /** Appended to the last log, not flushed yet. */
  readonly #unsafe: Promise<void>[] = [];

  constructor(directory: string, options: LiveStoreOptions = {}) {
    this.name = `store:${directory}`;
    this.directory = directory;
    this.#options = options;
    this.#retention = options.retention ?? {};
  }

  async open(types: readonly RecordType[]): Promise<void> {
    this.#storeOptions = this.#optionsFor(types);
    try {
      this.#writer = await LiveWriter.open(this.directory, this.#storeOptions, this.#retention);
    } catch (error) {
      throw error instanceof StoreError ? new SinkError(error.message) : error;
    }
  }

  /** The records to come are these, and so much of them is kept. Never rejects: what is wrong stands in `error`. */
  async renew(types: readonly RecordType[], retention: Retention): Promise<void> {
    this.#storeOptions = this.#optionsFor(types);
    this.#retention = retention;
    try {
      await (await this.#open()).renew(this.#storeOptions, retention);
    } catch (error) {
      this.#ill(error);
    }
  }

  /** The run ends: everything must be over by then, in `performance.now()`'s milliseconds. */
  endBy(at: number): void {
    this.#endAt = at;
  }

  /** Resolves at once while there is room; what finds none is given up, and counted. */
  async write(batch: ColumnBatch): Promise<void> {
    const { type, rows } = batch;
    const bytes = encodeBatch(batch, (length) => this.#room.take(length));
    const { length } = bytes;
    if (this.#isFull(length)) await this.#roomFor(length);
    if (this.#isFull(length)) {
      this.#room.give(bytes);
      this.lostRows += rows;
      return;
    }
    this.#waiting.push({ batch: { type, rows, bytes }, id: `${this.#prefix}-${this.#count++}` });
    this.#waitingBytes += length;
    if (this.#lastLog !== undefined) this.#appendLast();
    else if (this.#takingOver === undefined) this.#sending ??= this.#send();
  }

  /**
   * What was acknowledged becomes segments. Never rejects: what is wrong stands in `error`, and nothing is lost by it. `begun` is called when
   * it is settled which records those are: what comes afterwards is not among them, nor in what the manifest names that `manifestTo` gets.
   */
  async writeOut(begun?: () => void, manifestTo?: string): Promise<{ rows: number }> {
    // What was handed over before is part of it, unless the store is ill.
    if (this.error === '') await this.#sending;
    // The end makes a write-out of its own, when there is time.
    if (this.#endAt !== Number.POSITIVE_INFINITY) return { rows: 0 };
    try {
      const rotating = (await this.#open()).rotate(manifestTo);
      begun?.();
      const { rows } = await rotating;
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

  /** Never rejects: what could not be written is in `lostRows`. */
  async close(): Promise<void> {
    if (this.#endAt === Number.POSITIVE_INFINITY) this.#endAt = performance.now() + (this.#options.endMs ?? END_MS);
    if (this.#takingOver === undefined) await Promise.race([this.#sending, after(this.#leaveAt - performance.now())]);
    if (this.#takingOver !== undefined || this.#waiting.length > 0) await this.#takeOver();
    if (this.#lastLog !== undefined) await this.#closeLast(this.#lastLog);
    else await this.#leave();
    for (const { batch } of this.#waiting.splice(0)) this.lostRows += batch.rows;
    this.#waitingBytes = 0;
  }

  /** The log has what was acknowledged; the next start makes segments of it. */
  async abort(): Promise<void> {
    await this.close();
  }

  async #send(): Promise<void> {
    while (this.#waiting.length > 0) {
      const [{ batch, id }] = this.#waiting;
      const { length } = batch.bytes;
      try {
        await (await this.#open()).append(batch, id);
        // Taken over meanwhile: it is repeated there, and known by its id.
        if (this.#takingOver !== undefined) break;
        this.#waiting.shift();
        this.#waitingBytes -= length;
        this.#room.give(batch.bytes);
        this.#took(batch.rows, length);
        this.#tookAt = performance.now();
        this.#isStalled = false;
      } catch (error) {
        if (this.#takingOver !== undefined) break;
        this.#ill(error);
        await after(RETRY_MS);
      }
    }
    this.#sending = undefined;
  }

  #took(rows: number, bytes: number): void {
    this.rows += rows;
    this.bytes += bytes;
    this.error = '';
  }

  #isFull(bytes: number): boolean {
    return this.#waitingBytes + bytes > (this.#options.maxWaitingBytes ?? MAX_WAITING_BYTES);
  }

  /**
   * Whoever hands over much at once (all flows at an interval or at the end) leaves no turn for the store's answers: while the store takes
   * batches it is given turns, and a stalled or ill one holds up nobody. At the end it is waited for while there is time.
   */
  async #roomFor(bytes: number): Promise<void> {
    const { patienceMs = PATIENCE_MS } = this.#options;
    const since = performance.now();
    do {
      await (this.#isStalled ? turn() : after(1));
      if (!this.#isFull(bytes)) return;
      const now = performance.now();
      if (this.#endAt !== Number.POSITIVE_INFINITY) {
        if (now >= this.#leaveAt) return this.#takeOver();
      } else if (now - Math.max(since, this.#tookAt) > patienceMs) this.#isStalled = true;
    } while (!this.#isStalled || this.#endAt !== Number.POSITIVE_INFINITY);
  }

  #optionsFor(types: readonly RecordType[]): Omit<StoreOptions, 'readOnly'> {
    return { rollups: rollupSpecs(types), forms: rowForms(types), graceMs: GRACE_MS, ...this.#options.store };
  }

  get #leaveAt(): number {
    return this.#endAt - (this.#options.lastLogMs ?? LAST_LOG_MS);
  }

  /** What is acknowledged is safe in the log, so a long last write-out need not be waited for: the next start makes it. */
  async #leave(): Promise<void> {
    const writer = this.#writer;
    try {
      const late = after(this.#endAt - LEAVE_MS - performance.now());
      const isClosed = await Promise.race([writer?.close().then(() => true), late]);
      if (isClosed !== true) await writer?.end();
    } catch (error) {
      this.#ill(error);
    }
  }

  /** The store's thread is busy, with a long write-out perhaps, and time runs out: it is ended, and the log is written from here. */
  #takeOver(): Promise<void> {
    this.#takingOver ??= this.#beginLast();
    return this.#takingOver;
  }

  async #beginLast(): Promise<void> {
    try {
      await this.#writer?.end();
      this.#lastLog = new LastLog(this.directory, this.#storeOptions);
      this.#appendLast();
    } catch (error) {
      this.#ill(error);
    }
  }

  #appendLast(): void {
    while (this.#waiting.length > 0 && performance.now() < this.#endAt - LEAVE_MS) {
      const { batch, id } = this.#waiting.shift()!;
      const { length } = batch.bytes;
      this.#waitingBytes -= length;
      this.#unsafe.push(
        this.#lastLog!.append(batch, id).then(
          () => this.#took(batch.rows, length),
          (error) => {
            this.#ill(error);
            this.lostRows += batch.rows;
          },
        ),
      );
    }
  }

  async #closeLast(log: LastLog): Promise<void> {
    this.#appendLast();
    try {
      log.close();
    } catch (error) {
      this.#ill(error);
    }
    await Promise.all(this.#unsafe);
  }

  async #open(): Promise<LiveWriter> {
    if (this.#writer === undefined || this.#writer.isDead)
      this.#writer = await LiveWriter.open(this.directory, this.#storeOptions, this.#retention);
    return this.#writer;
  }

  #ill(error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    if (text !== this.error) this.#options.tell?.(`${this.name}: ${text}`);
    this.error = text;
  }
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, Math.max(0, ms)).unref();
  });
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
