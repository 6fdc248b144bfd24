// One gzip file or zstd frame through node:zlib, whose work happens in libuv's pool and not on the analysing thread.
// Output is taken by read(), so an inflater runs ahead by its high-water mark and no further: a bomb costs time, not memory.

import { createGunzip, createZstdDecompress, type Gunzip, type ZstdDecompress } from 'node:zlib';

const OUTPUT_CHUNK_BYTES = 256 * 1024;
/** Output that may wait: enough that the pool works on while the analysing thread is busy. */
const AHEAD_BYTES = 4 * OUTPUT_CHUNK_BYTES;

export type Compression = 'gzip' | 'zstd';

export class Inflater {
  /** zlib's words for what is wrong with the data; '' as long as all is well. */
  error = '';
  errorCode = '';
  readonly #stream: Gunzip | ZstdDecompress;
  /** Resolves when all output was read, or when the data broke off. */
  readonly over: Promise<void>;
  #isOver = false;
  #setOver = () => {};
  #wake: (() => void) | undefined;
  #chunk: Uint8Array = new Uint8Array(0);

  constructor(compression: Compression) {
    const options = { chunkSize: OUTPUT_CHUNK_BYTES, readableHighWaterMark: AHEAD_BYTES };
    this.#stream = compression === 'gzip' ? createGunzip(options) : createZstdDecompress(options);
    this.over = new Promise((resolve) => {
      this.#setOver = resolve;
    });
    this.#stream.on('readable', () => this.#wakeUp());
    this.#stream.on('end', () => this.#finish());
    this.#stream.on('close', () => this.#finish());
    this.#stream.on('error', (error: NodeJS.ErrnoException) => {
      this.error ||= error.message;
      this.errorCode ||= error.code ?? '';
      this.#finish();
    });
  }

  /** Resolves when `bytes` may be reused; false when the stream is over (broken or at its end). */
  write(bytes: Uint8Array): Promise<boolean> {
    if (this.#isOver) return Promise.resolve(false);
    return new Promise((resolve) => this.#stream.write(bytes, (error) => resolve(error == null)));
  }

  /** Tells that no more will be written. */
  end(): void {
    if (!this.#isOver) this.#stream.end();
  }

  /** Inflated bytes, waiting for them; 0 at the end or when the rest can not be inflated (`error`). */
  async read(into: Uint8Array, at: number, length: number): Promise<number> {
    for (;;) {
      const n = this.take(into, at, length);
      if (n > 0 || this.#isOver) return n;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Inflated bytes that are at hand. */
  take(into: Uint8Array, at: number, length: number): number {
    if (this.#chunk.length === 0) this.#chunk = (this.#stream.read() as Uint8Array | null) ?? this.#chunk;
    const n = Math.min(this.#chunk.length, length);
    if (n > 0) into.set(this.#chunk.subarray(0, n), at);
    this.#chunk = this.#chunk.subarray(n);
    return n;
  }

  destroy(): void {
    this.#stream.destroy();
  }

  #finish(): void {
    this.#isOver = true;
    this.#setOver();
    this.#wakeUp();
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
