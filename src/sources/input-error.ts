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

/** A file that is there, as far as a name can say, and can not be read. */
export class UnreadableError extends InputError {
  readonly reason: string;

  constructor(file: string, reason: string) {
    super(file, `${file}: ${reason}`);
    this.reason = reason;
  }
}

/** What a failed system call on `path` means. Any other error comes back as it is. */
export function explainSystemError(path: string, error: unknown): Error {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === undefined ? (error as Error) : new UnreadableError(path, reasonOf(path, code, message));
}

function reasonOf(path: string, code: string, message: string): string {
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      // Node gives names as text: bytes that are none can not be given back.
      return path.includes('\ufffd')
        ? 'its name is no UTF-8; rename it, or give it to -r - as standard input'
        : 'there is no such file or folder';
    case 'EACCES':
    case 'EPERM':
      return 'no permission to read it; make it readable for this user or run as its owner';
    case 'EMFILE':
      return 'too many open files; raise the limit (ulimit -n)';
    default:
      return `can not be read (${message})`;
  }
}
