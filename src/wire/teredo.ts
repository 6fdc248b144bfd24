// Teredo: RFC 4380, section 5.1.1. IPv6 over UDP, optionally behind an authentication and an origin indication.

import type { Cursor } from './cursor.ts';
import { holdsIpv6 } from './inner.ts';
import { IPV6_HEADER, IPV6_PAYLOAD_LENGTH } from './ipv6.ts';
import { Layer } from './layers.ts';

export const TEREDO_PORT = 3544;

const INDICATOR_ORIGIN = 0x0000;
const INDICATOR_AUTHENTICATION = 0x0001;
const ORIGIN_LENGTH = 8;
const CLIENT_ID_LENGTH = 2;
const AUTHENTICATION_LENGTH = 3;
/** Indicator, the two lengths, nonce (8), confirmation (1); client id and authentication value come in addition. */
const AUTHENTICATION_FIXED = 13;

const TEREDO = Layer.teredo;
const IPV6 = Layer.ipv6;

/** Bytes before the IPv6 header when the UDP payload at `at` is Teredo with a whole IPv6 header that fits, else -1. */
export function teredoHeaderLength(c: Cursor): number {
  const { at, bytes, end, view } = c;
  let inner = at;
  if (end - inner >= AUTHENTICATION_FIXED && view.getUint16(inner) === INDICATOR_AUTHENTICATION) {
    inner += AUTHENTICATION_FIXED + bytes[inner + CLIENT_ID_LENGTH] + bytes[inner + AUTHENTICATION_LENGTH];
  }
  if (end - inner >= ORIGIN_LENGTH && view.getUint16(inner) === INDICATOR_ORIGIN) inner += ORIGIN_LENGTH;
  if (!holdsIpv6(c, inner)) return -1;
  const payloadLength = view.getUint16(inner + IPV6_PAYLOAD_LENGTH);
  return IPV6_HEADER + payloadLength <= c.wireEnd - inner ? inner - at : -1;
}

export function decodeTeredo(c: Cursor): number {
  const at = c.at;
  const length = teredoHeaderLength(c);
  c.push(TEREDO, at, length);
  c.at = at + length;
  return IPV6;
}
