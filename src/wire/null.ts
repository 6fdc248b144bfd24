// BSD loopback: an address family in four bytes. LINKTYPE_NULL has them in the order of the machine that captured,
// LINKTYPE_LOOP in network order; we take either for both, since the numbers are small.

import type { Cursor } from './cursor.ts';
import { enterEtherType, LENGTH_MAX } from './ether-types.ts';
import { Layer } from './layers.ts';
import { OTHER_FAMILY, other } from './other.ts';

const LOOPBACK_HEADER = 4;

/** AF_INET is 2 everywhere; AF_INET6 is 10 on Linux, 24 on NetBSD and OpenBSD, 28 on FreeBSD, 30 on macOS, 23 on Windows. */
const FAMILY_INET = 2;
const FAMILY_INET6_LINUX = 10;
const FAMILY_INET6_WINDOWS = 23;
const FAMILY_INET6_NETBSD = 24;
const FAMILY_INET6_FREEBSD = 28;
const FAMILY_INET6_MACOS = 30;

const NULL = Layer.null;
const LOOP = Layer.loop;
const IP = Layer.ip;
const IPV6 = Layer.ipv6;

export const decodeNull = (c: Cursor): number => loopback(c, NULL);
export const decodeLoop = (c: Cursor): number => loopback(c, LOOP);

function loopback(c: Cursor, layer: number): number {
  const at = c.at;
  if (c.end - at < LOOPBACK_HEADER) return c.short(layer, LOOPBACK_HEADER);
  c.push(layer, at, LOOPBACK_HEADER);
  c.at = at + LOOPBACK_HEADER;
  let family = c.view.getUint32(at);
  if (family > 0xffff) family = c.view.getUint32(at, true);
  switch (family) {
    case FAMILY_INET:
      return IP;
    case FAMILY_INET6_LINUX:
    case FAMILY_INET6_WINDOWS:
    case FAMILY_INET6_NETBSD:
    case FAMILY_INET6_FREEBSD:
    case FAMILY_INET6_MACOS:
      return IPV6;
    default:
      // Some writers put an EtherType there.
      return family > LENGTH_MAX && family <= 0xffff
        ? enterEtherType(c, family)
        : other(c, OTHER_FAMILY + (family & 0xffff));
  }
}
