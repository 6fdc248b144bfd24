// Cisco FabricPath, EtherType 0x8903: an Ethernet frame in front of another. The outer header looks like any Ethernet
// header, but its addresses name switches of the fabric (switch id, sub-switch id, port), not hosts; the inner frame's do.

import type { Cursor } from './cursor.ts';
import { Layer } from './layers.ts';

/** Forwarding tag in the high 10 bits, time to live in the low 6. */
const CFP_HEADER = 2;

const CFP = Layer.cfp;
const ETH = Layer.eth;

export function decodeFabricPath(c: Cursor): number {
  const at = c.at;
  if (c.end - at < CFP_HEADER) return c.short(CFP, CFP_HEADER);
  c.push(CFP, at, CFP_HEADER);
  c.at = at + CFP_HEADER;
  return ETH;
}
