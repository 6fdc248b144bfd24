// A byte source around a compressed one: gzip (with concatenated members) or zstd (with concatenated and skippable frames).
// Data that breaks off gives everything before the break: zlib keeps back what it inflated in the call that failed, so a broken
// file is inflated again up to there, and from there on in small steps, in the end byte by byte.

import type { ByteSource } from './byte-source.ts';
import { type Compression, Inflater } from './inflater.ts';
import { ZstdFrames } from './zstd-frames.ts';

const INPUT_CHUNK_BYTES = 64 * 1024;
/** Input per call of the first, the second and the third try: each narrows the place of the damage down. */
const STEP_BYTES = [INPUT_CHUNK_BYTES, 256, 1];
/** zlib's code for input that ends before the data does. */
const CUT = 'Z_BUF_ERROR';

export interface InflatedOptions {
  compression: Compression;
  /** Opens the same bytes again, where that is possible. */
  reopen?: () => ByteSource;
  /** How often these bytes broke before, and the position in them from which on this try takes small steps. */
  tries?: number;
  fineFrom?: number;
}

export class InflatedBytes implements ByteSource {
  broken = '';
  isCut = false;
  readonly #inner: ByteSource;
  readonly #options: InflatedOptions;
  readonly #frames: ZstdFrames | undefined;
  #current: Inflater | undefined;
  /** The frame of `#current` is complete: what follows is for another inflater. */
  #isFrameOver = false;
  #isFed = false;
  #isClosed = false;
  #feedError: unknown;
  #wake: (() => void) | undefined;
  /** Position in the compressed bytes of the last write: where damage lies when it failed. */
  #writtenFrom = 0;
  #delivered = 0;
  #nextTry: InflatedBytes | undefined;

  constructor(inner: ByteSource, options: InflatedOptions) {
    this.#inner = inner;
    this.#options = options;
    this.#frames = options.compression === 'zstd' ? new ZstdFrames() : undefined;
    this.#feed().catch((error: unknown) => {
      this.#feedError = error;
      this.#finishFeed();
    });
  }

  get bytesRead(): number {
    return this.#inner.bytesRead;
  }
  get bytesTotal(): number {
    return this.#inner.bytesTotal;
  }
  digest(): string {
    return this.#inner.digest();
  }

  read(into: Uint8Array, at: number, length: number): number | Promise<number> {
    if (this.#nextTry !== undefined) return this.#nextTry.read(into, at, length);
    const n = this.#current?.take(into, at, length) ?? 0;
    this.#delivered += n;
    return n > 0 ? n : this.#readLater(into, at, length);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#current?.destroy();
    await this.#nextTry?.close();
    await this.#inner.close();
  }

  async #readLater(into: Uint8Array, at: number, length: number): Promise<number> {
    for (;;) {
      const inflater = this.#current;
      const n = inflater === undefined ? 0 : await inflater.read(into, at, length);
      this.#delivered += n;
      if (n > 0) return n;
      if (inflater !== undefined && inflater.error !== '') return this.#broke(inflater, into, at, length);
      // The next frame may have begun while this one was awaited: only wait when nothing has changed.
      if (inflater !== this.#current) continue;
      if (this.#isFed) {
        if (this.#feedError !== undefined) throw this.#feedError;
        return 0;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async #broke(inflater: Inflater, into: Uint8Array, at: number, length: number): Promise<number> {
    const { compression, reopen, tries = 0 } = this.#options;
    const endsEarly = inflater.errorCode === CUT;
    this.isCut = endsEarly && this.#inner.broken === '';
    if (this.isCut) this.broken = `the ${compression} data ends too early`;
    else this.broken = this.#inner.broken || `the ${compression} data is broken (${inflater.error})`;
    if (endsEarly || reopen === undefined || tries + 1 === STEP_BYTES.length) return 0;
    const again = { compression, reopen, tries: tries + 1, fineFrom: this.#writtenFrom };
    this.#nextTry = new InflatedBytes(reopen(), again);
    let toSkip = this.#delivered;
    while (toSkip > 0) {
      const n = await this.#nextTry.read(into, at, Math.min(length, toSkip));
      if (n === 0) break;
      toSkip -= n;
    }
    // It ends where the first try did, and `broken` was told by that.
    return this.#nextTry.read(into, at, length);
  }

  async #feed(): Promise<void> {
    const chunk = new Uint8Array(INPUT_CHUNK_BYTES);
    const { tries = 0, fineFrom = 0 } = this.#options;
    let position = 0;
    // The first read must not happen inside the constructor of a source that nobody has asked yet.
    await Promise.resolve();
    while (!this.#isClosed) {
      const n = await this.#inner.read(chunk, 0, chunk.length);
      if (n === 0) break;
      for (let at = 0; at < n; ) {
        const toFine = fineFrom - position - at;
        const to = Math.min(n, at + (toFine > 0 ? toFine : STEP_BYTES[tries]));
        this.#writtenFrom = position + at;
        if (!(await this.#write(chunk, at, to))) {
          this.#finishFeed();
          return;
        }
        at = to;
      }
      position += n;
    }
    // An incomplete frame or member reports itself when its input ends.
    if (this.#frames !== undefined && !this.#frames.isBetweenFrames) this.#inflater();
    this.#current?.end();
    this.#finishFeed();
  }

  /** False when nothing more can be inflated. */
  async #write(chunk: Uint8Array, from: number, to: number): Promise<boolean> {
    const frames = this.#frames;
    if (frames === undefined) return this.#inflater().write(chunk.subarray(from, to));
    let at = from;
    while (at < to) {
      const n = frames.step(chunk, at, to);
      // What is no frame goes to the decoder too: its words for that become the message.
      if (!frames.isSkippable || frames.isLost) {
        const inflater = this.#inflater();
        if (!(await inflater.write(chunk.subarray(at, at + n)))) return false;
        if (frames.isLost) {
          inflater.end();
          return false;
        }
        if (frames.isFrameEnd) {
          inflater.end();
          await inflater.over;
          this.#isFrameOver = true;
        }
      }
      at += n;
    }
    return true;
  }

  #inflater(): Inflater {
    if (this.#current === undefined || this.#isFrameOver) {
      this.#isFrameOver = false;
      this.#current = new Inflater(this.#options.compression);
      this.#wakeUp();
    }
    return this.#current;
  }

  #finishFeed(): void {
    this.#isFed = true;
    this.#wakeUp();
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
