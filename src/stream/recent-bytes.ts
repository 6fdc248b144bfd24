// What was delivered lately, of all streams of a shard: one ring of bytes. A copy that comes after delivery is compared with it. Of a
// shard, not of a thread: what is still there must not depend on the number of threads.

import { bytesDiffer, copyBytes } from '../wire/bytes.ts';
import { wordsOf } from '../wire/words.ts';

const DEFAULT_BYTES = 64 * 1024;

export class RecentBytes {
  readonly #ring: Uint8Array;
  readonly #words: DataView;
  /** Bytes ever written: place in the ring, and age. */
  #at = 0;
  /** The place in the ring: `#at` modulo its length. */
  #next = 0;

  constructor(size = DEFAULT_BYTES) {
    this.#ring = new Uint8Array(size);
    this.#words = new DataView(this.#ring.buffer);
  }

  /** Keeps a copy of bytes[from, to); returns the place to ask for it. What is longer than the ring is not kept. */
  keep(bytes: Uint8Array, from: number, to: number): number {
    const ring = this.#ring;
    const length = to - from;
    // A stretch is never cut in two: what does not fit before the end goes to the begin.
    let at = this.#next;
    if (at + length > ring.length) {
      this.#at += ring.length - at;
      at = 0;
    }
    const place = this.#at;
    this.#at += length;
    this.#next = length <= ring.length ? at + length : 0;
    if (length > ring.length) this.#at = (Math.floor(this.#at / ring.length) + 1) * ring.length;
    if (length <= ring.length) copyBytes(bytes, from, to, ring, at);
    return place;
  }

  /** Is what was kept at `place` still there? */
  has(place: number): boolean {
    return this.#at - place <= this.#ring.length;
  }

  /** Do `length` bytes at `place` differ from those of `bytes` at `from`? */
  differs(place: number, bytes: Uint8Array, from: number, length: number): boolean {
    const ring = this.#ring;
    return bytesDiffer(ring, this.#words, place % ring.length, bytes, wordsOf(bytes), from, length);
  }
}
