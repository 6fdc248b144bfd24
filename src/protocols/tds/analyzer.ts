// The TLS handshake in TDS: its records are the contents of packets until both sides have finished; from then on they stand alone. Strict
// encryption (TDS 8.0) begins with TLS and is no concern of this file.

import { Held } from '../held.ts';
import { u16 } from '../octets.ts';
import type { Analyzer, Context, Direction, Verdict } from '../protocol.ts';
import { TlsAnalyzer } from '../tls/analyzer.ts';
import { CONTENT_APPLICATION_DATA, CONTENT_CHANGE_CIPHER_SPEC, CONTENT_HANDSHAKE } from '../tls/codes.ts';
import type { TlsOptions } from '../tls/options.ts';
import { HEADER_OCTETS, MAX_PACKET_OCTETS, probeTds, refusesTls, TYPE_PRELOGIN, TYPE_RESPONSE } from './packets.ts';

export class TdsAnalyzer implements Analyzer {
  readonly #context: Context;
  readonly #tls: TlsAnalyzer;
  /** What has come of each side's present packet. */
  readonly #held: readonly [Held, Held] = [new Held(), new Held()];
  /** The side has sent TLS in packets; it sends it without. */
  readonly #hasTls: [boolean, boolean] = [false, false];
  readonly #isBare: [boolean, boolean] = [false, false];
  #isKnown = false;

  constructor(context: Context, options: TlsOptions) {
    this.#context = context;
    this.#tls = new TlsAnalyzer(context, options);
  }

  data(direction: Direction, bytes: Uint8Array, from: number, to: number): Verdict {
    if (this.#isBare[direction]) return this.#deliver(direction, bytes, from, to);
    const held = this.#held[direction];
    held.add(bytes, from, to);
    if (!this.#isKnown && direction === 0) {
      const answer = probeTds(0, held.bytes, 0, held.length);
      if (answer === 'no') return 'reject';
      this.#isKnown = answer === 'yes';
    }
    for (;;) {
      const all = held.bytes;
      if (all.length > 0 && all[0] >= CONTENT_CHANGE_CIPHER_SPEC && all[0] <= CONTENT_APPLICATION_DATA) {
        this.#isBare[direction] = true;
        held.drop(all.length);
        return this.#deliver(direction, all, 0, all.length);
      }
      if (all.length < HEADER_OCTETS) return 'ok';
      const end = u16(all, 2);
      const isPlain = all[0] !== TYPE_PRELOGIN && all[0] !== TYPE_RESPONSE;
      if (isPlain || end < HEADER_OCTETS || end > MAX_PACKET_OCTETS) return 'done';
      if (all.length < end) return 'ok';
      held.drop(end);
      const verdict = this.#packet(direction, all, end);
      if (verdict !== 'ok') return verdict;
    }
  }

  /** Where the next packet begins is not known. */
  gap(direction: Direction, missing: number): 'continue' | 'give-up' {
    if (this.#isBare[direction]) return this.#tls.gap(direction, missing);
    this.#context.count('gaps');
    return 'give-up';
  }

  expire(): void {
    this.#tls.expire();
  }

  end(): void {
    this.#tls.end();
  }

  #packet(direction: Direction, bytes: Uint8Array, end: number): Verdict {
    if (this.#hasTls[direction] || bytes[HEADER_OCTETS] === CONTENT_HANDSHAKE) {
      this.#hasTls[direction] = true;
      return this.#deliver(direction, bytes, HEADER_OCTETS, end);
    }
    return refusesTls(bytes, HEADER_OCTETS, end) ? 'done' : 'ok';
  }

  #deliver(direction: Direction, bytes: Uint8Array, from: number, to: number): Verdict {
    return from >= to || this.#tls.data(direction, bytes, from, to) === 'ok' ? 'ok' : 'done';
  }
}
