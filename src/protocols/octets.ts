// Numbers as protocols write them, big-endian, without sign, and the addresses that they make up. The bytes must be there.

import { formatV6 } from '../records/address.ts';

export function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 8) | bytes[at + 1];
}

export function u24(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2];
}

export function u32(bytes: Uint8Array, at: number): number {
  return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
}

/** The IPv6 address in the 16 bytes at `at`. */
export function v6Text(bytes: Uint8Array, at: number): string {
  return formatV6(u32(bytes, at), u32(bytes, at + 4), u32(bytes, at + 8), u32(bytes, at + 12));
}
