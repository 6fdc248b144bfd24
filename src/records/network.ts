// Networks as people write them, and whether an address is in one.

import type { Address } from './address.ts';
import { parseAddress } from './parse-address.ts';

/** IPv4 networks are those of IPv4-mapped IPv6 (RFC 4291, section 2.5.5.2): `words` and `prefix` count 128 bits. */
export interface Network {
  readonly words: readonly [number, number, number, number];
  readonly prefix: number;
}

/** `10.0.0.0/8`, `2001:db8::/32` or an address; undefined when it is none of them. */
export function parseNetwork(text: string): Network | undefined {
  const [address, length, more] = text.split('/');
  const parsed = parseAddress(address);
  if (parsed === undefined || more !== undefined) return undefined;
  const bits = parsed.v6 ? 128 : 32;
  if (length !== undefined && !/^\d{1,3}$/.test(length)) return undefined;
  const prefix = length === undefined ? bits : Number(length);
  if (prefix > bits) return undefined;
  return parsed.v6
    ? { words: [parsed.w0, parsed.w1, parsed.w2, parsed.w3], prefix }
    : { words: [0, 0, 0xffff, parsed.w3], prefix: 96 + prefix };
}

export function inNetwork({ words, prefix }: Network, address: Address): boolean {
  return (
    sameBits(words[0], address.w0, prefix) &&
    sameBits(words[1], address.w1, prefix - 32) &&
    sameBits(words[2], address.v6 ? address.w2 : 0xffff, prefix - 64) &&
    sameBits(words[3], address.w3, prefix - 96)
  );
}

/** The first `bits` bits of two words: none when it is negative, all from 32 on. */
const sameBits = (a: number, b: number, bits: number): boolean => bits <= 0 || (a ^ b) >>> Math.max(0, 32 - bits) === 0;
