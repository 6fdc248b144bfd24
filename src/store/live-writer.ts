// The near side of the thread that writes live batches.

import { Worker } from 'node:worker_threads';
import { workerFile } from '../system/program-files.ts';
import type { EncodedBatch } from './batch-bytes.ts';
import { StoreError } from './errors.ts';
import type { ImportSummary } from './import.ts';
import type { LiveFigures, LiveServiceOptions } from './live-service.ts';
import type { LiveReply, LiveRequest } from './live-thread.ts';
import { releaseOfThread } from './lock.ts';
import type { Retention } from './retention.ts';
import type { StoreOptions } from './store.ts';

type Body = LiveRequest extends infer Each ? (Each extends { id: number } ? Omit<Each, 'id'> : never) : never;

export class LiveWriter {
  readonly directory: string;
  figures: LiveFigures = { logBytes: 0, segments: 0, segmentBytes: 0 };
  readonly #worker: Worker;
  readonly #waiting = new Map<number, PromiseWithResolvers<ImportSummary | undefined>>();
  #last = 0;
  #failure: StoreError | undefined;

  /** Starts the thread. Rejects with a StoreError when the store can not be opened (locked, no permission, …). */
  static async open(
    directory: string,
    options: Omit<StoreOptions, 'readOnly'> = {},
    retention: Retention = {},
  ): Promise<LiveWriter> {
    const writer = new LiveWriter(directory, options, retention);
    try {
      await writer.#ask({ kind: 'open' });
    } catch (error) {
      await writer.#worker.terminate();
      throw error;
    }
    return writer;
  }

  private constructor(directory: string, options: Omit<StoreOptions, 'readOnly'>, retention: Retention) {
    this.directory = directory;
    const workerData: LiveServiceOptions = { directory, options, retention };
    this.#worker = new Worker(workerFile('store/live-thread'), { workerData, name: 'store' });
    this.#worker.on('message', (reply: LiveReply) => {
      const waiting = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      this.figures = reply.figures;
      if (reply.error === undefined) waiting?.resolve(reply.summary);
      else waiting?.reject(new StoreError(reply.error.message, reply.error.code, reply.error.path));
    });
    this.#worker.on('error', (error) => this.#fail(String(error)));
    const { threadId } = this.#worker;
    this.#worker.on('exit', (code) => {
      releaseOfThread(directory, threadId);
      this.#fail(`exit code ${code}`);
    });
  }

  /** The thread is no more: another must be opened. */
  get isDead(): boolean {
    return this.#failure !== undefined;
  }

  /**
   * Resolves when the batch is acknowledged: nothing loses it any more. The same id twice is kept once. The batch stays the caller's; its bytes
   * are read until then, and are copied on the way when their memory is not shared.
   */
  async append(batch: EncodedBatch, batchId: string): Promise<void> {
    await this.#ask({ kind: 'append', batch, batchId });
  }

  /** What was acknowledged becomes segments, which queries see. `manifestTo`: a file that gets the manifest that names them. */
  async rotate(manifestTo?: string): Promise<ImportSummary> {
    return (await this.#ask({ kind: 'rotate', manifestTo })) ?? { segments: 0, rows: 0, bytes: 0 };
  }

  /** Other roll-ups and another retention from now on; what is too old or too much goes at once. */
  async renew(options: Omit<StoreOptions, 'readOnly'>, retention: Retention): Promise<void> {
    await this.#ask({ kind: 'renew', options, retention });
  }

  /** Rotates, gives the lock back and ends the thread. */
  async close(): Promise<void> {
    if (!this.isDead) await this.#ask({ kind: 'close' });
  }

  /** Ends the thread in the middle of whatever it does, as a crash would: what was acknowledged stays. */
  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #ask(body: Body): Promise<ImportSummary | undefined> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const answer = Promise.withResolvers<ImportSummary | undefined>();
    const id = ++this.#last;
    this.#waiting.set(id, answer);
    this.#worker.postMessage({ ...body, id });
    return answer.promise;
  }

  #fail(reason: string): void {
    this.#failure ??= new StoreError(
      `the writer of the store at ${this.directory} ended: ${reason}`,
      'crashed',
      this.directory,
    );
    for (const { reject } of this.#waiting.values()) reject(this.#failure);
    this.#waiting.clear();
  }
}
