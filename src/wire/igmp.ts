// IGMP: RFC 9776 (version 3; its first 8 bytes hold for versions 1 and 2 too).

import type { Cursor } from './cursor.ts';
import { Layer } from './layers.ts';

export const IGMP_TYPE = 0;
export const IGMP_CHECKSUM = 2;
export const IGMP_GROUP = 4;
export const IGMP_HEADER = 8;

const IGMP = Layer.igmp;

export function decodeIgmp(c: Cursor): number {
  const at = c.at;
  if (c.end - at < IGMP_HEADER) return c.fragment ? 0 : c.short(IGMP, IGMP_HEADER);
  c.push(IGMP, at, IGMP_HEADER);
  c.transport = at;
  c.at = at + IGMP_HEADER;
  c.restIsPayload();
  return 0;
}
