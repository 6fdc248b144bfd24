// L2TP. Version 2 over UDP: RFC 2661, section 3.1, whose data messages carry PPP. Version 3 over IP: RFC 3931,
// section 4.1.1, whose cookie and sublayer are agreed out of band, so that decoding ends at its header.

import type { Cursor } from './cursor.ts';
import { PROTOCOL_L2TP } from './ip-protocols.ts';
import { Layer } from './layers.ts';

export const L2TP_PORT = 1701;

const FLAG_CONTROL = 0x8000;
const FLAG_LENGTH = 0x4000;
const FLAG_SEQUENCE = 0x0800;
const FLAG_OFFSET = 0x0200;
const RESERVED_MASK = 0x34f0;
const VERSION_MASK = 0x000f;
const L2TP_LENGTH = 2;
const L2TPV3_HEADER = 4;

const L2TP = Layer.l2tp;
const PPP = Layer.ppp;

/** Length of the header at `at` when it is that of a version 2 data message with a PPP frame behind it, else 0. */
export function l2tpHeaderLength(c: Cursor): number {
  const { at, end, view } = c;
  if (end - at < 6) return 0;
  const flags = view.getUint16(at);
  if ((flags & (FLAG_CONTROL | RESERVED_MASK)) !== 0 || (flags & VERSION_MASK) !== 2) return 0;
  // Tunnel id and session id are always there.
  let length = 2 + 4;
  if ((flags & FLAG_LENGTH) !== 0) {
    length += 2;
    const sent = view.getUint16(at + L2TP_LENGTH);
    if (sent > c.wireEnd - at || sent < length) return 0;
  }
  if ((flags & FLAG_SEQUENCE) !== 0) length += 4;
  if ((flags & FLAG_OFFSET) !== 0) {
    if (end - at < length + 2) return 0;
    length += 2 + view.getUint16(at + length);
  }
  return end - at >= length + 2 ? length : 0;
}

export function decodeL2tp(c: Cursor): number {
  const at = c.at;
  // Over UDP the header has been checked.
  if (c.protocol === PROTOCOL_L2TP) return decodeL2tpV3(c);
  const length = l2tpHeaderLength(c);
  c.push(L2TP, at, length);
  c.at = at + length;
  if ((c.view.getUint16(at) & FLAG_LENGTH) !== 0) {
    const wireEnd = at + c.view.getUint16(at + L2TP_LENGTH);
    if (wireEnd >= c.at && wireEnd < c.wireEnd) c.wireEnd = wireEnd;
    if (c.wireEnd < c.end) c.end = c.wireEnd;
  }
  return PPP;
}

function decodeL2tpV3(c: Cursor): number {
  const at = c.at;
  if (c.end - at < L2TPV3_HEADER) return c.short(L2TP, L2TPV3_HEADER);
  c.push(L2TP, at, L2TPV3_HEADER);
  c.transport = at;
  c.at = at + L2TPV3_HEADER;
  c.restIsPayload();
  return 0;
}

/** Tunnel id in the high, session id in the low 16 bits (version 2); `offset` is that of the header. */
export function l2tpSession(view: DataView, offset: number): number {
  return view.getUint32(offset + ((view.getUint16(offset) & FLAG_LENGTH) !== 0 ? 4 : 2));
}
