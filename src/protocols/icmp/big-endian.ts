// 32-bit words and IPv6 addresses in network byte order. The caller has checked the bounds.

import type { Address } from '../../records/address.ts';

/** The unsigned 32-bit word at `at`. */
export function readWord(bytes: Uint8Array, at: number): number {
  return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
}

/** Sets `address` to the 16 bytes at `at`. */
export function readV6(bytes: Uint8Array, at: number, address: Address): void {
  address.setV6(readWord(bytes, at), readWord(bytes, at + 4), readWord(bytes, at + 8), readWord(bytes, at + 12));
}
