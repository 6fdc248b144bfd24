// What follows the head of a response whose request nobody saw: its body, or, where it answers HEAD (RFC 9110 section 9.3.2), at once the next
// response. The first bytes tell: they wait here until they are a status line or can not be one.

import { classifyStatusLine, NOT_HTTP, RESPONSE, type Start, UNDECIDED } from './start-line.ts';

/** `HTTP/1.1 200`. */
const STATUS_OCTETS = 12;
const MAJOR_AT = 5;
const CODE_AT = 9;
const ZERO = 0x30;

export class BehindHead {
  /** What waits is the first `length` of these. */
  readonly bytes = new Uint8Array(STATUS_OCTETS);
  length = 0;

  /** What begins behind the head, with the bytes [from, to) that come next. Undecided: they wait, too. */
  classify(bytes: Uint8Array, from: number, to: number): Start {
    const added = Math.min(to - from, STATUS_OCTETS - this.length);
    const length = this.length + added;
    for (let i = 0; i < added; i++) this.bytes[this.length + i] = bytes[from + i];
    const start = classify(this.bytes, length);
    if (start === UNDECIDED) this.length = length;
    return start;
  }

  /** What waited is not kept here any longer. Answers how much it was. */
  release(): number {
    const { length } = this;
    this.length = 0;
    return length;
  }
}

/** Stricter than where a response is expected: versions and codes that there are. */
function classify(bytes: Uint8Array, length: number): Start {
  const start = bytes[0] === 0x48 ? classifyStatusLine(bytes, 0, length) : NOT_HTTP;
  if (start === NOT_HTTP || (length > MAJOR_AT && bytes[MAJOR_AT] !== ZERO + 1)) return NOT_HTTP;
  if (length > CODE_AT && (bytes[CODE_AT] < ZERO + 1 || bytes[CODE_AT] > ZERO + 5)) return NOT_HTTP;
  return start === RESPONSE ? RESPONSE : UNDECIDED;
}
