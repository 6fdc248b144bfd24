// Is it OpenVPN? A client's first packet, which says little but is all of known length with zeros at its end.

import { authOctetsOf, isEncryptedReset } from './packets.ts';

const LENGTH_OCTETS = 2;
/** The longest first packet, with an HMAC of SHA-512. */
const MAX_RESET_OCTETS = 86;

export function isOpenVpnDatagram(bytes: Uint8Array, from: number, to: number): boolean {
  return authOctetsOf(bytes, from, to) >= 0;
}

/** `tls-crypt`: the handshake is encrypted with a key that both have, and can not be read. */
export function isEncryptedOpenVpn(bytes: Uint8Array, from: number, to: number): boolean {
  return authOctetsOf(bytes, from, to) < 0 && isEncryptedReset(bytes, from, to);
}

/** The same over TCP, where the first packet has come whole; with a wrapped key it is too long to be recognised there. */
export function isEncryptedOpenVpnStream(bytes: Uint8Array, from: number, to: number): boolean {
  const end = from + LENGTH_OCTETS + bytes[from + 1];
  return bytes[from] === 0 && to >= end && isEncryptedOpenVpn(bytes, from + LENGTH_OCTETS, end);
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
  const start = from + LENGTH_OCTETS;
  return authOctetsOf(bytes, start, end) >= 0 || isEncryptedReset(bytes, start, end) ? 'yes' : 'no';
}
