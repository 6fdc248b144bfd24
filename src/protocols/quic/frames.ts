// The frames that Initial packets may hold (RFC 9000 sections 12.4 and 19): only CRYPTO matters here, the others are stepped over.

import { integerAt, integerOctets } from './header.ts';

const PADDING = 0x00;
const PING = 0x01;
const ACK = 0x02;
const ACK_ECN = 0x03;
const CRYPTO = 0x06;
const CONNECTION_CLOSE = 0x1c;
/** An error of TLS is 0x0100 and the alert's number (RFC 9001 section 4.8). */
const CRYPTO_ERROR = 0x0100;

export interface FrameListener {
  crypto(offset: number, bytes: Uint8Array, from: number, to: number): void;
  /** The connection is given up; `alert` is TLS's alert, -1 for another reason. */
  closed(alert: number): void;
}

/** Tells of every CRYPTO and CONNECTION_CLOSE frame; stops at what cannot be read. */
export function readFrames(bytes: Uint8Array, listener: FrameListener): void {
  const end = bytes.length;
  let at = 0;
  const next = (): number => {
    const value = integerAt(bytes, at, end);
    if (value >= 0) at += integerOctets(bytes[at]);
    return value;
  };
  while (at < end) {
    const type = bytes[at++];
    if (type === PADDING || type === PING) continue;
    if (type === CRYPTO) {
      const offset = next();
      const length = offset < 0 ? -1 : next();
      if (length < 0 || at + length > end) return;
      listener.crypto(offset, bytes, at, at + length);
      at += length;
    } else if (type === ACK || type === ACK_ECN) {
      // Largest, delay, count of ranges, first range; two for each range; three counts with ECN.
      next();
      next();
      const ranges = next();
      if (ranges < 0 || ranges > end) return;
      const left = 1 + 2 * ranges + (type === ACK_ECN ? 3 : 0);
      for (let i = 0; i < left; i++) if (next() < 0) return;
    } else if (type === CONNECTION_CLOSE) {
      const code = next();
      listener.closed(code >= CRYPTO_ERROR && code < CRYPTO_ERROR + 256 ? code - CRYPTO_ERROR : -1);
      return;
    } else return;
  }
}
