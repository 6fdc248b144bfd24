// The near side of the writer thread: batches in, one commit at the end.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { type ColumnBatch, transferList } from '../records/columns.ts';
import { workerFile } from '../system/program-files.ts';
import { batchBytes } from './batches.ts';
import { StoreError } from './errors.ts';
import type { ImportSummary } from './import.ts';
import { InFlight } from './in-flight.ts';
import type { ImportMeta } from './manifest.ts';
import type { StoreOptions } from './store.ts';
import type { WriterData, WriterReply, WriterRequest } from './writer-thread.ts';

export interface StoreWriterOptions extends Omit<StoreOptions, 'readOnly' | 'log'> {
  /** Batches on the way to the thread, in bytes: above it `write` waits. */
  readonly inFlightBytes?: number;
}

const IN_FLIGHT_BYTES = 16 * 1024 * 1024;

/** Starts the writer thread. Resolves when it holds the store's lock; rejects with a StoreError (locked, disk full, …). */
export async function openStoreWriter(directory: string, options: StoreWriterOptions = {}): Promise<StoreWriter> {
  const { inFlightBytes = IN_FLIGHT_BYTES, ...rest } = options;
  const workerData: WriterData = { directory, options: rest };
  const worker = new Worker(workerFile('store/writer-thread'), { workerData, name: 'store' });
  const writer = new StoreWriter(directory, worker, inFlightBytes);
  await writer.opened;
  return writer;
}

/** Writes one import from another thread. After the first error every call rejects with it, and nothing was committed. */
export class StoreWriter {
  readonly directory: string;
  readonly opened: Promise<void>;
  readonly #worker: Worker;
  readonly #inFlight: InFlight;
  readonly #ended = Promise.withResolvers<ImportSummary | undefined>();
  #error: StoreError | undefined;
  #isEnding = false;

  /** Use `openStoreWriter`. */
  constructor(directory: string, worker: Worker, inFlightLimit: number) {
    this.directory = directory;
    this.#worker = worker;
    this.#inFlight = new InFlight(inFlightLimit);
    const open = Promise.withResolvers<void>();
    this.opened = open.promise;
    // Failures are reported by the next call; without a call there is nobody to hear them.
    for (const { promise } of [open, this.#ended]) promise.catch(() => undefined);
    worker.on('message', (reply: WriterReply) => {
      if (reply.kind === 'open') open.resolve();
      else if (reply.kind === 'written') this.#inFlight.taken(reply.bytes);
      else if (reply.kind === 'committed') this.#ended.resolve(reply.summary);
      else if (reply.kind === 'aborted') this.#ended.resolve(undefined);
      else this.#fail(new StoreError(reply.message, reply.code, reply.path), open);
    });
    const crashed = (reason: string) =>
      this.#fail(
        new StoreError(`the writer of the store at ${directory} ended: ${reason}`, 'crashed', directory),
        open,
      );
    worker.on('error', (error) => crashed(String(error)));
    worker.on('exit', (code) => {
      if (!this.#isEnding) crashed(`exit code ${code}`);
      else this.#ended.resolve(undefined);
    });
  }

  /** Bytes handed over and not yet taken by the thread. */
  get inFlightBytes(): number {
    return this.#inFlight.bytes;
  }

  /**
   * Hands a batch over; its buffers are transferred, so the batch is empty afterwards. Resolves when there is room for the
   * next: wait for it, or memory grows.
   */
  async write(batch: ColumnBatch): Promise<void> {
    if (this.#error !== undefined) throw this.#error;
    if (this.#isEnding) throw new StoreError(`the import into ${this.directory} is over`, 'closed', this.directory);
    const bytes = batchBytes(batch);
    this.#inFlight.add(bytes);
    this.#send({ kind: 'write', batch, bytes }, transferList(batch));
    await this.#inFlight.room();
    if (this.#error !== undefined) throw this.#error;
  }

  /**
   * Makes everything written visible and durable, replacing a former import of the same name: the digest of its inputs and of
   * the options that matter. Ends the thread.
   */
  async commit(name: string, meta: ImportMeta = {}): Promise<ImportSummary> {
    const summary = await this.#end({ kind: 'commit', name, meta });
    if (summary === undefined)
      throw new StoreError(`the import into ${this.directory} is over`, 'closed', this.directory);
    return summary;
  }

  /** Leaves the store as it was; ends the thread. Does not reject when the writer has failed before: that left nothing either. */
  async abort(): Promise<void> {
    await this.#end({ kind: 'abort' }).catch(() => undefined);
  }

  async #end(request: WriterRequest): Promise<ImportSummary | undefined> {
    if (this.#error !== undefined) throw this.#error;
    if (this.#isEnding) return undefined;
    this.#isEnding = true;
    const exited = once(this.#worker, 'exit');
    this.#send(request, []);
    const result = await this.#ended.promise;
    await exited;
    return result;
  }

  #send(request: WriterRequest, transfer: ArrayBuffer[]): void {
    try {
      this.#worker.postMessage(request, transfer);
    } catch (error) {
      // Small Buffers share a pool that cannot be transferred: such a batch is copied.
      if ((error as Error).name !== 'DataCloneError') throw error;
      this.#worker.postMessage(request);
    }
  }

  #fail(error: StoreError, open: PromiseWithResolvers<void>): void {
    this.#error ??= error;
    this.#isEnding = true;
    open.reject(this.#error);
    this.#inFlight.fail(this.#error);
    this.#ended.reject(this.#error);
  }
}
