// LINKTYPE_RAW: an IP packet and nothing before it; the version says which.

import { type Cursor, Fault } from './cursor.ts';
import { Layer } from './layers.ts';

const RAW = Layer.raw;
const IP = Layer.ip;
const IPV6 = Layer.ipv6;

export function decodeRaw(c: Cursor): number {
  const at = c.at;
  if (c.end === at) return c.short(RAW, 1);
  const version = c.bytes[at] >> 4;
  if (version !== 4 && version !== 6) return c.fail(Fault.malformed, RAW, at);
  c.push(RAW, at, 0);
  return version === 4 ? IP : IPV6;
}
