// Is it OpenVPN? A client's first packet, which says little but is all of known length with zeros at its end.

import { u16 } from '../octets.ts';
import { authOctetsOf, isEncryptedReset, isFirstOctet, MAX_RESET_OCTETS } from './packets.ts';

const LENGTH_OCTETS = 2;

export function isOpenVpnDatagram(bytes: Uint8Array, from: number, to: number): boolean {
  return authOctetsOf(bytes, from, to) >= 0;
}

/** `tls-crypt`: the handshake is encrypted with a key that both have, and can not be read. */
export function isEncryptedOpenVpn(bytes: Uint8Array, from: number, to: number): boolean {
  return authOctetsOf(bytes, from, to) < 0 && isEncryptedReset(bytes, from, to);
}

/** The same over TCP, when the first packet has come whole. */
export function isEncryptedOpenVpnStream(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from < LENGTH_OCTETS) return false;
  const start = from + LENGTH_OCTETS;
  const end = start + u16(bytes, from);
  return to >= end && isEncryptedOpenVpn(bytes, start, end);
}

/** Can a stream that begins with this octet be OpenVPN's? Its first packet stands behind its length, which is short. */
export function beginsOpenVpnStream(first: number): boolean {
  return first <= MAX_RESET_OCTETS >> 8;
}

/** Over TCP the packet stands behind its length. */
export function probeOpenVpnStream(
  direction: number,
  bytes: Uint8Array,
  from: number,
  to: number,
): 'yes' | 'no' | 'more' {
  if (direction !== 0 || !beginsOpenVpnStream(bytes[from])) return 'no';
  if (to - from < LENGTH_OCTETS) return 'more';
  const start = from + LENGTH_OCTETS;
  const length = u16(bytes, from);
  if (length > MAX_RESET_OCTETS) return 'no';
  if (to < start + length) return to === start || isFirstOctet(bytes[start]) ? 'more' : 'no';
  const end = start + length;
  return authOctetsOf(bytes, start, end) >= 0 || isEncryptedReset(bytes, start, end) ? 'yes' : 'no';
}
