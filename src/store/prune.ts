// Pruning a store that nobody else writes, also on a full disk.

import { isFull, makingRoom } from './full-disk.ts';
import { writerOf } from './lock.ts';
import { readManifest } from './manifest.ts';
import { type PrunePlan, planPruning, type Retention } from './retention.ts';
import { openStore, type Store, type StoreOptions } from './store.ts';

/** Drops what is too old or too much; what is in the log becomes segments and counts. Throws a StoreError, also when there is no store. */
export function pruneStore(directory: string, retention: Retention, options: StoreOptions): PrunePlan {
  const store = openToPrune(directory, retention, options);
  try {
    const isRotated = rotatedIfRoom(store);
    const plan = store.prune(retention);
    if (!isRotated) store.rotate();
    return plan;
  } finally {
    store.close();
  }
}

function openToPrune(directory: string, retention: Retention, options: StoreOptions): Store {
  const { segments } = planPruning(readManifest(directory), retention, Date.now());
  // Nothing is removed behind the back of who writes.
  const going = writerOf(directory) === undefined ? segments : [];
  return makingRoom(directory, going, () => openStore(directory, options));
}

function rotatedIfRoom(store: Store): boolean {
  try {
    store.rotate();
    return true;
  } catch (error) {
    if (isFull(error)) return false;
    throw error;
  }
}
