// Network service header: RFC 8300, section 2.

import { type Cursor, Fault } from './cursor.ts';
import { Layer } from './layers.ts';
import { other } from './other.ts';

const NSH_LENGTH = 1;
const NSH_NEXT_PROTOCOL = 3;
const NSH_SERVICE_PATH = 4;
/** Base header and service path header. */
export const NSH_HEADER = 8;

const NEXT_IPV4 = 1;
const NEXT_IPV6 = 2;
const NEXT_ETHERNET = 3;
const NEXT_NSH = 4;
const NEXT_MPLS = 5;

const NSH = Layer.nsh;
const IP = Layer.ip;
const IPV6 = Layer.ipv6;
const ETH = Layer.eth;
const MPLS = Layer.mpls;

export function decodeNsh(c: Cursor): number {
  const at = c.at;
  const bytes = c.bytes;
  if (c.end - at < NSH_HEADER) return c.short(NSH, NSH_HEADER);
  const length = (bytes[at + NSH_LENGTH] & 0x3f) * 4;
  if (bytes[at] >> 6 !== 0 || length < NSH_HEADER) return c.fail(Fault.malformed, NSH, at);
  if (c.end - at < length) return c.short(NSH, length);
  c.push(NSH, at, length);
  c.at = at + length;
  switch (bytes[at + NSH_NEXT_PROTOCOL]) {
    case NEXT_IPV4:
      return IP;
    case NEXT_IPV6:
      return IPV6;
    case NEXT_ETHERNET:
      return ETH;
    case NEXT_NSH:
      return NSH;
    case NEXT_MPLS:
      return MPLS;
    default:
      return other(c, 0x894f);
  }
}

/** Service path identifier (24 bits) and service index (8 bits); `offset` is that of the header. */
export const nshServicePath = (view: DataView, offset: number): number => view.getUint32(offset + NSH_SERVICE_PATH);
