// Is it OpenVPN? A client's first packet, which says little but is all of known length with zeros at its end.

import { authOctetsOf } from './packets.ts';

const LENGTH_OCTETS = 2;
/** The longest first packet, with an HMAC of SHA-512. */
const MAX_RESET_OCTETS = 86;

export function isOpenVpnDatagram(bytes: Uint8Array, from: number, to: number): boolean {
  return authOctetsOf(bytes, from, to) >= 0;
}

/** Over TCP the packet stands behind its length. */
export function probeOpenVpnStream(
  direction: number,
  bytes: Uint8Array,
  from: number,
  to: number,
): 'yes' | 'no' | 'more' {
  if (direction !== 0 || bytes[from] !== 0) return 'no';
  if (to - from < LENGTH_OCTETS) return 'more';
  const length = bytes[from + 1];
  if (length > MAX_RESET_OCTETS) return 'no';
  const end = from + LENGTH_OCTETS + length;
  if (to < end) return to === from + LENGTH_OCTETS || bytes[from + LENGTH_OCTETS] === 0x38 ? 'more' : 'no';
  return authOctetsOf(bytes, from + LENGTH_OCTETS, end) >= 0 ? 'yes' : 'no';
}
