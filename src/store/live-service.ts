// What the thread of live batches does: appends to the log, turns the log into segments when told to, keeps the store tidy. An error is an
// answer; the next request tries again, also when the folder was gone: the store is made anew then.

import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EncodedBatch } from './batch-bytes.ts';
import { StoreError, writeError } from './errors.ts';
import { isFull } from './full-disk.ts';
import type { ImportSummary } from './import.ts';
import { MANIFEST_FILE } from './layout.ts';
import type { Retention } from './retention.ts';
import { openStore, type Store, type StoreOptions } from './store.ts';

/** Records of an hour may come so much later than its begin. */
const HOUR_OVER_MS = 2 * 3600 * 1000;
/** Merging reads and writes again what is there: not with every rotation, and appends wait meanwhile. */
const TIDY_MS = 10 * 60_000;

export interface LiveServiceOptions {
  readonly directory: string;
  readonly retention: Retention;
  readonly options: StoreOptions;
}

export type LiveTask =
  | { kind: 'open' }
  | { kind: 'append'; batch: EncodedBatch; batchId: string }
  /** `manifestTo`: a file that gets the manifest as it is then. */
  | { kind: 'rotate'; manifestTo?: string | undefined }
  /** From now on: what is kept, and which roll-ups are made. */
  | { kind: 'renew'; options: StoreOptions; retention: Retention }
  | { kind: 'close' };

export interface LiveFigures {
  logBytes: number;
  segments: number;
  segmentBytes: number;
}

export class LiveService {
  readonly #directory: string;
  #options: StoreOptions;
  #retention: Retention;
  #store: Store | undefined;
  #tidyAt = performance.now() + TIDY_MS;
  /** Batches of the log that were damaged, of which nobody was told yet. */
  #untold = 0;

  constructor({ directory, options, retention }: LiveServiceOptions) {
    this.#directory = directory;
    this.#options = options;
    this.#retention = retention;
  }

  /** Rejects with a StoreError; `gone`: nothing of this task was done, and the next one opens the store anew. */
  async answer(task: LiveTask): Promise<ImportSummary | undefined> {
    try {
      return await this.#do(task);
    } catch (error) {
      const told = writeError(this.#directory, error);
      // A part of the folder is gone, be it while the rest is being removed.
      if (told.code !== 'gone' && told.code !== 'ENOENT') throw told;
      throw this.#forget(told, task.kind === 'append' ? task.batch.rows : 0);
    }
  }

  get figures(): LiveFigures {
    const segments = this.#store?.manifest.segments ?? [];
    return {
      logBytes: this.#store?.logBytes ?? 0,
      segments: segments.length,
      segmentBytes: segments.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  }

  async #do(task: LiveTask): Promise<ImportSummary | undefined> {
    switch (task.kind) {
      case 'open':
        // What an earlier process had acknowledged becomes segments first.
        return this.#rotate(this.#opened());
      case 'append':
        await this.#opened().appendEncoded(task.batch, task.batchId);
        return undefined;
      case 'rotate': {
        const summary = this.#rotate(this.#opened());
        if (task.manifestTo !== undefined) copyFileSync(join(this.#directory, MANIFEST_FILE), task.manifestTo);
        if (performance.now() >= this.#tidyAt) this.#tidy();
        this.#tellDamage();
        return summary;
      }
      case 'renew':
        this.#retention = task.retention;
        if (JSON.stringify(task.options) !== JSON.stringify(this.#options)) {
          this.#options = task.options;
          if (this.#store !== undefined) this.#rotate(this.#store);
          this.#store?.close();
          this.#store = undefined;
        }
        if (Object.keys(this.#retention).length > 0) this.#tidy();
        return undefined;
      case 'close': {
        let summary: ImportSummary | undefined;
        try {
          if (this.#store !== undefined) summary = this.#rotate(this.#store);
        } finally {
          this.#store?.close();
          this.#store = undefined;
        }
        this.#tellDamage();
        return summary;
      }
    }
  }

  #opened(): Store {
    this.#store?.mustBeInPlace();
    this.#store ??= openStore(this.#directory, this.#options);
    return this.#store;
  }

  #rotate(store: Store): ImportSummary {
    const before = store.damagedBatches;
    let summary: ImportSummary;
    try {
      summary = store.rotate();
    } catch (error) {
      if (!isFull(error) || !this.#makeRoom(store)) throw error;
      summary = store.rotate();
    }
    this.#untold += store.damagedBatches - before;
    return summary;
  }

  /** Drops what is too old or too much, and its files at once. False: nothing is. */
  #makeRoom(store: Store): boolean {
    const { segments } = store.prune(this.#retention);
    store.removeReplaced(Number.POSITIVE_INFINITY);
    return segments.length > 0;
  }

  /** The rotation is made; what is missing in it was acknowledged, so somebody must hear of it. */
  #tellDamage(): void {
    const batches = this.#untold;
    if (batches === 0) return;
    this.#untold = 0;
    const lost = `${batches} ${batches === 1 ? 'batch' : 'batches'} of records that had been acknowledged`;
    const words = `the log of the store at ${this.#directory} is damaged: ${lost} can not be read, and ${batches === 1 ? 'is' : 'are'} lost`;
    throw new StoreError(`${words}; look after its disk`, 'damaged', this.#directory);
  }

  /** What follows a rotation now and then: small segments of hours that are over become one, what is too old or too much goes. */
  #tidy(): void {
    const store = this.#opened();
    // Pruned first: merging needs room.
    store.prune(this.#retention);
    const over = new Date(Date.now() - HOUR_OVER_MS).toISOString();
    const { damaged } = store.merge((time) => time < over);
    store.removeReplaced(Date.now());
    this.#tidyAt = performance.now() + TIDY_MS;
    if (damaged.length === 0) return;
    const words = `not merged: ${damaged.join('; ')}; 'netscribe store check' says more`;
    throw new StoreError(`the store at ${this.#directory} is damaged, ${words}`, 'damaged', this.#directory);
  }

  /** The next task opens the store anew. `repeated`: rows of the task that failed, which will come again. */
  #forget(error: StoreError, repeated: number): StoreError {
    const store = this.#store;
    this.#store = undefined;
    const lost = Math.max(0, (store?.lostRows ?? 0) - repeated);
    const how = error.code === 'gone' ? 'made' : 'opened';
    try {
      store?.close();
    } catch {
      // Nothing of it is there any more.
    }
    const without = lost === 0 ? '' : `, without ${lost} records that were in its log`;
    return new StoreError(`${error.message}; it is ${how} anew${without}`, error.code, error.path, error);
  }
}
