// LISP data: RFC 9300, section 5. An IP packet over UDP.

import type { Cursor } from './cursor.ts';
import { holdsIpv4, holdsIpv6 } from './inner.ts';
import { IPV4_TOTAL_LENGTH } from './ipv4.ts';
import { IPV6_HEADER, IPV6_PAYLOAD_LENGTH } from './ipv6.ts';
import { Layer } from './layers.ts';

export const LISP_DATA_PORT = 4341;

const LISP_HEADER = 8;

/** N: nonce present. E: echo it, which needs N. V: map versions, which exclude both. R: reserved. */
const FLAG_NONCE = 0x80;
const FLAG_ECHO_NONCE = 0x20;
const FLAG_MAP_VERSION = 0x10;
const FLAG_RESERVED = 0x04;

const LISP = Layer['lisp-data'];
const IP = Layer.ip;
const IPV6 = Layer.ipv6;

/** Whether the UDP payload at `at` is LISP: flags that agree, and an inner packet that fits. */
export function isLisp(c: Cursor): boolean {
  const { at, bytes, view } = c;
  const inner = at + LISP_HEADER;
  const room = c.wireEnd - inner;
  if (holdsIpv6(c, inner)) {
    if (IPV6_HEADER + view.getUint16(inner + IPV6_PAYLOAD_LENGTH) > room) return false;
  } else if (!holdsIpv4(c, inner) || view.getUint16(inner + IPV4_TOTAL_LENGTH) > room) return false;
  const flags = bytes[at];
  const hasNonce = (flags & FLAG_NONCE) !== 0;
  if ((flags & FLAG_RESERVED) !== 0 || ((flags & FLAG_ECHO_NONCE) !== 0 && !hasNonce)) return false;
  return (flags & FLAG_MAP_VERSION) === 0 || !hasNonce;
}

export function decodeLisp(c: Cursor): number {
  const at = c.at;
  c.push(LISP, at, LISP_HEADER);
  c.at = at + LISP_HEADER;
  return c.bytes[c.at] >> 4 === 6 ? IPV6 : IP;
}
