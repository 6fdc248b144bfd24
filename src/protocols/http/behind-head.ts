// What follows the head of a response whose request nobody saw: its body, or, where it answers HEAD (RFC 9110 section 9.3.2), at once the next
// response. The first bytes tell: they wait here until they are a status line or can not be one.

import type { Context } from '../protocol.ts';
import { classifyStatusLine, NOT_HTTP, RESPONSE, type Start, UNDECIDED } from './start-line.ts';

/** `HTTP/1.1 200`. */
const STATUS_OCTETS = 12;
const MAJOR_AT = 5;
const CODE_AT = 9;
const ZERO = 0x30;

/** What a parser does once it is known what follows. */
export interface ParserBehindHead {
  /** The head was the whole message. */
  endWithHead(): void;
  /** A body begins. */
  beginBody(): void;
  /** Takes the first `length` of the bytes that waited; the first one came at this time. */
  takeWaiting(bytes: Uint8Array, length: number, seconds: number, nanos: number): void;
}

export class BehindHead {
  readonly #context: Context;
  readonly #parser: ParserBehindHead;
  /** What waits is the first `#length` of these. */
  readonly #bytes = new Uint8Array(STATUS_OCTETS);
  #length = 0;
  /** When the first of them came. */
  #seconds = 0;
  #nanos = 0;

  constructor(context: Context, parser: ParserBehindHead) {
    this.#context = context;
    this.#parser = parser;
  }

  /** The bytes [from, to) come next. Returns the offset behind those that were taken; the parser goes on there. */
  data(bytes: Uint8Array, from: number, to: number): number {
    if (this.#length === 0) {
      this.#seconds = this.#context.seconds;
      this.#nanos = this.#context.nanos;
    }
    const added = Math.min(to - from, STATUS_OCTETS - this.#length);
    const length = this.#length + added;
    for (let i = 0; i < added; i++) this.#bytes[this.#length + i] = bytes[from + i];
    const start = classify(this.#bytes, length);
    if (start === UNDECIDED) {
      this.#length = length;
      return to;
    }
    if (start === NOT_HTTP) this.giveBody();
    else {
      this.#parser.endWithHead();
      this.#give();
    }
    return from;
  }

  /** No message begins behind the head: what waits is of its body. */
  giveBody(): void {
    this.#parser.beginBody();
    this.#give();
  }

  #give(): void {
    const length = this.#length;
    this.#length = 0;
    if (length > 0) this.#parser.takeWaiting(this.#bytes, length, this.#seconds, this.#nanos);
  }
}

/** Stricter than where a response is expected: versions and codes that there are. */
function classify(bytes: Uint8Array, length: number): Start {
  const start = bytes[0] === 0x48 ? classifyStatusLine(bytes, 0, length) : NOT_HTTP;
  if (start === NOT_HTTP || (length > MAJOR_AT && bytes[MAJOR_AT] !== ZERO + 1)) return NOT_HTTP;
  if (length > CODE_AT && (bytes[CODE_AT] < ZERO + 1 || bytes[CODE_AT] > ZERO + 5)) return NOT_HTTP;
  return start === RESPONSE ? RESPONSE : UNDECIDED;
}
