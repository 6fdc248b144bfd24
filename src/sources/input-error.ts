// An input that can not be used at all (it is missing, forbidden, no capture): known before the first packet, unlike damage.

/** The message is for people: what, where, and what to do next. */
export class InputError extends Error {
  override name = 'InputError';
  readonly file: string;

  constructor(file: string, message: string) {
    super(message);
    this.file = file;
  }
}

/** What a failed system call on `path` means. Any other error comes back as it is. */
export function explainSystemError(path: string, error: unknown): Error {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT' || code === 'ENOTDIR') return new InputError(path, `${path}: there is no such file or folder`);
  if (code === 'EACCES' || code === 'EPERM') {
    return new InputError(
      path,
      `${path}: no permission to read it; make it readable for this user or run as its owner`,
    );
  }
  if (code === 'EMFILE') return new InputError(path, `${path}: too many open files; raise the limit (ulimit -n)`);
  if (code !== undefined) return new InputError(path, `${path}: can not be read (${(error as Error).message})`);
  return error as Error;
}
