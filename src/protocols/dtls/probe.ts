// Is it DTLS? A record of epoch 0 with a hello whose fragment fits.

import { u16, u24 } from '../octets.ts';
import { CLIENT_HELLO, CONTENT_HANDSHAKE, HELLO_VERIFY_REQUEST, SERVER_HELLO } from '../tls/codes.ts';
import { MAX_MESSAGE_OCTETS } from '../tls/message-reader.ts';
import { FRAGMENT_HEADER_OCTETS } from './fragments.ts';
import { isClear, recordAt, recordsFrom } from './records.ts';

const HELLOS: ReadonlySet<number> = new Set([CLIENT_HELLO, SERVER_HELLO, HELLO_VERIFY_REQUEST]);
/** RFC 8489 section 5: what a STUN message has behind its type and length. */
const STUN_COOKIE = [0x21, 0x12, 0xa4, 0x42] as const;
const STUN_COOKIE_AT = 4;

export function isDtls(bytes: Uint8Array, from: number, to: number): boolean {
  const start = recordsFrom(bytes, from, to);
  if (start >= to) return false;
  const record = recordAt(bytes, start, to, undefined);
  if (record === undefined || record.type !== CONTENT_HANDSHAKE || !isClear(record)) return false;
  const at = record.from;
  if (record.to - at < FRAGMENT_HEADER_OCTETS || !HELLOS.has(bytes[at])) return false;
  const length = u24(bytes, at + 1);
  const fragment = u24(bytes, at + 9);
  return (
    fragment + FRAGMENT_HEADER_OCTETS <= record.length &&
    u24(bytes, at + 6) + fragment <= length &&
    length <= MAX_MESSAGE_OCTETS &&
    isHelloVersion(bytes, at, record.to)
  );
}

/** A first fragment begins with the version (RFC 6347 section 4.3.2). */
function isHelloVersion(bytes: Uint8Array, at: number, to: number): boolean {
  const body = at + FRAGMENT_HEADER_OCTETS;
  if (u24(bytes, at + 6) !== 0 || body + 2 > to) return true;
  const version = u16(bytes, body);
  return version >> 8 === 0xfe || version === 0x0100;
}

/** STUN finds the way that DTLS then takes (RFC 5764 section 5.1.2, RFC 8445). */
export function isStun(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from < STUN_COOKIE_AT + STUN_COOKIE.length || (bytes[from] & 0xc0) !== 0) return false;
  return STUN_COOKIE.every((octet, i) => bytes[from + STUN_COOKIE_AT + i] === octet);
}
