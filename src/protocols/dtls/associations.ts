// The associations that two endpoints have one after the other: a client that comes back from the same port begins anew, in clear (RFC 6347
// section 4.2.8, RFC 9147 section 5.11). One record each. What is sent again of an old one begins nothing.

import { u16, u24 } from '../octets.ts';
import type { Analyzer, Context, Direction, Verdict } from '../protocol.ts';
import { MAX_DATA_PACKETS } from '../tls/after-handshake.ts';
import { CLIENT_HELLO, CONTENT_HANDSHAKE } from '../tls/codes.ts';
import type { TlsOptions } from '../tls/options.ts';
import { DtlsAnalyzer } from './analyzer.ts';
import { FRAGMENT_HEADER_OCTETS } from './fragments.ts';
import { isClear, recordAt, recordsFrom } from './records.ts';

/** Offsets in a handshake message of one fragment: behind type and length; behind these; behind its header and the version. */
const SEQUENCE_FROM = 4;
const OFFSET_FROM = 6;
const RANDOM_FROM = FRAGMENT_HEADER_OCTETS + 2;
const RANDOM_OCTETS = 32;

export class DtlsAssociations implements Analyzer {
  readonly #context: Context;
  readonly #options: TlsOptions;
  #handshake: DtlsAnalyzer | undefined;
  /** Of the last hello that a client sent. */
  #random: Uint8Array | undefined = undefined;
  #dataPackets = 0;

  constructor(context: Context, options: TlsOptions) {
    this.#context = context;
    this.#options = options;
    this.#handshake = new DtlsAnalyzer(context, options);
  }

  message(direction: Direction, bytes: Uint8Array, from: number, to: number, wireLength: number): Verdict {
    const hello = clientHelloAt(bytes, from, to);
    if (hello >= 0) this.#hear(bytes, hello);
    if (this.#handshake === undefined) return ++this.#dataPackets > MAX_DATA_PACKETS ? 'done' : 'ok';
    if (this.#handshake.message(direction, bytes, from, to, wireLength) === 'done') this.#handshake = undefined;
    return 'ok';
  }

  expire(): void {
    this.#handshake?.expire();
  }

  end(): void {
    this.#handshake?.end();
  }

  #hear(bytes: Uint8Array, hello: number): void {
    const at = hello + RANDOM_FROM;
    const known = this.#random;
    if (known?.every((octet, i) => octet === bytes[at + i])) return;
    this.#random = bytes.slice(at, at + RANDOM_OCTETS);
    // Old clients make up another random for the hello with the cookie; and an answer may have come first.
    const isFirst = u16(bytes, hello + SEQUENCE_FROM) === 0;
    if (this.#handshake !== undefined && (known === undefined || !isFirst)) return;
    this.#handshake?.end();
    this.#handshake = new DtlsAnalyzer(this.#context, this.#options);
    this.#dataPackets = 0;
  }
}

/** Where the ClientHello is that this datagram begins with; -1 when it begins with something else. */
function clientHelloAt(bytes: Uint8Array, from: number, to: number): number {
  const start = recordsFrom(bytes, from, to);
  if (start >= to || bytes[start] !== CONTENT_HANDSHAKE) return -1;
  const record = recordAt(bytes, start, to, undefined);
  if (record === undefined || !isClear(record) || bytes[record.from] !== CLIENT_HELLO) return -1;
  const at = record.from;
  return at + RANDOM_FROM + RANDOM_OCTETS <= record.to && u24(bytes, at + OFFSET_FROM) === 0 ? at : -1;
}
