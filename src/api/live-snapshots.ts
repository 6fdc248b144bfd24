// Open flows as folders in the store, each for one question. They are removed after it; those of whoever forgot, some time later; those of
// a daemon that was killed, by the next one.

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Daemon } from '../daemon/daemon.ts';
import { ApiError } from './guard.ts';

const PREFIX = 'live-';
const FOLDER = /^live-[A-Za-z0-9]{6}$/;
/** No question takes longer. */
const FORGOTTEN_MS = 10 * 60 * 1000;

function storeOf({ store }: Daemon): string {
  if (store === undefined) throw new ApiError('there is no store: store.enabled is false', 409);
  return store;
}

export async function takeSnapshot(daemon: Daemon): Promise<{ folder: string; rows: number; isExact: boolean }> {
  const directory = mkdtempSync(join(storeOf(daemon), PREFIX));
  const folder = basename(directory);
  try {
    const { rows, isExact } = await daemon.snapshot(directory);
    setTimeout(() => removeSnapshot(daemon, folder), FORGOTTEN_MS).unref();
    return { folder, rows, isExact };
  } catch (error) {
    removeSnapshot(daemon, folder);
    throw error;
  }
}

export function removeSnapshot(daemon: Daemon, folder: string): void {
  if (!FOLDER.test(folder)) throw new ApiError(`'${folder}' is no snapshot`);
  rmSync(join(storeOf(daemon), folder), { recursive: true, force: true });
}

/** What a daemon that was killed left behind. */
export function removeAllSnapshots(store: string): void {
  for (const name of readdirSync(store))
    if (FOLDER.test(name)) rmSync(join(store, name), { recursive: true, force: true });
}
