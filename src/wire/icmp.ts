// ICMP: RFC 792; ICMPv6: RFC 4443. The packet that an error quotes is payload, never a layer.

import type { Cursor } from './cursor.ts';
import { Layer } from './layers.ts';

export const ICMP_TYPE = 0;
export const ICMP_CODE = 1;
export const ICMP_CHECKSUM = 2;
/** Identifier of echo messages. */
export const ICMP_IDENTIFIER = 4;
export const ICMP_SEQUENCE = 6;
export const ICMP_HEADER = 8;

const ICMP = Layer.icmp;
const ICMPV6 = Layer.icmpv6;

export const decodeIcmp = (c: Cursor): number => message(c, ICMP);
export const decodeIcmpv6 = (c: Cursor): number => message(c, ICMPV6);

function message(c: Cursor, layer: number): number {
  const at = c.at;
  if (c.end - at < ICMP_HEADER) return c.fragment ? 0 : c.short(layer, ICMP_HEADER);
  c.push(layer, at, ICMP_HEADER);
  c.transport = at;
  c.at = at + ICMP_HEADER;
  c.restIsPayload();
  return 0;
}

/** Type of the message; `offset` is that of the header, here and below. */
export const icmpType = (view: DataView, offset: number): number => view.getUint8(offset + ICMP_TYPE);
export const icmpCode = (view: DataView, offset: number): number => view.getUint8(offset + ICMP_CODE);
export const icmpIdentifier = (view: DataView, offset: number): number => view.getUint16(offset + ICMP_IDENTIFIER);
export const icmpSequence = (view: DataView, offset: number): number => view.getUint16(offset + ICMP_SEQUENCE);
