// Files and folders that a user named → the files in them, in a fixed order.

import { type BigIntStats, type Dirent, fstatSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { explainSystemError, InputError } from './input-error.ts';

export interface InputFile {
  path: string;
  /** Found in a folder: when it is no capture, that is worth a note and no more. */
  isFromFolder: boolean;
  /** A regular file, which can be opened twice. */
  isRegular: boolean;
  /** Under this name it was named before: its packets would be counted twice. */
  twin?: string;
}

/** Folders give their files with all subfolders, by name; links to folders are not followed. Throws InputError. */
export function expandInputs(paths: readonly string[]): InputFile[] {
  const files: InputFile[] = [];
  for (const path of paths) {
    if (path === '-') files.push({ path, isFromFolder: false, isRegular: false });
    else {
      const stats = explained(path, () => statSync(path));
      if (stats.isDirectory()) files.push(...filesIn(path));
      else files.push({ path, isFromFolder: false, isRegular: stats.isFile() });
    }
  }
  return files.length > 1 ? withTwins(files) : files;
}

/** Rotating captures often leave a link to the newest file beside it. Throws InputError for what can be read once only. */
function withTwins(files: readonly InputFile[]): InputFile[] {
  const named = new Map<string, string>();
  return files.map((file) => {
    const id = identity(file.path);
    const twin = id === undefined ? undefined : named.get(id);
    if (twin === undefined) {
      if (id !== undefined) named.set(id, file.path);
      return file;
    }
    if (file.isRegular) return { ...file, twin };
    throw new InputError(
      file.path,
      `${file.path === '-' ? 'standard input' : file.path} is named twice, and can be read once only`,
    );
  });
}

/** Undefined when it is not to be seen: opening it says why. */
function identity(path: string): string | undefined {
  try {
    const options = { bigint: true } as const;
    const { dev, ino }: BigIntStats = path === '-' ? fstatSync(0, options) : statSync(path, options);
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
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
  try {
    return statSync(path).isFile();
  } catch (error) {
    // Leads nowhere, or in a circle. What is hidden from us may be a capture: opening it says why it can not be read.
    return !['ENOENT', 'ENOTDIR', 'ELOOP'].includes((error as NodeJS.ErrnoException).code ?? '');
  }
}

function explained<T>(path: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw explainSystemError(path, error);
  }
}
