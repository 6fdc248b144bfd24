// QUIC's long header (RFC 8999 section 5.1, RFC 9000 section 17.2, RFC 9369 section 3.2 for version 2): what of it is not encrypted.

import { u32 } from '../octets.ts';

export type PacketType = 'initial' | '0-rtt' | 'handshake' | 'retry' | 'version-negotiation';

export const VERSION_1 = 0x00000001;
export const VERSION_2 = 0x6b3343cf;
const DRAFTS = 0xff000000;
/** Drafts whose Initial packets look as version 1's do. */
export const FIRST_DRAFT = 23;
export const LAST_DRAFT = 34;
/** Facebook's numbers for drafts (mvfst). */
const MVFST = 0xfaceb000;

const LONG_HEADER = 0x80;
const FIXED_BIT = 0x40;
const MAX_CONNECTION_ID_OCTETS = 20;
const TYPES_1: readonly PacketType[] = ['initial', '0-rtt', 'handshake', 'retry'];
const TYPES_2: readonly PacketType[] = ['retry', 'initial', '0-rtt', 'handshake'];

export interface LongHeader {
  readonly type: PacketType;
  readonly version: number;
  readonly from: number;
  readonly destinationFrom: number;
  readonly destinationTo: number;
  readonly sourceFrom: number;
  readonly sourceTo: number;
  /** Where the protected packet number begins; for Retry and Version Negotiation what follows the connection ids. */
  readonly payload: number;
  /** Where the packet ends: another may follow in the datagram. */
  readonly to: number;
}

export function isLongHeader(first: number): boolean {
  return (first & LONG_HEADER) !== 0;
}

/** A version whose packets have this outline. */
export function isKnownVersion(version: number): boolean {
  return version === VERSION_1 || version === VERSION_2 || draftOf(version) > 0 || version >>> 4 === MVFST >>> 4;
}

/** 29 for draft 29, also under Facebook's number for it; 0 for what is no draft of the kind we read. */
export function draftOf(version: number): number {
  if (version === 0xfaceb002) return 27;
  const draft = version >>> 8 === DRAFTS >>> 8 ? version & 0xff : 0;
  return draft >= FIRST_DRAFT && draft <= LAST_DRAFT ? draft : 0;
}

/** `1`, `2`, `draft-29`, else the number. */
export function versionText(version: number): string {
  if (version === VERSION_1) return '1';
  if (version === VERSION_2) return '2';
  const draft = draftOf(version);
  return draft > 0 ? `draft-${draft}` : `0x${(version >>> 0).toString(16).padStart(8, '0')}`;
}

/** The long header at `from`; undefined when there is none of a known version, or its lengths do not fit. */
export function longHeaderAt(bytes: Uint8Array, from: number, end: number): LongHeader | undefined {
  if (end - from < 7 || !isLongHeader(bytes[from])) return undefined;
  const version = u32(bytes, from + 1);
  const destinationFrom = from + 6;
  const destinationTo = destinationFrom + bytes[from + 5];
  if (destinationTo - destinationFrom > MAX_CONNECTION_ID_OCTETS || destinationTo >= end) return undefined;
  const sourceFrom = destinationTo + 1;
  const sourceTo = sourceFrom + bytes[destinationTo];
  if (sourceTo - sourceFrom > MAX_CONNECTION_ID_OCTETS || sourceTo > end) return undefined;
  const ids = { version, from, destinationFrom, destinationTo, sourceFrom, sourceTo };
  if (version === 0) return { ...ids, type: 'version-negotiation', payload: sourceTo, to: end };
  if ((bytes[from] & FIXED_BIT) === 0 || !isKnownVersion(version)) return undefined;
  const type = (version === VERSION_2 ? TYPES_2 : TYPES_1)[(bytes[from] >> 4) & 3];
  if (type === 'retry') return { ...ids, type, payload: sourceTo, to: end };
  let at = sourceTo;
  if (type === 'initial') {
    const token = integerAt(bytes, at, end);
    if (token < 0) return undefined;
    at += integerOctets(bytes[at]) + token;
    if (at > end) return undefined;
  }
  const length = integerAt(bytes, at, end);
  if (length < 0) return undefined;
  const payload = at + integerOctets(bytes[at]);
  return { ...ids, type, payload, to: payload + length };
}

/** A connection id as text, to be compared. */
export function idText(bytes: Uint8Array, from: number, to: number): string {
  let text = '';
  for (let at = from; at < to; at++) text += String.fromCharCode(bytes[at]);
  return text;
}

export function integerOctets(first: number): number {
  return 1 << (first >> 6);
}

/** The variable-length integer at `at` (RFC 9000 section 16); -1 when it is cut or greater than any length here may be. */
export function integerAt(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end) return -1;
  const octets = integerOctets(bytes[at]);
  if (at + octets > end) return -1;
  let value = bytes[at] & 0x3f;
  for (let i = 1; i < octets; i++) value = value * 256 + bytes[at + i];
  return value > 0xffffffff ? -1 : value;
}
