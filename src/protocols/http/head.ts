// The head of a message: start line and header fields, up to and with the empty line (RFC 9112 sections 2.1, 2.2 and 5). Where its
// lines end is found once, several bytes at a time; name and value of a line when somebody asks for them. Nothing is copied and no
// string is made.

import { wordsOf } from '../../wire/words.ts';

const LF = 10;
const CR = 13;
const SP = 32;
const TAB = 9;
const COLON = 0x3a;
const COLONS = 0x3a3a3a3a;
/** Of each byte of a word: what is subtracted from it sets it where the byte was less. */
const HIGH_BITS = 0x80808080;

/** Header lines that are looked at; further ones are passed over. */
export const MAX_LINES = 1024;

/** Oddities of a head that readers understand differently; bits of `HeadIndex.oddities`. */
export const BARE_LF = 1;
export const BARE_CR = 2;
export const NUL = 4;
export const FOLDED = 8;
export const BLANK_BEFORE_COLON = 16;
export const NO_COLON = 32;
export const TOO_MANY_LINES = 64;

/**
 * Where the lines of the last indexed head are, relative to its first byte. Entry 0 is the start line. Used at once, then reused.
 */
export class HeadIndex {
  count = 0;
  oddities = 0;
  readonly lineFrom = new Int32Array(MAX_LINES);
  /** Behind the last byte of the line, its line ending excluded; continuation lines (obs-fold) included. */
  readonly lineTo = new Int32Array(MAX_LINES);
  /** Of the line that `field` looked at last, as offsets into its bytes; a line without a colon has an empty name and no value. */
  nameTo = 0;
  valueFrom = 0;
  valueTo = 0;

  /** Indexes the lines from `from` on. Returns the offset behind the empty line, or -1 when it is not in [from, to). */
  lines(bytes: Uint8Array, from: number, to: number): number {
    const view = wordsOf(bytes);
    const { lineFrom, lineTo } = this;
    let count = 0;
    let oddities = 0;
    let start = from;
    for (let at = controlIn(view, bytes, from, to); at < to; at = controlIn(view, bytes, at, to)) {
      const end = at;
      const b = bytes[at++];
      if (b === CR) {
        if (at === to) break;
        if (bytes[at] !== LF) {
          oddities |= BARE_CR;
          continue;
        }
        at++;
      } else if (b === LF) oddities |= BARE_LF;
      else {
        if (b === 0) oddities |= NUL;
        continue;
      }
      if (end === start) {
        this.count = count;
        this.oddities = oddities;
        return at;
      }
      const first = bytes[start];
      if ((first === SP || first === TAB) && count > 1) {
        oddities |= FOLDED;
        lineTo[count - 1] = end - from;
      } else if (count < MAX_LINES) {
        lineFrom[count] = start - from;
        lineTo[count] = end - from;
        count++;
      } else oddities |= TOO_MANY_LINES;
      start = at;
    }
    return -1;
  }

  /** Finds name and value in a header line of the head at `base` in bytes that `view` shows too, and what is odd about them. */
  field(bytes: Uint8Array, view: DataView, base: number, line: number): void {
    const from = base + this.lineFrom[line];
    const to = base + this.lineTo[line];
    let at = colonIn(view, bytes, from, to);
    if (at === to) {
      this.oddities |= NO_COLON;
      this.nameTo = from;
      this.valueFrom = to;
      this.valueTo = to;
      return;
    }
    let nameTo = at++;
    if (nameTo > from && bytes[nameTo - 1] <= SP) {
      const colon = nameTo;
      while (nameTo > from && (bytes[nameTo - 1] === SP || bytes[nameTo - 1] === TAB)) nameTo--;
      if (nameTo !== colon) this.oddities |= BLANK_BEFORE_COLON;
    }
    let end = to;
    while (at < end && isBlank(bytes[at])) at++;
    while (end > at && isBlank(bytes[end - 1])) end--;
    this.nameTo = nameTo;
    this.valueFrom = at;
    this.valueTo = end;
  }
}

/** Offset of the first byte in [from, to) that is CR, LF, NUL, TAB or another control below them; `to` when there is none. */
function controlIn(view: DataView, bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  for (const last = to - 8; at <= last; at += 8) {
    const low = view.getInt32(at, true);
    const high = view.getInt32(at + 4, true);
    const inLow = (low - 0x0e0e0e0e) & ~low & HIGH_BITS;
    const inHigh = (high - 0x0e0e0e0e) & ~high & HIGH_BITS;
    if ((inLow | inHigh) !== 0) return inLow !== 0 ? at + firstByte(inLow) : at + 4 + firstByte(inHigh);
  }
  while (at < to && bytes[at] > CR) at++;
  return at;
}

/** Offset of the first colon in [from, to); `to` when there is none. */
function colonIn(view: DataView, bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  for (const last = to - 4; at <= last; at += 4) {
    const others = view.getInt32(at, true) ^ COLONS;
    const found = (others - 0x01010101) & ~others & HIGH_BITS;
    if (found !== 0) return at + firstByte(found);
  }
  while (at < to && bytes[at] !== COLON) at++;
  return at;
}

/** The lowest byte with a mark. Those above it may be marked for nothing: subtracting has borrowed from them. */
function firstByte(marks: number): number {
  return (31 - Math.clz32(marks & -marks)) >> 3;
}

/** Blanks around a value; CR and LF are among them where a value is folded. */
function isBlank(b: number): boolean {
  return b <= SP && (b === SP || b === TAB || b === CR || b === LF);
}

/**
 * RFC 9112 section 5.2: a recipient replaces obs-fold by blanks. In place, so `bytes` must be our own copy of the header lines
 * [from, to) as `lines` indexed them.
 */
export function unfold(bytes: Uint8Array, index: HeadIndex, base: number): void {
  for (let line = 1; line < index.count; line++) {
    const to = base + index.lineTo[line];
    for (let i = base + index.lineFrom[line]; i < to; i++) {
      if (bytes[i] === LF || bytes[i] === CR) bytes[i] = SP;
    }
  }
}

/** Finds the end of a head that comes in pieces, without looking at any byte twice. */
export class HeadEnd {
  /** 0: within a line; 1: behind LF; 2: behind LF CR. */
  #state = 0;
  /** The first line is complete. */
  hasLine = false;

  reset(): void {
    this.#state = 0;
    this.hasLine = false;
  }

  /** Offset behind the empty line, or -1 when [from, to) does not have it. */
  find(bytes: Uint8Array, from: number, to: number): number {
    let state = this.#state;
    for (let i = from; i < to; i++) {
      const b = bytes[i];
      if (b === LF) {
        if (state !== 0) {
          this.#state = 0;
          return i + 1;
        }
        this.hasLine = true;
        state = 1;
      } else if (b === CR && state === 1) state = 2;
      else state = 0;
    }
    this.#state = state;
    return -1;
  }
}
