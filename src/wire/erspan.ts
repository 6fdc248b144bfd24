// ERSPAN types II and III behind GRE: draft-foschiano-erspan-03, sections 4.2 and 4.3.

import { type Cursor, Fault } from './cursor.ts';
import { Layer } from './layers.ts';
import { other } from './other.ts';

const ERSPAN_SESSION = 2;
const ERSPAN_II_HEADER = 8;
const ERSPAN_III_HEADER = 12;
/** Type III: P, FT, Hw ID, D, Gra, O in the last 16 bits. */
const ERSPAN_III_FLAGS = 10;
const SUBHEADER_PRESENT = 0x0001;
const PLATFORM_SUBHEADER = 8;

const SESSION_MASK = 0x03ff;
const FRAME_ETHERNET = 0;
const FRAME_IP = 2;

const ERSPAN = Layer.erspan;
const ETH = Layer.eth;
const IP = Layer.ip;
const IPV6 = Layer.ipv6;

export function decodeErspan(c: Cursor): number {
  const at = c.at;
  if (c.end - at < ERSPAN_II_HEADER) return c.short(ERSPAN, ERSPAN_II_HEADER);
  const version = c.bytes[at] >> 4;
  if (version === 1) {
    c.push(ERSPAN, at, ERSPAN_II_HEADER);
    c.at = at + ERSPAN_II_HEADER;
    return ETH;
  }
  if (version !== 2) return c.fail(Fault.malformed, ERSPAN, at);
  if (c.end - at < ERSPAN_III_HEADER) return c.short(ERSPAN, ERSPAN_III_HEADER);
  const flags = c.view.getUint16(at + ERSPAN_III_FLAGS);
  const length = ERSPAN_III_HEADER + ((flags & SUBHEADER_PRESENT) !== 0 ? PLATFORM_SUBHEADER : 0);
  if (c.end - at < length) return c.short(ERSPAN, length);
  c.push(ERSPAN, at, length);
  c.at = at + length;
  const frameType = (flags >> 10) & 0x1f;
  if (frameType === FRAME_ETHERNET) return ETH;
  if (frameType !== FRAME_IP || c.end === c.at) return other(c, 0x22eb);
  return c.bytes[c.at] >> 4 === 6 ? IPV6 : IP;
}

/** Session id; `offset` is that of the header. */
export const erspanSession = (view: DataView, offset: number): number =>
  view.getUint16(offset + ERSPAN_SESSION) & SESSION_MASK;
