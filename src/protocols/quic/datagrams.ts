// What of the TLS family comes in datagrams: QUIC is analysed, DTLS (RFC 9147) and Google's QUIC are named.

import type { Analyzer, Context, Direction, Verdict } from '../protocol.ts';
import type { TlsOptions } from '../tls/options.ts';
import { QuicAnalyzer } from './analyzer.ts';
import { isGoogleQuic, isQuic } from './probe.ts';

const DTLS_HEADER_OCTETS = 13;
const DTLS_HANDSHAKE_OCTETS = 12;
const CONTENT_HANDSHAKE = 22;
/** DTLS 1.0 and 1.2 (1.3 says 1.2 here); OpenSSL's before DTLS was finished. */
const DTLS_VERSIONS: ReadonlySet<number> = new Set([0xfeff, 0xfefd, 0x0100]);
const DTLS_HELLOS: ReadonlySet<number> = new Set([1, 2, 3]);

export type DatagramProtocol = 'quic' | 'gquic' | 'dtls';

export function datagramProtocol(bytes: Uint8Array, from: number, to: number): DatagramProtocol | undefined {
  if (isDtls(bytes, from, to)) return 'dtls';
  if (isGoogleQuic(bytes, from, to)) return 'gquic';
  return isQuic(bytes, from, to) ? 'quic' : undefined;
}

/** A handshake record of epoch 0 with a hello whose fragment fits. */
function isDtls(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from < DTLS_HEADER_OCTETS + DTLS_HANDSHAKE_OCTETS || bytes[from] !== CONTENT_HANDSHAKE) return false;
  const u16 = (at: number) => (bytes[at] << 8) | bytes[at + 1];
  if (!DTLS_VERSIONS.has(u16(from + 1)) || u16(from + 3) !== 0) return false;
  const length = u16(from + 11);
  const at = from + DTLS_HEADER_OCTETS;
  const fragment = (bytes[at + 9] << 16) | u16(at + 10);
  return DTLS_HELLOS.has(bytes[at]) && fragment + DTLS_HANDSHAKE_OCTETS <= length;
}

/** Becomes the analyzer of what its first datagram is. */
export class DatagramAnalyzer implements Analyzer {
  readonly #context: Context;
  readonly #options: TlsOptions;
  #quic: QuicAnalyzer | undefined = undefined;

  constructor(context: Context, options: TlsOptions) {
    this.#context = context;
    this.#options = options;
  }

  message(direction: Direction, bytes: Uint8Array, from: number, to: number, wireLength: number): Verdict {
    if (this.#quic === undefined) {
      const protocol = datagramProtocol(bytes, from, to);
      if (protocol === undefined) return 'reject';
      this.#context.name(protocol);
      if (protocol !== 'quic') return 'done';
      this.#quic = new QuicAnalyzer(this.#context, this.#options);
    }
    return this.#quic.message(direction, bytes, from, to, wireLength);
  }

  expire(): void {
    this.#quic?.expire();
  }

  end(): void {
    this.#quic?.end();
  }
}
