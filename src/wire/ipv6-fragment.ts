// IPv6 fragment header: RFC 8200, section 4.5; atomic fragments (offset 0, nothing more to come): RFC 6946.

import type { Cursor } from './cursor.ts';
import { IPV6_NEXT_HEADER } from './ipv6.ts';
import { EXTENSION_NEXT_HEADER } from './ipv6-extensions.ts';
import { Layer } from './layers.ts';
import { enterProtocol } from './network.ts';

const FRAGMENT_OFFSET = 2;
const FRAGMENT_IDENTIFICATION = 4;
const FRAGMENT_HEADER = 8;
const OFFSET_MASK = 0xfff8;
const MORE_FRAGMENTS = 1;

const FRAGHDR = Layer['ipv6.fraghdr'];
const IPV6 = Layer.ipv6;

export function decodeIpv6Fragment(c: Cursor): number {
  const at = c.at;
  if (c.end - at < FRAGMENT_HEADER) return c.short(FRAGHDR, FRAGMENT_HEADER);
  const before = c.depth - 1;
  const namedAt = c.offsets[before] + (c.layers[before] === IPV6 ? IPV6_NEXT_HEADER : EXTENSION_NEXT_HEADER);
  c.push(FRAGHDR, at, FRAGMENT_HEADER);
  c.at = at + FRAGMENT_HEADER;
  c.restIsPayload();
  const offset = c.view.getUint16(at + FRAGMENT_OFFSET);
  const next = c.bytes[at + EXTENSION_NEXT_HEADER];
  // An atomic fragment is a whole packet: it is not a fragment to anyone behind us.
  if ((offset & (OFFSET_MASK | MORE_FRAGMENTS)) === 0) return enterProtocol(c, next);
  c.fragment = true;
  c.moreFragments = (offset & MORE_FRAGMENTS) !== 0;
  c.fragmentOffset = offset & OFFSET_MASK;
  c.fragmentId = c.view.getUint32(at + FRAGMENT_IDENTIFICATION);
  c.fragmentData = c.at;
  c.fragmentNextHeaderAt = namedAt;
  c.unfragmentable = at - c.network;
  if (c.fragmentOffset === 0) return enterProtocol(c, next);
  c.protocol = next;
  return 0;
}
