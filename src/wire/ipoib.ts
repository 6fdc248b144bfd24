// IP over InfiniBand: LINKTYPE_IPOIB in tcpdump.org's registry; encapsulation: RFC 4391, section 6.

import type { Cursor } from './cursor.ts';
import { enterEtherType } from './ether-types.ts';
import { Layer } from './layers.ts';

/** InfiniBand's global routing header, whose fields mean nothing without the network around them. */
const GLOBAL_ROUTING_HEADER = 40;
const IPOIB_TYPE = GLOBAL_ROUTING_HEADER;
/** EtherType and two reserved bytes. */
const IPOIB_HEADER = GLOBAL_ROUTING_HEADER + 4;

const IPOIB = Layer.ipoib;

export function decodeIpoib(c: Cursor): number {
  const at = c.at;
  if (c.end - at < IPOIB_HEADER) return c.short(IPOIB, IPOIB_HEADER);
  c.push(IPOIB, at, IPOIB_HEADER);
  c.at = at + IPOIB_HEADER;
  return enterEtherType(c, c.view.getUint16(at + IPOIB_TYPE));
}
