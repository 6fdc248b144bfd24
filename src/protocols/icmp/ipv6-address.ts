// IPv6 addresses as packets carry them. The caller has checked the bounds.

import type { Address } from '../../records/address.ts';
import { u32 } from '../octets.ts';

/** Sets `address` to the 16 bytes at `at`. */
export function readV6(bytes: Uint8Array, at: number, address: Address): void {
  address.setV6(u32(bytes, at), u32(bytes, at + 4), u32(bytes, at + 8), u32(bytes, at + 12));
}
