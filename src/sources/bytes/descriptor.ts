// Bytes of a file descriptor. Regular files are read synchronously: from the page cache that costs a third of an asynchronous
// read and no promise. Pipes and sockets come as streams; other devices are read in libuv's pool, because they may take their time.

import { createHash, type Hash } from 'node:crypto';
import { close, read, readSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { StreamBytes } from '../pipe/stream-bytes.ts';
import type { ByteSource } from './byte-source.ts';

const STANDARD_INPUT = 0;
/** How long to wait before asking a non-blocking descriptor again. */
const RETRY_MS = 5;

export interface DescriptorOptions {
  fd: number;
  /** Size of a regular file; undefined for everything that has to be waited for. */
  size: number | undefined;
  digest: boolean;
  /** The descriptor of a pipe or socket as a stream; it is closed with the stream. */
  stream?: Readable;
}

export class DescriptorBytes implements ByteSource {
  broken = '';
  readonly isCut = false;
  readonly bytesTotal: number;
  bytesRead = 0;
  readonly #fd: number;
  readonly #isFile: boolean;
  readonly #stream: StreamBytes | undefined;
  readonly #hash: Hash | undefined;
  /** First bytes that were looked at to know the format and that are still to be read. */
  #head = new Uint8Array(0);
  #isClosed = false;

  constructor(options: DescriptorOptions) {
    this.#fd = options.fd;
    this.#isFile = options.size !== undefined;
    this.#stream = options.stream && new StreamBytes(options.stream);
    this.bytesTotal = options.size ?? 0;
    this.#hash = options.digest ? createHash('sha256') : undefined;
  }

  /** The first bytes, `length` or all there are; they are read again afterwards. Only before the first read. */
  async peek(length: number): Promise<Uint8Array> {
    const head = new Uint8Array(length);
    let have = 0;
    while (have < length) {
      const n = await this.#read(head, have, length - have);
      if (n === 0) break;
      have += n;
    }
    this.#head = head.subarray(0, have);
    return this.#head;
  }

  read(into: Uint8Array, at: number, length: number): number | Promise<number> {
    const head = this.#head.subarray(0, length);
    into.set(head, at);
    this.#head = this.#head.subarray(head.length);
    // What was looked at makes a read of its own only where more would have to be waited for.
    if (head.length > 0 && !this.#isFile) return this.#took(into, at, head.length);
    const n = this.#read(into, at + head.length, length - head.length);
    return typeof n === 'number'
      ? this.#took(into, at, head.length + n)
      : n.then((later) => this.#took(into, at, later));
  }

  digest(): string {
    return this.#hash === undefined ? '' : this.#hash.copy().digest('hex');
  }

  close(): Promise<void> {
    if (this.#stream !== undefined) return this.#stream.close();
    if (this.#isClosed || this.#fd === STANDARD_INPUT) return Promise.resolve();
    this.#isClosed = true;
    return new Promise((resolve) => close(this.#fd, () => resolve()));
  }

  #took(into: Uint8Array, at: number, n: number): number {
    this.bytesRead += n;
    if (n > 0) this.#hash?.update(into.subarray(at, at + n));
    return n;
  }

  #read(into: Uint8Array, at: number, length: number): number | Promise<number> {
    if (this.#stream !== undefined) return this.#readStream(this.#stream, into, at, length);
    if (!this.#isFile) return this.#readLater(into, at, length);
    try {
      return readSync(this.#fd, into, at, length, null);
    } catch (error) {
      return this.#break(error as Error);
    }
  }

  async #readStream(stream: StreamBytes, into: Uint8Array, at: number, length: number): Promise<number> {
    const n = await stream.read(into, at, length);
    if (n === 0) this.broken = stream.broken;
    return n;
  }

  #readLater(into: Uint8Array, at: number, length: number): Promise<number> {
    return new Promise((resolve) => {
      read(this.#fd, into, at, length, null, (error, n) => {
        if (error === null) resolve(n);
        else if (error.code === 'EAGAIN') {
          setTimeout(() => this.#readLater(into, at, length).then(resolve), RETRY_MS);
        } else if (error.code === 'EOF') resolve(0);
        else resolve(this.#break(error));
      });
    });
  }

  /** A disk that fails in the middle is damage like any other: what was read before it counts. */
  #break(error: Error): number {
    this.broken = `can not be read any further (${error.message})`;
    return 0;
  }
}
