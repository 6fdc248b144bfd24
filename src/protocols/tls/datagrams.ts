// What of the TLS family comes in datagrams: DTLS, QUIC and TLS in OpenVPN are analysed; Google's QUIC is named, and
// OpenVPN whose handshake is encrypted.

import { DtlsAssociations } from '../dtls/associations.ts';
import { isDtls, isStun } from '../dtls/probe.ts';
import { OpenVpnAnalyzer } from '../openvpn/analyzer.ts';
import { isEncryptedOpenVpn, isOpenVpnDatagram } from '../openvpn/probe.ts';
import type { Analyzer, Context, Direction, Verdict } from '../protocol.ts';
import { QuicConnections } from '../quic/connections.ts';
import { isGoogleQuic, isQuic } from '../quic/probe.ts';
import type { TlsOptions } from './options.ts';

export type DatagramProtocol = 'quic' | 'gquic' | 'dtls' | 'openvpn' | 'openvpn-tls-crypt';

export function datagramProtocol(bytes: Uint8Array, from: number, to: number): DatagramProtocol | undefined {
  if (isDtls(bytes, from, to)) return 'dtls';
  if (isOpenVpnDatagram(bytes, from, to)) return 'openvpn';
  if (isEncryptedOpenVpn(bytes, from, to)) return 'openvpn-tls-crypt';
  if (isGoogleQuic(bytes, from, to)) return 'gquic';
  return isQuic(bytes, from, to) ? 'quic' : undefined;
}

/** 'more': not yet, but what this flow does leads to DTLS often. */
export function probeDatagram(bytes: Uint8Array, from: number, to: number): 'yes' | 'no' | 'more' {
  if (datagramProtocol(bytes, from, to) !== undefined) return 'yes';
  return isStun(bytes, from, to) ? 'more' : 'no';
}

const ANALYZERS = { dtls: DtlsAssociations, quic: QuicConnections, openvpn: OpenVpnAnalyzer } as const;

/** Becomes the analyzer of what its first datagram is. */
export class DatagramAnalyzer implements Analyzer {
  readonly #context: Context;
  readonly #options: TlsOptions;
  #analyzer: DtlsAssociations | QuicConnections | OpenVpnAnalyzer | undefined = undefined;

  constructor(context: Context, options: TlsOptions) {
    this.#context = context;
    this.#options = options;
  }

  message(direction: Direction, bytes: Uint8Array, from: number, to: number, wireLength: number): Verdict {
    if (this.#analyzer === undefined) {
      const protocol = datagramProtocol(bytes, from, to);
      if (protocol === undefined) return 'reject';
      this.#context.name(protocol);
      if (protocol === 'gquic' || protocol === 'openvpn-tls-crypt') return 'done';
      const Chosen = ANALYZERS[protocol];
      this.#analyzer = new Chosen(this.#context, this.#options);
    }
    return this.#analyzer.message(direction, bytes, from, to, wireLength);
  }

  expire(): void {
    this.#analyzer?.expire();
  }

  end(): void {
    this.#analyzer?.end();
  }
}
