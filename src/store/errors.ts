// What can go wrong with a store, in words for people.

const REASONS = new Map([
  ['ENOSPC', 'disk full'],
  ['EDQUOT', 'disk quota exceeded'],
  ['EROFS', 'the file system is read-only'],
  ['EACCES', 'no permission'],
  ['EPERM', 'no permission'],
  ['ENOTDIR', 'a part of the path is not a directory'],
  ['EEXIST', 'a file is in the way'],
  ['EIO', 'the disk reports an error'],
  ['EMFILE', 'too many open files'],
  ['EFBIG', 'the file would be larger than the limit'],
]);

/** The store of a command, and that of the daemon. */
export const CHOOSE_ANOTHER = 'choose another (--to store:DIR, of the daemon store.directory)';

const ADVICE = new Map([
  ['ENOSPC', `free space or ${CHOOSE_ANOTHER}`],
  ['EDQUOT', `free space or ${CHOOSE_ANOTHER}`],
  ['EMFILE', 'raise the limit (ulimit -n)'],
]);

/** `code`: the system's (ENOSPC, …) or `locked`, `damaged`, `read-only`, `closed`, `gone`. `path`: the store or the file in it. */
export class StoreError extends Error {
  readonly code: string;
  readonly path: string;

  constructor(message: string, code: string, path: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'StoreError';
    this.code = code;
    this.path = path;
  }
}

/** A failed write below `directory` as a StoreError that says what to do. */
export function writeError(directory: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const { code, path, message } = error as NodeJS.ErrnoException;
  const reason = REASONS.get(code ?? '') ?? message ?? String(error);
  const advice = ADVICE.get(code ?? '') ?? CHOOSE_ANOTHER;
  const text = `the store at ${directory} cannot be written: ${reason}; ${advice}`;
  return new StoreError(text, code ?? 'unknown', path ?? directory, error);
}
