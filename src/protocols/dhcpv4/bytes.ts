// Values as DHCP's options carry them, read from offsets: numbers (big-endian), addresses, hexadecimal text. DHCPv6 uses them too.
// Every function expects that the bytes it names are there.

import { formatV4 } from '../../records/address.ts';
import { wireText } from '../../records/text.ts';
import { u32 } from '../octets.ts';

const LOWER = '0123456789abcdef';
const UPPER = '0123456789ABCDEF';

/** The bytes [from, to) in lower-case hexadecimal. */
export function hex(bytes: Uint8Array, from: number, to: number): string {
  let text = '';
  for (let i = from; i < to; i++) text += LOWER[bytes[i] >> 4] + LOWER[bytes[i] & 15];
  return text;
}

/** A link-layer address as ECS writes it: `00-11-22-AA-BB-CC`, of any length. */
export function linkLayerAddress(bytes: Uint8Array, from: number, to: number): string {
  let text = '';
  for (let i = from; i < to; i++) text += `${i === from ? '' : '-'}${UPPER[bytes[i] >> 4]}${UPPER[bytes[i] & 15]}`;
  return text;
}

export function ipv4Text(bytes: Uint8Array, at: number): string {
  return formatV4(u32(bytes, at));
}

/** Text without the zero bytes at its end, which some senders count (RFC 2132 section 2). */
export function textOf(bytes: Uint8Array, from: number, to: number): string {
  let end = to;
  while (end > from && bytes[end - 1] === 0) end--;
  return wireText(bytes, from, end);
}

/** Text up to the first zero byte, as the fixed fields `sname` and `file` hold it (RFC 2131 section 2). */
export function terminatedText(bytes: Uint8Array, from: number, to: number): string {
  let end = from;
  while (end < to && bytes[end] !== 0) end++;
  return wireText(bytes, from, end);
}

/** Text where all bytes can be printed, `0x…` otherwise: for identifiers that may be either. */
export function printableOrHex(bytes: Uint8Array, from: number, to: number): string {
  for (let i = from; i < to; i++) if (bytes[i] < 0x20 || bytes[i] > 0x7e) return `0x${hex(bytes, from, to)}`;
  return wireText(bytes, from, to);
}
