// Is it TLS? A handshake record (RFC 8446 section 5.1) whose message is a hello, or SSL 2.0's ClientHello (RFC 5246 appendix E.2).

import {
  CLIENT_HELLO,
  CONTENT_ALERT,
  CONTENT_APPLICATION_DATA,
  CONTENT_HANDSHAKE,
  SERVER_HELLO,
  VERSION_SSL2,
} from './codes.ts';
import { HEADER_OCTETS, isRecordHeader } from './record-layer.ts';

export type Answer = 'yes' | 'no' | 'more';

/** A message's length fits in two of its three octets unless somebody lies, and then the rest has to look all the better. */
const MIN_HELLO_OCTETS = 38;
export const SSL2_HEADER_OCTETS = 2;
const SSL2_FIXED_OCTETS = 9;
/** SSL 2.0 and what came before TLS 1.2 has some hundred suites at most. */
const MAX_SSL2_CIPHER_OCTETS = 3 * 256;

export function probe(direction: number, bytes: Uint8Array, from: number, to: number, hinted: boolean): Answer {
  if (from === to) return 'more';
  const first = bytes[from];
  if (first === CONTENT_HANDSHAKE) return probeHandshake(bytes, from, to);
  if ((first & 0x80) !== 0) return direction === 0 ? probeSsl2(bytes, from, to) : 'no';
  // A connection whose beginning was missed, and an answer to a hello that was not seen.
  if (!hinted || (first !== CONTENT_APPLICATION_DATA && first !== CONTENT_ALERT)) return 'no';
  if (to - from < HEADER_OCTETS) return prefixFits(bytes, from, to) ? 'more' : 'no';
  return isRecordHeader(bytes, from) ? 'yes' : 'no';
}

function prefixFits(bytes: Uint8Array, from: number, to: number): boolean {
  return (from + 1 >= to || bytes[from + 1] === 3) && (from + 2 >= to || bytes[from + 2] <= 4);
}

function probeHandshake(bytes: Uint8Array, from: number, to: number): Answer {
  if (!prefixFits(bytes, from, to)) return 'no';
  if (to - from < HEADER_OCTETS) return 'more';
  if (!isRecordHeader(bytes, from)) return 'no';
  const length = (bytes[from + 3] << 8) | bytes[from + 4];
  if (length === 0) return 'no';
  const at = from + HEADER_OCTETS;
  if (at >= to) return 'more';
  if (bytes[at] !== CLIENT_HELLO && bytes[at] !== SERVER_HELLO) return 'no';
  // What is in the next record cannot be checked here.
  if (length < 4) return 'yes';
  if (at + 4 > to) return 'more';
  const octets = (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
  if (octets < MIN_HELLO_OCTETS) return 'no';
  if (length < 6) return 'yes';
  if (at + 6 > to) return 'more';
  return isHelloVersion((bytes[at + 4] << 8) | bytes[at + 5]) ? 'yes' : 'no';
}

/** `legacy_version`: SSL 3.0 to TLS 1.3, its drafts and experiments. */
function isHelloVersion(version: number): boolean {
  const major = version >> 8;
  return (major === 3 && (version & 0xff) <= 4) || major === 0x7f || major === 0x7e || major === 0xfb;
}

/** Length with its top bit set, type, version, lengths of cipher specs, session id and challenge: they must add up. */
export function probeSsl2(bytes: Uint8Array, from: number, to: number): Answer {
  if (to - from < 3) return 'more';
  if (bytes[from + 2] !== CLIENT_HELLO) return 'no';
  if (to - from < 5) return 'more';
  const version = (bytes[from + 3] << 8) | bytes[from + 4];
  if (version !== VERSION_SSL2 && (version < 0x0300 || version > 0x0303)) return 'no';
  if (to - from < SSL2_HEADER_OCTETS + SSL2_FIXED_OCTETS) return 'more';
  const length = ((bytes[from] & 0x7f) << 8) | bytes[from + 1];
  const ciphers = (bytes[from + 5] << 8) | bytes[from + 6];
  const session = (bytes[from + 7] << 8) | bytes[from + 8];
  const challenge = (bytes[from + 9] << 8) | bytes[from + 10];
  const isSound =
    ciphers > 0 &&
    ciphers <= MAX_SSL2_CIPHER_OCTETS &&
    ciphers % 3 === 0 &&
    (session === 0 || session === 16) &&
    challenge >= 16 &&
    challenge <= 32;
  return isSound && length === SSL2_FIXED_OCTETS + ciphers + session + challenge ? 'yes' : 'no';
}
