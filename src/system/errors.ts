// What goes wrong when the kernel is asked: with the call, the errno and, where it is known, what is missing.

import { getSystemErrorMap } from 'node:util';

/** A system call failed. */
export class SystemError extends Error {
  override name = 'SystemError';
  /** `EPERM`, `ENODEV`, … */
  readonly code: string;
  readonly call: string;
  readonly errno: number;

  constructor(call: string, errno: number) {
    const [code, words] = getSystemErrorMap().get(-errno) ?? [`errno ${errno}`, 'unknown error'];
    super(`${call}: ${words} (${code})`);
    this.code = code;
    this.call = call;
    this.errno = errno;
  }
}

/** Something that this machine or this user lacks; the message names it and says what to do. */
export class MissingError extends Error {
  override name = 'MissingError';
}
