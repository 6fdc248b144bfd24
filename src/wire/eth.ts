// Ethernet II and IEEE 802.3 (clause 3). Trailers and padding do not matter: the network header says where its data ends.

import type { Cursor } from './cursor.ts';
import { enterTypeOrLength } from './ether-types.ts';
import { Layer } from './layers.ts';

export const ETH_DESTINATION = 0;
export const ETH_SOURCE = 6;
export const ETH_TYPE = 12;
export const ETH_HEADER = 14;

const ETH = Layer.eth;

export function decodeEth(c: Cursor): number {
  const at = c.at;
  if (c.end - at < ETH_HEADER) return c.short(ETH, ETH_HEADER);
  c.push(ETH, at, ETH_HEADER);
  c.ethernet = at;
  c.at = at + ETH_HEADER;
  return enterTypeOrLength(c, c.view.getUint16(at + ETH_TYPE));
}

/** A MAC address as an exact integer; `offset` is that of the address. */
export function macAt(view: DataView, offset: number): number {
  return view.getUint16(offset) * 0x100000000 + view.getUint32(offset + 2);
}
