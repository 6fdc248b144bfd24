// File operations that survive a crash. A new or renamed file is there after a power failure only when its directory was
// flushed too (fsync(2): "a call to fsync() does not ensure that the entry in the directory has reached disk").

import { closeSync, constants, fsyncSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** Writes all of `bytes` at `position` (null: where the descriptor stands). Throws what write(2) says: ENOSPC, EIO, … */
export function writeAll(fd: number, bytes: Uint8Array, position: number | null = null): void {
  let at = 0;
  while (at < bytes.length) {
    at += writeSync(fd, bytes, at, bytes.length - at, position === null ? null : position + at);
  }
}

/** Makes a folder when it is not there. Throws ENOENT when the one above it is not: that one is never made in passing. */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

export function syncDirectory(path: string): void {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

export function syncFile(path: string): void {
  const fd = openSync(path, 'r+');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/**
 * Replaces a file at once: readers see the old contents or the new, after a crash too. `sync` false leaves out the
 * flushes: still atomic for other processes, not for a power failure. `confirm` is the last thing before the rename, and throws where it must
 * not be: when the folder is exchanged for another one after it, the rename fails, because the new contents lie in the former folder.
 */
export function replaceFile(path: string, contents: Uint8Array | string, sync = true, confirm?: () => void): void {
  const temporary = `${path}.tmp`;
  const fd = openSync(temporary, 'w', 0o640);
  try {
    writeAll(fd, typeof contents === 'string' ? Buffer.from(contents) : contents);
    if (sync) fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  confirm?.();
  renameSync(temporary, path);
  if (sync) syncDirectory(dirname(path));
}
