// What a client says behind a CONNECT before it is answered: the tunnel's when it opens, HTTP when it does not (RFC 9110 section 9.3.6).

import { Held, MAX_EARLY_OCTETS } from '../held.ts';
import type { Context } from '../protocol.ts';
import type { MessageParser } from './parser.ts';

export class EarlyBytes {
  readonly #context: Context;
  readonly #parser: MessageParser;
  readonly #held = new Held();
  /** Bytes that the parser wants to skip, which it could not say when it was given what waited. */
  #owed = 0;
  /** Too much came: it is no longer waited for an answer. */
  #isGivenUp = false;

  constructor(context: Context, parser: MessageParser) {
    this.#context = context;
    this.#parser = parser;
  }

  /** What has waited is the tunnel's. */
  take(): Uint8Array {
    const { bytes } = this.#held;
    this.#drop(bytes.length);
    return bytes;
  }

  /** A CONNECT is complete: what comes next waits. */
  wait(): void {
    if (!this.#isGivenUp) this.#parser.pause();
  }

  /** Takes stream bytes, for the parser or until it goes on. Returns how many of the bytes behind them nobody needs. */
  data(bytes: Uint8Array, from: number, to: number): number {
    const owed = Math.min(this.#owed, to - from);
    this.#owed -= owed;
    let at = from + owed;
    if (!this.#parser.isPaused) {
      const skipped = this.#parser.data(bytes, at, to);
      if (!this.#parser.isPaused) return skipped;
      at = this.#parser.at;
    }
    this.keep(bytes, at, to);
    return 0;
  }

  /** HTTP goes on with what has waited. */
  resume(): void {
    if (!this.#parser.isPaused) return;
    this.#parser.resume();
    const { bytes } = this.#held;
    if (bytes.length === 0) return;
    this.#owed += this.#parser.data(bytes, 0, bytes.length);
    this.#drop(this.#parser.isPaused ? this.#parser.at : bytes.length);
  }

  /** These wait. */
  keep(bytes: Uint8Array, from: number, to: number): void {
    if (from === to) return;
    this.#held.add(bytes, from, to);
    if (this.#context.hold(to - from) && this.#held.length <= MAX_EARLY_OCTETS) return;
    this.#isGivenUp = true;
    this.#context.count('limit');
    this.resume();
  }

  #drop(octets: number): void {
    this.#held.drop(octets);
    this.#context.hold(-octets);
  }
}
