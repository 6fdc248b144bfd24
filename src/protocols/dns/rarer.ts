// Record types that few have seen: APL, CSYNC, DHCID, DOA, DSYNC, NID, L32, L64, LP, OPENPGPKEY and ZONEMD, told as zone files write them.

import { formatV4 } from '../../records/address.ts';
import { wireText } from '../../records/text.ts';
import { u16, u32, v6Text } from '../octets.ts';
import { typeName } from './codes.ts';
import { typeBits } from './dnssec.ts';
import { base64, hex, nameTo, quoted, type Rdata } from './rdata-parts.ts';

const APL_NEGATION = 0x80;
const FAMILY_IPV4 = 1;
const FAMILY_IPV6 = 2;
const DSYNC_NOTIFY = 1;

/** RFC 3123 section 4: family, prefix length, negation and length of the address, whose zeros at the end are left out. */
export function apl(into: Rdata, bytes: Uint8Array, _messageAt: number, at: number, end: number): boolean {
  const items: string[] = [];
  const address = new Uint8Array(16);
  for (let item = at; item < end; ) {
    if (item + 4 > end) return false;
    const family = u16(bytes, item);
    const length = bytes[item + 3] & ~APL_NEGATION;
    const next = item + 4 + length;
    const octets = family === FAMILY_IPV4 ? 4 : family === FAMILY_IPV6 ? 16 : 0;
    if (length > octets || next > end) return false;
    address.fill(0);
    address.set(bytes.subarray(item + 4, next));
    const text = octets === 4 ? formatV4(u32(address, 0)) : v6Text(address, 0);
    items.push(`${(bytes[item + 3] & APL_NEGATION) === 0 ? '' : '!'}${family}:${text}/${bytes[item + 2]}`);
    item = next;
  }
  into.data = items.join(' ');
  return true;
}

/** RFC 7477 section 2.1: serial number, flags, types. */
export function csync(into: Rdata, bytes: Uint8Array, _messageAt: number, at: number, end: number): boolean {
  if (end - at < 6) return false;
  const types = typeBits(bytes, at + 6, end);
  if (types === undefined) return false;
  into.serial = u32(bytes, at);
  into.flags = String(u16(bytes, at + 4));
  into.typeBits = types;
  into.data = `${into.serial} ${into.flags}${types === '' ? '' : ` ${types}`}`;
  return true;
}

/** Bytes as text: DHCID (RFC 4701 section 3.2), OPENPGPKEY (RFC 7929 section 2.2). */
export function encoded(into: Rdata, bytes: Uint8Array, _messageAt: number, at: number, end: number): boolean {
  into.data = base64(bytes, at, end);
  return true;
}

/** Digital Object Architecture (IANA's template for type 259): enterprise, type, location, media type, data. */
export function doa(into: Rdata, bytes: Uint8Array, _messageAt: number, at: number, end: number): boolean {
  if (end - at < 10) return false;
  const data = at + 10 + bytes[at + 9];
  if (data > end) return false;
  const text = data === end ? '-' : base64(bytes, data, end);
  into.data = `${u32(bytes, at)} ${u32(bytes, at + 4)} ${bytes[at + 8]} ${quoted(wireText(bytes, at + 10, data))} ${text}`;
  return true;
}

/** RFC 9859 section 2: what the notification is about, scheme, port, target. */
export function dsync(into: Rdata, bytes: Uint8Array, messageAt: number, at: number, end: number): boolean {
  const target = end - at < 6 ? undefined : nameTo(bytes, messageAt, at + 5, end);
  if (target === undefined) return false;
  const scheme = bytes[at + 2] === DSYNC_NOTIFY ? 'NOTIFY' : String(bytes[at + 2]);
  into.data = `${typeName(u16(bytes, at))} ${scheme} ${u16(bytes, at + 3)} ${target}`;
  return true;
}

/** RFC 6742 sections 2.1 and 2.3: NID and L64, preference and 64 bits. */
export function locator64(into: Rdata, bytes: Uint8Array, _messageAt: number, at: number, end: number): boolean {
  if (end - at !== 10) return false;
  into.preference = u16(bytes, at);
  into.data = [2, 4, 6, 8].map((i) => u16(bytes, at + i).toString(16)).join(':');
  return true;
}

/** RFC 6742 section 2.2. */
export function locator32(into: Rdata, bytes: Uint8Array, _messageAt: number, at: number, end: number): boolean {
  if (end - at !== 6) return false;
  into.preference = u16(bytes, at);
  into.data = formatV4(u32(bytes, at + 2));
  return true;
}

/** RFC 6742 section 2.4. */
export function locatorName(into: Rdata, bytes: Uint8Array, messageAt: number, at: number, end: number): boolean {
  const name = end - at < 3 ? undefined : nameTo(bytes, messageAt, at + 2, end);
  if (name === undefined) return false;
  into.preference = u16(bytes, at);
  into.data = name;
  return true;
}

/** RFC 8976 section 2.2: serial number, scheme, hash algorithm, digest. */
export function zonemd(into: Rdata, bytes: Uint8Array, _messageAt: number, at: number, end: number): boolean {
  if (end - at < 6) return false;
  into.serial = u32(bytes, at);
  into.data = `${into.serial} ${bytes[at + 4]} ${bytes[at + 5]} ${hex(bytes, at + 6, end).toUpperCase()}`;
  return true;
}
