// Pseudo-records of transactions, told as dig writes them: TSIG, the signature of a message, and TKEY, how both sides came to its key. They
// stand among the additional records, and why a signature or a key was refused stands nowhere else.

import { u16, u32 } from '../octets.ts';
import { rcodeName } from './codes.ts';
import { nameText, walkName } from './names.ts';
import { base64, type Rdata } from './rdata-parts.ts';

const BADSIG = 16;

/**
 * RFC 8945 section 4.2: algorithm, time signed, fudge, MAC, original id, error, other data. In that order.
 */
export function tsig(into: Rdata, bytes: Uint8Array, messageAt: number, at: number, end: number): boolean {
  const time = walkName(bytes, messageAt, at, end);
  if (time < 0 || time + 10 > end) return false;
  const mac = time + 10;
  const behindMac = mac + u16(bytes, time + 8);
  if (behindMac + 6 > end || behindMac + 6 + u16(bytes, behindMac + 4) !== end) return false;
  const signed = u16(bytes, time) * 2 ** 32 + u32(bytes, time + 2);
  const error = u16(bytes, behindMac + 2);
  const parts = [nameText(bytes, messageAt, at), signed, u16(bytes, time + 6), behindMac - mac];
  if (behindMac > mac) parts.push(base64(bytes, mac, behindMac));
  parts.push(u16(bytes, behindMac), errorName(error), end - behindMac - 6);
  if (behindMac + 6 < end) parts.push(base64(bytes, behindMac + 6, end));
  into.data = parts.join(' ');
  return true;
}

/**
 * RFC 2930 section 2: algorithm, inception, expiration, mode (3 is GSS-API, 5 deletes the key), error, key data, other data. In that order,
 * lengths before what has one.
 */
export function tkey(into: Rdata, bytes: Uint8Array, messageAt: number, at: number, end: number): boolean {
  const numbers = walkName(bytes, messageAt, at, end);
  if (numbers < 0 || numbers + 14 > end) return false;
  const key = numbers + 14;
  const behindKey = key + u16(bytes, numbers + 12);
  if (behindKey + 2 > end || behindKey + 2 + u16(bytes, behindKey) !== end) return false;
  const parts = [nameText(bytes, messageAt, at), u32(bytes, numbers), u32(bytes, numbers + 4), u16(bytes, numbers + 8)];
  parts.push(errorName(u16(bytes, numbers + 10)), behindKey - key);
  if (behindKey > key) parts.push(base64(bytes, key, behindKey));
  parts.push(end - behindKey - 2);
  if (behindKey + 2 < end) parts.push(base64(bytes, behindKey + 2, end));
  into.data = parts.join(' ');
  return true;
}

/** BADVERS has the number of BADSIG (RFC 8945 section 5.3, RFC 2930 section 2.6). */
function errorName(error: number): string {
  return error === BADSIG ? 'BADSIG' : rcodeName(error);
}
