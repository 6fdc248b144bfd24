// Memory that two threads see, used again and again: what one writes into it the other reads without a copy on the way, and a report of many
// flows takes no new pages from the system.

/** Pieces are of whole steps of this many bytes, so that they fit others later. */
const STEP_BYTES = 256 * 1024;
/** Free memory that is kept. */
const KEPT_BYTES = 16 * 1024 * 1024;
/** What is smaller is copied on the way as quickly, and many of them may wait. */
const SMALL_BYTES = 64 * 1024;
/** A piece serves for something of at least this part of it. */
const SMALLEST_SHARE = 1 / 8;

export class SharedRoom {
  readonly #free: SharedArrayBuffer[] = [];
  #freeBytes = 0;

  /** At least `length` bytes with anything in them, from a multiple of 8 on. */
  take(length: number): Uint8Array {
    if (length < SMALL_BYTES) return new Uint8Array(length);
    const at = this.#free.findIndex(({ byteLength }) => byteLength >= length && length >= byteLength * SMALLEST_SHARE);
    if (at < 0) return new Uint8Array(new SharedArrayBuffer(Math.ceil(length / STEP_BYTES) * STEP_BYTES));
    const [buffer] = this.#free.splice(at, 1);
    this.#freeBytes -= buffer.byteLength;
    return new Uint8Array(buffer);
  }

  /** Nobody reads what was taken any more. */
  give({ buffer }: Uint8Array): void {
    if (!(buffer instanceof SharedArrayBuffer) || this.#freeBytes + buffer.byteLength > KEPT_BYTES) return;
    this.#free.push(buffer);
    this.#freeBytes += buffer.byteLength;
  }
}
