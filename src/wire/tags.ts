// Tags between Ethernet and its content other than VLAN's: E-TAG (IEEE 802.1BR, 7.4), VN-Tag (Cisco), I-TAG of provider
// backbone bridges (IEEE 802.1Q, 9.7, first in 802.1ah). `at` is behind the EtherType that announced the tag.

import type { Cursor } from './cursor.ts';
import { enterTypeOrLength } from './ether-types.ts';
import { Layer } from './layers.ts';

const ETAG_HEADER = 8;
const VNTAG_HEADER = 6;
/** Flags and service id; the customer's own Ethernet header comes next. */
const PBB_HEADER = 4;

const ETAG = Layer.etag;
const VNTAG = Layer.vntag;
const PBB = Layer.ieee8021ah;
const ETH = Layer.eth;

export const decodeEtag = (c: Cursor): number => tag(c, ETAG, ETAG_HEADER);
export const decodeVntag = (c: Cursor): number => tag(c, VNTAG, VNTAG_HEADER);

export function decodePbb(c: Cursor): number {
  if (c.end - c.at < PBB_HEADER) return c.short(PBB, PBB_HEADER);
  c.push(PBB, c.at, PBB_HEADER);
  c.at += PBB_HEADER;
  return ETH;
}

/** The last two bytes are the EtherType of what follows. */
function tag(c: Cursor, layer: number, length: number): number {
  const at = c.at;
  if (c.end - at < length) return c.short(layer, length);
  c.push(layer, at, length);
  c.at = at + length;
  return enterTypeOrLength(c, c.view.getUint16(at + length - 2));
}
