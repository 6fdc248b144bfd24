// Files and folders that a user named → the files in them, in a fixed order.

import { type Dirent, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { explainSystemError } from './input-error.ts';

export interface InputFile {
  path: string;
  /** Found in a folder: when it is no capture, that is worth a note and no more. */
  isFromFolder: boolean;
  /** A regular file, which can be opened twice. */
  isRegular: boolean;
}

/** Folders give their files with all subfolders, by name; links to folders are not followed. Throws InputError. */
export function expandInputs(paths: readonly string[]): InputFile[] {
  const files: InputFile[] = [];
  for (const path of paths) {
    if (path === '-') files.push({ path, isFromFolder: false, isRegular: false });
    else if (explained(path, () => statSync(path)).isDirectory()) files.push(...filesIn(path));
    else files.push({ path, isFromFolder: false, isRegular: statSync(path).isFile() });
  }
  return files;
}

function filesIn(folder: string): InputFile[] {
  const files: InputFile[] = [];
  const toVisit = [folder];
  for (let here = toVisit.pop(); here !== undefined; here = toVisit.pop()) {
    const path = here;
    const entries: Dirent[] = explained(path, () => readdirSync(path, { withFileTypes: true }));
    for (const entry of entries) {
      const inside = join(path, entry.name);
      if (entry.isDirectory()) toVisit.push(inside);
      else if (isRegularFile(inside, entry)) files.push({ path: inside, isFromFolder: true, isRegular: true });
    }
  }
  // Not by the user's locale: the order decides packet numbers.
  return files.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

function isRegularFile(path: string, entry: Dirent): boolean {
  if (!entry.isSymbolicLink()) return entry.isFile();
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function explained<T>(path: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw explainSystemError(path, error);
  }
}
