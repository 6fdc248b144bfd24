// Solaris IP observability: LINKTYPE_IPNET in tcpdump.org's registry. An IP packet behind a header in network order.

import type { Cursor } from './cursor.ts';
import { Layer } from './layers.ts';
import { OTHER_FAMILY, other } from './other.ts';

const IPNET_FAMILY = 1;
/** Version, family, hook type (2), packet length, interface index, group interface index, source and destination zone. */
const IPNET_HEADER = 24;

/** AF_INET and AF_INET6 of Solaris. */
const FAMILY_INET = 2;
const FAMILY_INET6 = 26;

const IPNET = Layer.ipnet;
const IP = Layer.ip;
const IPV6 = Layer.ipv6;

export function decodeIpnet(c: Cursor): number {
  const at = c.at;
  if (c.end - at < IPNET_HEADER) return c.short(IPNET, IPNET_HEADER);
  c.push(IPNET, at, IPNET_HEADER);
  c.at = at + IPNET_HEADER;
  const family = c.bytes[at + IPNET_FAMILY];
  if (family === FAMILY_INET) return IP;
  return family === FAMILY_INET6 ? IPV6 : other(c, OTHER_FAMILY + family);
}
