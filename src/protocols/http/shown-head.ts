// The bytes that the slices of a record are in: the head of its request, and behind it what is written for the record alone (the full URL).
// One buffer for all requests, so that whoever writes records finds the same bytes each time and needs no new view of them.

import { copyBytes } from '../../wire/bytes.ts';

const FIRST_BYTES = 4096;

export class ShownHead {
  bytes = new Uint8Array(FIRST_BYTES);
  view = new DataView(this.bytes.buffer);
  /** What there is so far. */
  length = 0;

  /** Shows this head, and nothing behind it yet. */
  show(head: Uint8Array, length: number): void {
    this.length = 0;
    this.#append(head, 0, length);
  }

  /** Writes what stands at [from, to) once more, behind all else. */
  repeat(from: number, to: number): void {
    this.#append(this.bytes, from, to);
  }

  writeAscii(text: string): void {
    this.#reserve(text.length);
    const { bytes } = this;
    let at = this.length;
    for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i);
    this.length = at;
  }

  #append(from: Uint8Array, begin: number, end: number): void {
    this.#reserve(end - begin);
    copyBytes(from, begin, end, this.bytes, this.length);
    this.length += end - begin;
  }

  #reserve(more: number): void {
    const length = this.length + more;
    if (length <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(length, 2 * this.bytes.length));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
    this.view = new DataView(larger.buffer);
  }
}
