// What may go makes room. On a full disk there is room neither for a lock nor for the manifest that says what goes, so the files that go are
// removed before those are written. Whoever ends between the two leaves a manifest that names files that are gone: the next pruning
// drops them.

import { filesOf, type Segment } from './manifest.ts';
import { removeFiles } from './unreferenced.ts';

export function isFull(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOSPC' || code === 'EDQUOT';
}

/** What `write` gives; when the disk is full, once more without the files of these segments, which go anyway. */
export function makingRoom<T>(directory: string, going: readonly Segment[], write: () => T): T {
  try {
    return write();
  } catch (error) {
    if (!isFull(error) || going.length === 0) throw error;
    removeFiles(directory, going.flatMap(filesOf));
    return write();
  }
}
