// Certificates with their fingerprints, by their bytes. A server shows the same chain to everybody, and reading it costs more than all
// the rest of a handshake.

import { hash } from 'node:crypto';
import { type Certificate, parseCertificate } from './certificate.ts';
import { Known } from './known.ts';

/** A longer certificate is read each time. */
const MAX_KNOWN_OCTETS = 8 * 1024;
const known = new Known<KnownCertificate>(512);

export class KnownCertificate {
  /** Undefined: it cannot be read. */
  readonly parsed: Certificate | undefined;
  readonly #der: Uint8Array;
  readonly #hashes = new Map<string, string>();

  constructor(der: Uint8Array) {
    this.#der = der;
    this.parsed = parseCertificate(der);
  }

  /** In upper-case hexadecimal. */
  fingerprint(algorithm: string): string {
    let digits = this.#hashes.get(algorithm);
    if (digits === undefined) this.#hashes.set(algorithm, (digits = hash(algorithm, this.#der).toUpperCase()));
    return digits;
  }
}

/** `der` must not change afterwards. */
export function knownCertificate(der: Uint8Array): KnownCertificate {
  if (der.length > MAX_KNOWN_OCTETS) return new KnownCertificate(der);
  const key = Buffer.from(der.buffer, der.byteOffset, der.length).toString('latin1');
  return known.get(key, () => new KnownCertificate(der));
}
