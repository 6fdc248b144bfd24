// What a crash leaves: files that no manifest names. For readers they do not exist; the next writer removes them.

import { readdirSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { LOCK_FILE, MANIFEST_FILE, TYPE_PREFIX } from './layout.ts';
import { filesOf, type Manifest } from './manifest.ts';

/** Paths relative to the store: segments that no manifest names, temporary files. */
export function unreferencedFiles(directory: string, manifest: Manifest): string[] {
  const named = new Set(manifest.segments.flatMap(filesOf));
  const found: string[] = [];
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const { name } = entry;
    if (entry.isFile() && (name === `${MANIFEST_FILE}.tmp` || name.startsWith(`${LOCK_FILE}.`))) found.push(name);
    if (entry.isDirectory() && name.startsWith(TYPE_PREFIX)) collect(directory, name, named, 0, found);
  }
  return found;
}

/** Folders below `type=` are two deep (day, hour). */
function collect(directory: string, folder: string, named: ReadonlySet<string>, depth: number, into: string[]): void {
  for (const entry of readdirSync(join(directory, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      if (depth < 2) collect(directory, path, named, depth + 1, into);
    } else if (!named.has(path)) into.push(path);
  }
}

/** Removes files of the store and the folders that are empty then. */
export function removeFiles(directory: string, paths: Iterable<string>): void {
  const folders = new Set<string>();
  for (const path of paths) {
    rmSync(join(directory, path), { force: true });
    for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) folders.add(folder);
  }
  for (const folder of [...folders].sort((a, b) => b.length - a.length)) removeIfEmpty(join(directory, folder));
}

function removeIfEmpty(path: string): void {
  try {
    rmdirSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOTEMPTY' && code !== 'ENOENT' && code !== 'EEXIST') throw error;
  }
}

/** Removes what `unreferencedFiles` finds, and folders that a crash left empty. */
export function removeUnreferenced(directory: string, manifest: Manifest): void {
  removeFiles(directory, unreferencedFiles(directory, manifest));
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (entry.isDirectory() && entry.name.startsWith(TYPE_PREFIX)) sweep(join(directory, entry.name), 0);
  }
}

function sweep(folder: string, depth: number): void {
  if (depth < 2) {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isDirectory()) sweep(join(folder, entry.name), depth + 1);
    }
  }
  removeIfEmpty(folder);
}
