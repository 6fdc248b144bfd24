// AYIYA (Anything In Anything): draft-massar-v6ops-ayiya-02, section 3. IPv6 over UDP behind an identity and a signature.

import type { Cursor } from './cursor.ts';
import { holdsIpv6 } from './inner.ts';
import { PROTOCOL_IPV6 } from './ip-protocols.ts';
import { Layer } from './layers.ts';

export const AYIYA_PORT = 5072;

/** High four bits: length of the identity as a power of two. */
const AYIYA_IDENTITY_LENGTH = 0;
/** High four bits: length of the signature in words. */
const AYIYA_SIGNATURE_LENGTH = 1;
/** Low four bits. */
const AYIYA_OPERATION = 2;
const AYIYA_NEXT_HEADER = 3;
/** Four bytes of lengths and kinds, the time (4); identity and signature come in addition. */
const AYIYA_FIXED = 8;
const OPERATION_FORWARD = 1;
const OPERATION_ECHO_AND_FORWARD = 3;

const AYIYA = Layer.ayiya;
const IPV6 = Layer.ipv6;

/** Length of the header at `at` when it forwards an IPv6 packet whose header is there, else 0. */
export function ayiyaHeaderLength(c: Cursor): number {
  const { at, bytes, end } = c;
  if (end - at < AYIYA_FIXED || bytes[at + AYIYA_NEXT_HEADER] !== PROTOCOL_IPV6) return 0;
  const operation = bytes[at + AYIYA_OPERATION] & 0x0f;
  if (operation !== OPERATION_FORWARD && operation !== OPERATION_ECHO_AND_FORWARD) return 0;
  const identity = 1 << (bytes[at + AYIYA_IDENTITY_LENGTH] >> 4);
  const signature = (bytes[at + AYIYA_SIGNATURE_LENGTH] >> 4) * 4;
  const length = AYIYA_FIXED + identity + signature;
  return holdsIpv6(c, at + length) ? length : 0;
}

export function decodeAyiya(c: Cursor): number {
  const at = c.at;
  const length = ayiyaHeaderLength(c);
  c.push(AYIYA, at, length);
  c.at = at + length;
  return IPV6;
}
