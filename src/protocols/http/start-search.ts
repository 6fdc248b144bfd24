// Where the next message begins. As long as messages follow each other, anything that looks like a start line is taken for one; behind a gap
// or garbage only what is HTTP beyond doubt.

import { classifyLine, classifyStart, classifyStatusLine, NOT_HTTP, REQUEST, type Start } from './start-line.ts';

const LF = 10;
const H = 0x48;

export class StartSearch {
  /** After a resynchronisation only known methods begin a request. */
  #isStrict = false;
  /** The next byte begins a line, or follows a gap. */
  #isLineStart = false;
  /** The start line looked at begins within a line: only a response may. */
  #isMidLine = false;

  get isStrict(): boolean {
    return this.#isStrict;
  }
  get isMidLine(): boolean {
    return this.#isMidLine;
  }

  /** What a line that is not complete yet begins. */
  classify(bytes: Uint8Array, from: number, to: number): Start {
    return this.#isMidLine ? classifyStatusLine(bytes, from, to) : classifyStart(bytes, from, to, !this.#isStrict);
  }

  /** What the line [from, lineTo) begins; the head ends at `to`. */
  classifyWhole(bytes: Uint8Array, from: number, lineTo: number, to: number): Start {
    return this.#isMidLine ? classifyStatusLine(bytes, from, to) : classifyLine(bytes, from, lineTo, !this.#isStrict);
  }

  /** A message begins. */
  found(): void {
    this.#isStrict = false;
    this.#isMidLine = false;
  }

  /** What should have been a start line is none. `isLineEnd`: its last byte ends a line. */
  lose(isLineEnd: boolean): void {
    this.#isStrict = true;
    this.#isMidLine = false;
    this.#isLineStart = isLineEnd;
  }

  /** What follows may begin anywhere in a message, or with one. */
  afterGap(): void {
    this.lose(true);
  }

  /**
   * Looks for the next plausible start line in [at, to), `to` when there is none: where a line begins; at the beginning of a delivery
   * (`from`), when it has the whole line; for responses anywhere. It is only believed once it is complete.
   */
  find(bytes: Uint8Array, begin: number, from: number, to: number): number {
    let at = begin;
    let isLineStart = this.#isLineStart;
    for (; at < to; at++) {
      if (isLineStart) {
        if (classifyStart(bytes, at, to, false) !== NOT_HTTP) break;
      } else if (bytes[at] === H && classifyStatusLine(bytes, at, to) !== NOT_HTTP) {
        this.#isMidLine = true;
        break;
      } else if (at === from && classifyStart(bytes, at, to, false) === REQUEST) break;
      isLineStart = bytes[at] === LF;
    }
    this.#isLineStart = isLineStart;
    if (at < to) this.#isStrict = true;
    return at;
  }
}
