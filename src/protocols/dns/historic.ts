// Record types that are history, told as zone files wrote them: A6, ATMA, EID, NIMLOC, NSAP, NXT, PX and WKS. They come back in scans and in
// old devices.

import { formatV4 } from '../../records/address.ts';
import { asciiText } from '../../records/text.ts';
import { u16, u32, v6Text } from '../octets.ts';
import { typeName } from './codes.ts';
import { nameText, walkName } from './names.ts';
import { hex, nameTo, pushBits, type Rdata } from './rdata-parts.ts';

/** Ports below 8192: a bitmap of all of them would become hundreds of kilobytes of text. */
const MAX_WKS_OCTETS = 1024;
const ATMA_E164 = 1;

/** RFC 1035 section 3.4.2: address, protocol, a bit for each port. */
export function wks(into: Rdata, bytes: Uint8Array, _messageAt: number, at: number, end: number): boolean {
  if (end - at < 5 || end - at - 5 > MAX_WKS_OCTETS) return false;
  const words = [formatV4(u32(bytes, at)), String(bytes[at + 4])];
  pushBits(words, bytes, at + 5, end, String);
  into.data = words.join(' ');
  return true;
}

/** RFC 2535 section 5.2: the next name, a bit for each type that is there. */
export function nxt(into: Rdata, bytes: Uint8Array, messageAt: number, at: number, end: number): boolean {
  const bits = walkName(bytes, messageAt, at, end);
  // The first bit would announce another form, which was never defined.
  if (bits < 0 || end - bits > 16 || (bits < end && bytes[bits] >= 0x80)) return false;
  const words = [nameText(bytes, messageAt, at)];
  pushBits(words, bytes, bits, end, typeName);
  into.data = words.join(' ');
  return true;
}

/** RFC 2163 section 4: preference, names for RFC 822 and X.400. */
export function px(into: Rdata, bytes: Uint8Array, messageAt: number, at: number, end: number): boolean {
  const second = end - at < 4 ? -1 : walkName(bytes, messageAt, at + 2, end);
  const name = second < 0 ? undefined : nameTo(bytes, messageAt, second, end);
  if (name === undefined) return false;
  into.preference = u16(bytes, at);
  into.data = `${nameText(bytes, messageAt, at + 2)} ${name}`;
  return true;
}

/** RFC 1706 section 5. */
export function nsap(into: Rdata, bytes: Uint8Array, _messageAt: number, at: number, end: number): boolean {
  into.data = `0x${hex(bytes, at, end)}`;
  return true;
}

/** EID and NIMLOC (draft-ietf-nimrod-dns): hexadecimal. */
export function nimrod(into: Rdata, bytes: Uint8Array, _messageAt: number, at: number, end: number): boolean {
  into.data = hex(bytes, at, end).toUpperCase();
  return true;
}

/** ATM Name System: an E.164 number, or an end system address. */
export function atma(into: Rdata, bytes: Uint8Array, _messageAt: number, at: number, end: number): boolean {
  if (end - at < 2 || bytes[at] > ATMA_E164) return false;
  if (bytes[at] === ATMA_E164) {
    for (let i = at + 1; i < end; i++) if (bytes[i] < 0x30 || bytes[i] > 0x39) return false;
  }
  into.data = bytes[at] === ATMA_E164 ? `+${asciiText(bytes, at + 1, end)}` : hex(bytes, at + 1, end);
  return true;
}

/** RFC 2874 section 3.1: length of the prefix, the rest of the address, the prefix's name. */
export function a6(into: Rdata, bytes: Uint8Array, messageAt: number, at: number, end: number): boolean {
  const prefixLength = bytes[at];
  if (prefixLength > 128) return false;
  const octets = 16 - (prefixLength >> 3);
  const behind = at + 1 + octets;
  if (behind > end) return false;
  const name = prefixLength === 0 ? '' : nameTo(bytes, messageAt, behind, end);
  if (name === undefined || (prefixLength === 0 && behind !== end)) return false;
  const words = [String(prefixLength)];
  if (octets > 0) {
    const address = new Uint8Array(16);
    address.set(bytes.subarray(at + 1, behind), 16 - octets);
    words.push(v6Text(address, 0));
  }
  if (name !== '') words.push(name);
  into.data = words.join(' ');
  return true;
}
