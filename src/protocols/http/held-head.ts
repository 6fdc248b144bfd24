// A head that did not come in one piece: what there is of it so far, counted among the bytes that the connection holds.

import type { Context } from '../protocol.ts';
import { HeadEnd } from './head.ts';
import { type Start, UNDECIDED } from './start-line.ts';

/** Longest head that is waited for: half of what the analyzer passes over before it takes a stream for something else than HTTP. */
const MAX_HEAD_BYTES = 128 * 1024;
const FIRST_BYTES = 512;
const NO_BYTES = new Uint8Array(0);

export class HeldHead {
  /** The head so far is the first `length` bytes. */
  bytes: Uint8Array = NO_BYTES;
  length = 0;
  /** What its first line begins, as far as that is known. */
  start: Start = UNDECIDED;
  readonly #context: Context;
  readonly #end = new HeadEnd();

  constructor(context: Context) {
    this.#context = context;
  }

  begin(start: Start): void {
    this.start = start;
    this.#end.reset();
  }

  /** Its first line is complete. */
  get hasLine(): boolean {
    return this.#end.hasLine;
  }

  /** Where the head ends among the bytes that come next, -1 when it does not. */
  endIn(bytes: Uint8Array, from: number, to: number): number {
    return this.#end.find(bytes, from, to);
  }

  /** False: with these it would be too long, or too much is held already. */
  add(bytes: Uint8Array, from: number, to: number): boolean {
    const length = this.length + (to - from);
    if (length > MAX_HEAD_BYTES || !this.#grow(length)) return false;
    this.bytes.set(bytes.subarray(from, to), this.length);
    this.length = length;
    return true;
  }

  release(): void {
    if (this.bytes.length > 0) this.#context.hold(-this.bytes.length);
    this.bytes = NO_BYTES;
    this.length = 0;
  }

  #grow(length: number): boolean {
    if (length <= this.bytes.length) return true;
    const larger = new Uint8Array(Math.max(FIRST_BYTES, length, this.bytes.length * 2));
    if (!this.#context.hold(larger.length - this.bytes.length)) {
      this.#context.hold(this.bytes.length - larger.length);
      return false;
    }
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
    return true;
  }
}
