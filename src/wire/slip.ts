// LINKTYPE_SLIP: 16 bytes of direction and header compression before the packet, as it was before compression
// (tcpdump.org's registry; RFC 1144, section 3.2). A compressed TCP header needs the connection's history: left alone.

import type { Cursor } from './cursor.ts';
import { Layer } from './layers.ts';
import { OTHER_LINKTYPE, other } from './other.ts';

const SLIP_TYPE = 1;
const SLIP_HEADER = 16;
const TYPE_COMPRESSED_TCP = 0x80;
const LINKTYPE_SLIP = 8;

const SLIP = Layer.slip;
const RAW = Layer.raw;

export function decodeSlip(c: Cursor): number {
  const at = c.at;
  if (c.end - at < SLIP_HEADER) return c.short(SLIP, SLIP_HEADER);
  c.push(SLIP, at, SLIP_HEADER);
  c.at = at + SLIP_HEADER;
  return (c.bytes[at + SLIP_TYPE] & TYPE_COMPRESSED_TCP) !== 0 ? other(c, OTHER_LINKTYPE + LINKTYPE_SLIP) : RAW;
}
