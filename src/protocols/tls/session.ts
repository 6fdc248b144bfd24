// What is known of one handshake: filled by the analyzers of TLS and QUIC, told by `document.ts`.

import type { Hello } from './hello.ts';

export type Speaker = 'client' | 'server';
/** What the handshake goes over: TCP (or what is like it), datagrams, QUIC. */
export type Carrier = 'tls' | 'dtls' | 'quic';

export interface Alert {
  readonly level: number;
  readonly code: number;
  readonly source: Speaker;
}

/** A chain or a list of alerts on the wire can be as long as its sender likes. */
export const MAX_CERTIFICATES = 32;
export const MAX_ALERTS = 32;

export class Session {
  readonly carrier: Carrier;
  startSeconds = 0;
  startNanos = 0;
  endSeconds = 0;
  endNanos = 0;
  /** The first one: a second follows a HelloRetryRequest. */
  clientHello: Hello | undefined = undefined;
  serverHello: Hello | undefined = undefined;
  /** The server's HelloRetryRequest: it asked for another ClientHello (RFC 8446 section 4.1.4). */
  retryRequest: Hello | undefined = undefined;
  /** DTLS: the server asked the client to send a cookie back (RFC 6347 section 4.2.1). */
  isVerified = false;
  /** Both sides have what they need to send encrypted data. */
  isEstablished = false;
  isCertificateRequested = false;
  /** A full handshake, not the short one of a resumed session (TLS 1.2 and before). */
  hasServerHelloDone = false;
  /** OCSPResponseStatus of the response that the server stapled. */
  ocspStatus: number | undefined = undefined;
  /** Named group at the beginning of the server's key exchange (TLS 1.2 and before); means nothing without an elliptic curve in the suite. */
  curve: number | undefined = undefined;
  /** An alert that only its receiver can read, before the handshake's end. */
  hasEncryptedAlert = false;
  /** DER, leaf first. */
  readonly clientCertificates: Uint8Array[] = [];
  readonly serverCertificates: Uint8Array[] = [];
  readonly alerts: Alert[] = [];
  /** Why the handshake is odd: `error.message`. */
  readonly notes: string[] = [];

  constructor(carrier: Carrier) {
    this.carrier = carrier;
  }

  note(text: string): void {
    if (!this.notes.includes(text)) this.notes.push(text);
  }
}
