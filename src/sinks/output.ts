// Files and standard output as sinks write them: everything or an error in words, and no half of what was handed in when the disk is full.

import {
  closeSync,
  constants,
  fstatSync,
  fsync,
  fsyncSync,
  ftruncateSync,
  openSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { makeDirectory } from '../store/make-directory.ts';
import { ReaderGone, SinkError } from './sink.ts';

const STDOUT = 1;
/** How long a full non-blocking pipe is waited for before it is tried again. */
const RETRY_MS = 2;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** What the system says, for people. */
const REASONS: ReadonlyMap<string, string> = new Map([
  ['ENOSPC', 'the disk is full'],
  ['EDQUOT', 'the disk quota is used up'],
  ['EROFS', 'the file system is read-only'],
  ['EACCES', 'no permission'],
  ['EPERM', 'no permission'],
  ['EISDIR', 'it is a folder'],
  ['ENOTDIR', 'a part of the path is no folder'],
  ['ENOENT', 'the folder does not exist'],
  ['EMFILE', 'too many files are open (ulimit -n)'],
  ['EFBIG', 'the file would be larger than the limit'],
  ['EIO', 'the disk reports an error'],
]);

export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return REASONS.get(code ?? '') ?? message;
}

/** Writes all of it, also to a pipe that is full for now. Throws SinkError with the place, or ReaderGone. */
export function writeAll(fd: number, bytes: Uint8Array, place: string): void {
  let at = 0;
  while (at < bytes.length) {
    try {
      at += writeSync(fd, bytes, at, bytes.length - at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EAGAIN') Atomics.wait(sleeper, 0, 0, RETRY_MS);
      else if (code === 'EPIPE') throw new ReaderGone();
      else throw new SinkError(`cannot write to ${place}: ${reasonOf(error)}`);
    }
  }
}

/** Makes a folder that a sink writes to. Throws SinkError; `hint` says what to do instead. */
export function makeOutputFolder(folder: string, hint: string): void {
  try {
    makeDirectory(folder);
    if (statSync(folder).isDirectory()) return;
  } catch (error) {
    throw new SinkError(`cannot make the folder ${folder}: ${reasonOf(error)}; ${hint}`);
  }
  throw new SinkError(`cannot make the folder ${folder}: a file is in the way; ${hint}`);
}

/** Device and inode: what a file is, whatever it is called. */
export type FileIdentity = string;
export const identityOf = ({ dev, ino }: { dev: number; ino: number }): FileIdentity => `${dev}:${ino}`;

export interface OutputOptions {
  /** Files that are read at the same time: they are never written to. */
  forbidden?: ReadonlySet<FileIdentity>;
  /** False for a file that is removed when writing fails. */
  isKept?: boolean;
}

/** An open file that is written from its start to its end. A file of that name is replaced. */
export class Output {
  readonly path: string;
  readonly #fd: number;
  /** Bytes that are in it. */
  bytes = 0;
  /** Can be cut back to what was whole; pipes, terminals and devices can not. */
  readonly #isFile: boolean;

  /** What is in it stays when writing fails. */
  readonly #isKept: boolean;

  /** `path` '-' is standard output. Throws SinkError. */
  constructor(path: string, { forbidden = new Set(), isKept = true }: OutputOptions = {}) {
    this.path = path === '-' ? 'standard output' : path;
    this.#isKept = isKept;
    if (path === '-') {
      this.#fd = STDOUT;
      this.#isFile = false;
      return;
    }
    try {
      // Without O_TRUNC: whether this is one of the inputs is known after opening.
      this.#fd = openSync(path, constants.O_WRONLY | constants.O_CREAT, 0o644);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const reason = code === 'ENOENT' ? `the folder ${dirname(path)} does not exist` : reasonOf(error);
      throw new SinkError(`cannot write ${path}: ${reason}`);
    }
    const stat = fstatSync(this.#fd);
    if (forbidden.has(identityOf(stat))) {
      closeSync(this.#fd);
      throw new SinkError(`${path} is also being read: write to another file`);
    }
    this.#isFile = stat.isFile();
    if (this.#isFile) ftruncateSync(this.#fd, 0);
  }

  /** Writes all of it. Throws SinkError, or ReaderGone for a pipe that was closed. */
  write(bytes: Uint8Array): void {
    try {
      writeAll(this.#fd, bytes, this.path);
    } catch (error) {
      if (!this.#isFile || !this.#isKept || !(error instanceof SinkError)) throw error;
      ftruncateSync(this.#fd, this.bytes);
      throw new SinkError(
        `${error.message}; what is in the file is whole (${this.bytes.toLocaleString('en-US')} bytes)`,
      );
    }
    this.bytes += bytes.length;
  }

  /** The file is complete, and on disk when this returns. */
  close(): void {
    if (this.#fd === STDOUT) return;
    try {
      if (this.#isFile) fsyncSync(this.#fd);
    } catch (error) {
      throw new SinkError(`cannot write to ${this.path}: ${reasonOf(error)}`);
    } finally {
      closeSync(this.#fd);
    }
  }

  /** The same without waiting for the disk. */
  closeLater(): Promise<void> {
    if (this.#fd === STDOUT || !this.#isFile) {
      this.drop();
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      fsync(this.#fd, (error) => {
        closeSync(this.#fd);
        if (error === null) resolve();
        else reject(new SinkError(`cannot write to ${this.path}: ${reasonOf(error)}`));
      });
    });
  }

  /** Closes it as it is. */
  drop(): void {
    if (this.#fd !== STDOUT) closeSync(this.#fd);
  }
}
