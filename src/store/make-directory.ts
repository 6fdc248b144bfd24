// Making a folder with its parents. Node's own recursive way never returns where a parent refuses new entries with ENOENT (under
// /proc), and hides what a read-only file system says.

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeFolder } from '../log/durable.ts';

/** Makes `path` and what is missing above it. Throws the system's error. */
export function makeDirectory(path: string): void {
  if (existsSync(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeDirectory(parent);
  makeFolder(path);
}

/** Makes the folders of `path` below `root`. Throws ENOENT when `root` is not there: it is never made anew in passing. */
export function makeFoldersIn(root: string, path: string): void {
  let folder = root;
  for (const name of path.split('/')) makeFolder((folder = join(folder, name)));
}
