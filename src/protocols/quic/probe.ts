// Is it QUIC? An Initial packet of a known version that opens with the keys that follow from itself; of versions without known keys
// a sound long header. Google's QUIC before the standard is told by its version alone.

import { type LongHeader, longHeaderAt } from './header.ts';
import { initialKeys, openInitial } from './initial-keys.ts';

/** RFC 9000 section 7.2: the id that the client chooses for the server. */
const MIN_CLIENT_ID_OCTETS = 8;
/** Packet number and what the sample of header protection needs (RFC 9001 section 5.4.2). */
const MIN_PAYLOAD_OCTETS = 20;
const GQUIC_VERSION_FLAG = 0x01;
const GQUIC_CONNECTION_ID_FLAG = 0x08;
const GQUIC_RESERVED = 0x80;

export function isQuic(bytes: Uint8Array, from: number, to: number): boolean {
  const header = longHeaderAt(bytes, from, to);
  if (header === undefined) return false;
  if (header.type === 'version-negotiation') return false;
  if (header.type === 'retry') return to - header.payload > 16;
  if (header.type !== 'initial') return header.to <= to;
  const keys = initialKeys(header.version, bytes.subarray(header.destinationFrom, header.destinationTo));
  if (keys === undefined) return isSound(header);
  return openInitial(bytes, header, to, keys, 0) !== undefined || isSound(header);
}

/** A server's Initial, or one that is cut: nothing but lengths to go by. */
function isSound(header: LongHeader): boolean {
  const ids = header.destinationTo - header.destinationFrom + header.sourceTo - header.sourceFrom;
  return ids >= MIN_CLIENT_ID_OCTETS && header.to - header.payload >= MIN_PAYLOAD_OCTETS;
}

/** Public header with version and connection id, then `Q0` and two digits; or a long header with such a version. */
export function isGoogleQuic(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from < 13) return false;
  const first = bytes[from];
  if ((first & 0xc0) === 0xc0) return isGoogleVersion(bytes, from + 1);
  const isPublic =
    (first & (GQUIC_RESERVED | GQUIC_VERSION_FLAG | GQUIC_CONNECTION_ID_FLAG)) ===
    (GQUIC_VERSION_FLAG | GQUIC_CONNECTION_ID_FLAG);
  return isPublic && isGoogleVersion(bytes, from + 9);
}

function isGoogleVersion(bytes: Uint8Array, at: number): boolean {
  const isDigit = (code: number) => code >= 0x30 && code <= 0x39;
  return (
    (bytes[at] === 0x51 || bytes[at] === 0x54) &&
    bytes[at + 1] === 0x30 &&
    isDigit(bytes[at + 2]) &&
    isDigit(bytes[at + 3])
  );
}
