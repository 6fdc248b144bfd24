// Making a folder with its parents. Node's own recursive way never returns where a parent refuses new entries with ENOENT (under
// /proc), and hides what a read-only file system says.

import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/** Makes `path` and what is missing above it. Throws the system's error. */
export function makeDirectory(path: string): void {
  if (existsSync(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeDirectory(parent);
  try {
    mkdirSync(path);
  } catch (error) {
    // Somebody else made it in the meantime.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
