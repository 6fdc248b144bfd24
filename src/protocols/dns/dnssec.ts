// DNSSEC records: RFC 4034 (DNSKEY, RRSIG, NSEC, DS), RFC 5155 (NSEC3). Numbers that Packetbeat writes as text stay text.

import { u16, u32 } from '../octets.ts';
import { algorithmName, digestName, typeName } from './codes.ts';
import { nameText, walkName } from './names.ts';
import { base64, hex, pushBits, type Rdata } from './rdata-parts.ts';

/** RFC 4034 section 5.1; CDS (RFC 7344), DLV (RFC 4431) and TA alike. */
export function ds(into: Rdata, bytes: Uint8Array, _messageAt: number, at: number, end: number): boolean {
  if (end - at < 4) return false;
  into.keyTag = String(u16(bytes, at));
  into.algorithm = algorithmName(bytes[at + 2]);
  into.digestType = digestName(bytes[at + 3]);
  into.data = hex(bytes, at + 4, end).toUpperCase();
  return true;
}

/** RFC 4034 section 2.1; CDNSKEY (RFC 7344), KEY (RFC 2535 section 3.1) and RKEY alike. */
export function dnskey(into: Rdata, bytes: Uint8Array, _messageAt: number, at: number, end: number): boolean {
  if (end - at < 4) return false;
  into.flags = String(u16(bytes, at));
  into.protocol = String(bytes[at + 2]);
  into.algorithm = algorithmName(bytes[at + 3]);
  into.data = base64(bytes, at + 4, end);
  return true;
}

/** RFC 4034 section 3.1; SIG (RFC 2535 section 4.1), which also signs whole messages (RFC 2931), alike. */
export function rrsig(into: Rdata, bytes: Uint8Array, messageAt: number, at: number, end: number): boolean {
  if (end - at < 19) return false;
  const signature = walkName(bytes, messageAt, at + 18, end);
  if (signature < 0) return false;
  into.typeCovered = typeName(u16(bytes, at));
  into.algorithm = algorithmName(bytes[at + 2]);
  into.labels = String(bytes[at + 3]);
  into.originalTtl = String(u32(bytes, at + 4));
  into.expiration = timeText(u32(bytes, at + 8));
  into.inception = timeText(u32(bytes, at + 12));
  into.keyTag = String(u16(bytes, at + 16));
  into.signerName = nameText(bytes, messageAt, at + 18);
  into.data = base64(bytes, signature, end);
  return true;
}

/** RFC 4034 section 4.1. */
export function nsec(into: Rdata, bytes: Uint8Array, messageAt: number, at: number, end: number): boolean {
  const bitmap = walkName(bytes, messageAt, at, end);
  if (bitmap < 0) return false;
  const types = typeBits(bytes, bitmap, end);
  if (types === undefined) return false;
  into.data = nameText(bytes, messageAt, at);
  into.typeBits = types;
  return true;
}

/** RFC 5155 section 3.2. The next owner is a hash, written in base32hex as in a zone file. */
export function nsec3(into: Rdata, bytes: Uint8Array, _messageAt: number, at: number, end: number): boolean {
  if (end - at < 6) return false;
  const saltEnd = at + 5 + bytes[at + 4];
  if (saltEnd >= end) return false;
  const bitmap = saltEnd + 1 + bytes[saltEnd];
  if (bitmap > end) return false;
  const types = typeBits(bytes, bitmap, end);
  if (types === undefined) return false;
  into.hash = digestName(bytes[at]);
  into.flags = String(bytes[at + 1]);
  into.iterations = String(u16(bytes, at + 2));
  into.salt = saltText(bytes, at + 5, saltEnd);
  into.data = base32hex(bytes, saltEnd + 1, bitmap);
  into.typeBits = types;
  return true;
}

/** RFC 5155 section 4.2. */
export function nsec3param(into: Rdata, bytes: Uint8Array, _messageAt: number, at: number, end: number): boolean {
  if (end - at < 5 || at + 5 + bytes[at + 4] !== end) return false;
  into.hash = digestName(bytes[at]);
  into.flags = String(bytes[at + 1]);
  into.iterations = String(u16(bytes, at + 2));
  into.data = saltText(bytes, at + 5, end);
  return true;
}

function saltText(bytes: Uint8Array, at: number, end: number): string {
  return at === end ? '-' : hex(bytes, at, end).toUpperCase();
}

/** Seconds since 1970 as YYYYMMDDHHmmSS (RFC 4034 section 3.2). */
function timeText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 19).replace(/[-T:]/g, '');
}

/** Type bit maps (RFC 4034 section 4.1.2): windows in rising order, so no byte is read twice. Undefined when they are wrong. */
export function typeBits(bytes: Uint8Array, at: number, end: number): string | undefined {
  const words: string[] = [];
  let before = -1;
  let next = at;
  while (next < end) {
    if (next + 2 > end || bytes[next] <= before) return undefined;
    const window = bytes[next];
    before = window;
    const first = next + 2;
    const last = first + bytes[next + 1];
    if (bytes[next + 1] === 0 || bytes[next + 1] > 32 || last > end) return undefined;
    pushBits(words, bytes, first, last, (bit) => typeName(window * 256 + bit));
    next = last;
  }
  return words.join(' ');
}

const BASE32HEX = '0123456789ABCDEFGHIJKLMNOPQRSTUV';

/** RFC 4648 section 7, without padding. */
function base32hex(bytes: Uint8Array, at: number, end: number): string {
  let text = '';
  let bits = 0;
  let held = 0;
  for (let i = at; i < end; i++) {
    held = ((held << 8) | bytes[i]) & 0xffff;
    for (bits += 8; bits >= 5; bits -= 5) text += BASE32HEX[(held >> (bits - 5)) & 31];
  }
  return bits === 0 ? text : text + BASE32HEX[(held << (5 - bits)) & 31];
}
