// GENEVE: RFC 8926, section 3.4.

import type { Cursor } from './cursor.ts';
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6, ETHERTYPE_TRANSPARENT_ETHERNET, enterEtherType } from './ether-types.ts';
import { holdsEthernet, holdsIpv4, holdsIpv6 } from './inner.ts';
import { Layer } from './layers.ts';

export const GENEVE_PORT = 6081;

const GENEVE_PROTOCOL = 2;
/** Without options, whose length in units of 4 bytes is in the low six bits of the first byte. */
const GENEVE_HEADER = 8;
const OPTION_LENGTH_MASK = 0x3f;
/** O and C are defined, six bits are reserved. */
const RESERVED_MASK = 0x3f;

const GENEVE = Layer.geneve;

/** Whether the UDP payload at `at` is GENEVE of version 0 with the beginning of an inner packet. */
export function isGeneve(c: Cursor): boolean {
  const { at, bytes, end } = c;
  if (end - at < GENEVE_HEADER) return false;
  if (bytes[at] >> 6 !== 0 || (bytes[at + 1] & RESERVED_MASK) !== 0 || bytes[at + 7] !== 0) return false;
  const inner = at + GENEVE_HEADER + (bytes[at] & OPTION_LENGTH_MASK) * 4;
  switch (c.view.getUint16(at + GENEVE_PROTOCOL)) {
    case ETHERTYPE_TRANSPARENT_ETHERNET:
      return holdsEthernet(c, inner);
    case ETHERTYPE_IPV4:
      return holdsIpv4(c, inner);
    case ETHERTYPE_IPV6:
      return holdsIpv6(c, inner);
    default:
      return false;
  }
}

export function decodeGeneve(c: Cursor): number {
  const at = c.at;
  const length = GENEVE_HEADER + (c.bytes[at] & OPTION_LENGTH_MASK) * 4;
  c.push(GENEVE, at, length);
  c.at = at + length;
  return enterEtherType(c, c.view.getUint16(at + GENEVE_PROTOCOL));
}
