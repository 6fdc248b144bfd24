// The header of the PROXY protocol, versions 1 (a line of text) and 2 (binary), with which load balancers tell servers who the client is:
// https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt, sections 2.1 and 2.2.

import { formatV4 } from '../../records/address.ts';
import { parseAddress } from '../../records/parse-address.ts';
import { asciiText } from '../../records/text.ts';
import { u32, v6Text } from '../octets.ts';

/** Answers of `headerLength` besides a length. */
export const MORE = 0;
export const BAD = -1;

const LF = 10;
const CR = 13;
/** Longest line of version 1, with its ending. */
const MAX_LINE_OCTETS = 107;
/** The line: protocol, client, server. */
const LINE = /^PROXY TCP[46] (\S+) /;
const BEGINNINGS = ['PROXY TCP4 ', 'PROXY TCP6 ', 'PROXY UNKNOWN'].map((text) => Buffer.from(text, 'latin1'));

const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
const FIXED_OCTETS = 16;
/** Version 2 in the upper four bits, the command (LOCAL or PROXY) in the lower ones. */
const VERSION_LOCAL = 0x20;
const VERSION_PROXY = 0x21;
/** Families unspecified, IPv4, IPv6 and Unix in the upper four bits; protocols unspecified, stream and datagram in the lower ones. */
const FAMILY_IPV4 = 1;
const FAMILY_IPV6 = 2;
const LAST_FAMILY = 3;
/** Both addresses and both ports. */
const IPV4_OCTETS = 12;
const IPV6_OCTETS = 36;
const LAST_TRANSPORT = 2;
/** Addresses and what is told beside them (TLVs) may fill a segment or two; senders are asked for less. */
const MAX_REST_OCTETS = 4096;

/** Length of the header that [from, to) begins with; MORE when its end is not there, BAD when it is none. */
export function headerLength(bytes: Uint8Array, from: number, to: number): number {
  if (from === to) return MORE;
  return bytes[from] === CR ? binaryLength(bytes, from, to) : lineLength(bytes, from, to);
}

/** Length of the header before a datagram, which is version 2 (section 2.2); 0: there is none, or it is not whole. */
export function datagramHeaderLength(bytes: Uint8Array, from: number, to: number): number {
  return from < to && bytes[from] === CR ? Math.max(0, binaryLength(bytes, from, to)) : 0;
}

/** The client that the header [from, to) names, which is whole; undefined: none, the proxy speaks for itself, or knows no address. */
export function clientOf(bytes: Uint8Array, from: number, to: number): string | undefined {
  if (bytes[from] !== CR) return parseAddress(LINE.exec(asciiText(bytes, from, to))?.[1] ?? '')?.toString();
  if (bytes[from + 12] !== VERSION_PROXY) return undefined;
  const family = bytes[from + 13] >> 4;
  const at = from + FIXED_OCTETS;
  if (family === FAMILY_IPV4 && to - at >= IPV4_OCTETS) return formatV4(u32(bytes, at));
  if (family !== FAMILY_IPV6 || to - at < IPV6_OCTETS) return undefined;
  return v6Text(bytes, at);
}

function lineLength(bytes: Uint8Array, from: number, to: number): number {
  if (!BEGINNINGS.some((beginning) => agrees(bytes, from, to, beginning))) return BAD;
  const limit = Math.min(to, from + MAX_LINE_OCTETS);
  for (let i = from; i < limit; i++) if (bytes[i] === LF) return bytes[i - 1] === CR ? i + 1 - from : BAD;
  return limit === to && to - from < MAX_LINE_OCTETS ? MORE : BAD;
}

function binaryLength(bytes: Uint8Array, from: number, to: number): number {
  if (!agrees(bytes, from, to, SIGNATURE)) return BAD;
  if (to - from < FIXED_OCTETS) return MORE;
  const command = bytes[from + 12];
  const family = bytes[from + 13];
  const rest = (bytes[from + 14] << 8) | bytes[from + 15];
  if (command !== VERSION_LOCAL && command !== VERSION_PROXY) return BAD;
  if (family >> 4 > LAST_FAMILY || (family & 15) > LAST_TRANSPORT || rest > MAX_REST_OCTETS) return BAD;
  return to - from < FIXED_OCTETS + rest ? MORE : FIXED_OCTETS + rest;
}

/** Do both begin alike, as far as the shorter one goes? */
function agrees(bytes: Uint8Array, from: number, to: number, beginning: Uint8Array): boolean {
  const length = Math.min(to - from, beginning.length);
  for (let i = 0; i < length; i++) if (bytes[from + i] !== beginning[i]) return false;
  return true;
}
