// Record types that are seen less often: NAPTR, CAA, TLSA, SSHFP, HINFO, LOC, URI, RP, MINFO, TALINK, CERT, EUI48 and EUI64.

import { wireText } from '../../records/text.ts';
import { u16, u32 } from '../octets.ts';
import { nameText, walkName } from './names.ts';
import { base64, hex, nameTo, quoted, type Rdata } from './rdata-parts.ts';

/** RFC 3403 section 4: order, preference, three strings, replacement. */
export function naptr(into: Rdata, bytes: Uint8Array, messageAt: number, at: number, end: number): boolean {
  const flags = at + 4;
  const service = stringEnd(bytes, flags, end);
  const regexp = stringEnd(bytes, service, end);
  const replacement = stringEnd(bytes, regexp, end);
  if (replacement < 0) return false;
  const name = nameTo(bytes, messageAt, replacement, end);
  if (name === undefined) return false;
  into.order = u16(bytes, at);
  into.preference = u16(bytes, at + 2);
  into.flags = wireText(bytes, flags + 1, service);
  into.service = wireText(bytes, service + 1, regexp);
  into.regexp = wireText(bytes, regexp + 1, replacement);
  into.data = name;
  return true;
}

/** RFC 8659 section 4: `data` is the value, as in `0 issue "letsencrypt.org"`. */
export function caa(into: Rdata, bytes: Uint8Array, _messageAt: number, at: number, end: number): boolean {
  const value = stringEnd(bytes, at + 1, end);
  if (value < 0) return false;
  into.flags = String(bytes[at]);
  into.tag = wireText(bytes, at + 2, value);
  into.data = wireText(bytes, value, end);
  return true;
}

/** RFC 6698 section 2; SMIMEA (RFC 8162) alike. */
export function tlsa(into: Rdata, bytes: Uint8Array, _messageAt: number, at: number, end: number): boolean {
  if (end - at < 3) return false;
  into.data = `${bytes[at]} ${bytes[at + 1]} ${bytes[at + 2]} ${hex(bytes, at + 3, end).toUpperCase()}`;
  return true;
}

/** RFC 4255 section 3. */
export function sshfp(into: Rdata, bytes: Uint8Array, _messageAt: number, at: number, end: number): boolean {
  if (end - at < 2) return false;
  into.data = `${bytes[at]} ${bytes[at + 1]} ${hex(bytes, at + 2, end).toUpperCase()}`;
  return true;
}

/** RFC 1035 section 3.3.2, and what answers to ANY hold (RFC 8482). */
export function hinfo(into: Rdata, bytes: Uint8Array, _messageAt: number, at: number, end: number): boolean {
  const system = stringEnd(bytes, at, end);
  if (stringEnd(bytes, system, end) !== end) return false;
  into.data = `${quoted(wireText(bytes, at + 1, system))} ${quoted(wireText(bytes, system + 1, end))}`;
  return true;
}

/** RFC 7553 section 4.5: the target is all that is left. */
export function uri(into: Rdata, bytes: Uint8Array, _messageAt: number, at: number, end: number): boolean {
  if (end - at < 5) return false;
  into.priority = u16(bytes, at);
  into.weight = u16(bytes, at + 2);
  into.data = wireText(bytes, at + 4, end);
  return true;
}

/**
 * RP (RFC 1183 section 2.2): the mailbox of who is responsible, and where a text about it is. MINFO (RFC 1035 section 3.3.7): the
 * mailboxes of who is responsible for a list, and for its errors. TALINK (IANA's template for type 58): neighbours in a list.
 */
export function twoNames(into: Rdata, bytes: Uint8Array, messageAt: number, at: number, end: number): boolean {
  const second = walkName(bytes, messageAt, at, end);
  const name = second < 0 ? undefined : nameTo(bytes, messageAt, second, end);
  if (name === undefined) return false;
  into.data = `${nameText(bytes, messageAt, at)} ${name}`;
  return true;
}

/** RFC 4398 section 2: type, key tag, algorithm, certificate. */
export function cert(into: Rdata, bytes: Uint8Array, _messageAt: number, at: number, end: number): boolean {
  if (end - at < 5) return false;
  into.data = `${u16(bytes, at)} ${u16(bytes, at + 2)} ${bytes[at + 4]} ${base64(bytes, at + 5, end)}`;
  return true;
}

/** RFC 7043 sections 3 and 4. */
export function eui(into: Rdata, bytes: Uint8Array, _messageAt: number, at: number, end: number): boolean {
  if (end - at !== 6 && end - at !== 8) return false;
  into.data = hex(bytes, at, end).replaceAll(/..(?=.)/g, '$&-');
  return true;
}

const LOC_EQUATOR = 0x80000000;
/** Centimetres: altitudes count from 100 km below the WGS 84 spheroid. */
const LOC_ALTITUDE_BASE = 10_000_000;

/** RFC 1876 sections 2 and 3. */
export function loc(into: Rdata, bytes: Uint8Array, _messageAt: number, at: number, end: number): boolean {
  if (end - at !== 16 || bytes[at] !== 0) return false;
  const latitude = angle(u32(bytes, at + 4), 'N', 'S');
  const longitude = angle(u32(bytes, at + 8), 'E', 'W');
  const altitude = ((u32(bytes, at + 12) - LOC_ALTITUDE_BASE) / 100).toFixed(2);
  const sizes = [bytes[at + 1], bytes[at + 2], bytes[at + 3]];
  if (sizes.some((size) => size >> 4 > 9 || (size & 15) > 9)) return false;
  const metres = sizes.map((size) => `${Number((((size >> 4) * 10 ** (size & 15)) / 100).toFixed(2))}m`);
  into.data = `${latitude} ${longitude} ${altitude}m ${metres.join(' ')}`;
  return true;
}

/** Thousandths of a second of arc, counted from 2^31. */
function angle(value: number, positive: string, negative: string): string {
  const distance = Math.abs(value - LOC_EQUATOR);
  const degrees = Math.floor(distance / 3_600_000);
  const minutes = Math.floor((distance % 3_600_000) / 60_000);
  const seconds = ((distance % 60_000) / 1000).toFixed(3);
  return `${degrees} ${minutes} ${seconds} ${value >= LOC_EQUATOR ? positive : negative}`;
}

/** Offset behind the character-string (length octet, octets) at `at`; -1 when it does not fit, or when `at` is -1 already. */
function stringEnd(bytes: Uint8Array, at: number, end: number): number {
  if (at < 0 || at >= end) return -1;
  const after = at + 1 + bytes[at];
  return after > end ? -1 : after;
}
