// The log of a store in the thread that needs it, for the last batches of a run: no segments are made, so nothing takes long. Whoever wrote
// the store before must have ended. The next start makes segments of it.

import type { EncodedBatch } from './batch-bytes.ts';
import { openStore, type Store, type StoreOptions } from './store.ts';

export class LastLog {
  readonly #store: Store;

  /** Throws a StoreError when the store can not be opened. */
  constructor(directory: string, options: Omit<StoreOptions, 'readOnly'>) {
    // One flush for all of them, at the end.
    const sync = { everyBytes: Number.POSITIVE_INFINITY, everyMs: 60_000 };
    this.#store = openStore(directory, { ...options, log: { ...options.log, sync } });
  }

  /** Resolves when `close` has made it safe. The same id twice is kept once, whoever wrote it first. */
  append(batch: EncodedBatch, batchId: string): Promise<void> {
    return this.#store.appendEncoded(batch, batchId);
  }

  /** Flushes, and gives the lock back. */
  close(): void {
    this.#store.close();
  }
}
