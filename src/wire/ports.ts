// What TCP, UDP, UDP-Lite, SCTP and DCCP share: their headers begin with the source port and the destination port.

import { type Cursor, Fault } from './cursor.ts';

export const SOURCE_PORT = 0;
export const DESTINATION_PORT = 2;

export function readPorts(c: Cursor, at: number): void {
  c.sourcePort = c.view.getUint16(at + SOURCE_PORT);
  c.destinationPort = c.view.getUint16(at + DESTINATION_PORT);
}

/**
 * Fewer than the `need` bytes of the fixed header are there: the ports count if they are among them.
 * In a first fragment this is nobody's fault: the rest of the header comes in the next.
 */
export function shortTransport(c: Cursor, layer: number, need: number): number {
  if (c.end - c.at >= 4) readPorts(c, c.at);
  const sent = c.wireEnd - c.at - need;
  noPayload(c, sent > 0 ? sent : 0);
  return c.fragment ? 0 : c.short(layer, need);
}

/** A header that contradicts itself, `length` bytes of it to note: the flow is counted, its content is not looked at. */
export function brokenTransport(c: Cursor, layer: number, length: number, fieldAt: number): number {
  c.push(layer, c.at, length);
  noPayload(c, 0);
  return c.fail(Fault.malformed, layer, fieldAt);
}

/**
 * A header of `need` bytes by its own length field at `fieldAt`, which goes on beyond the captured bytes: broken when that
 * much was never sent, `fixed` bytes of it being there.
 */
export function cutTransport(c: Cursor, layer: number, fixed: number, need: number, fieldAt: number): number {
  if (need > c.wireEnd - c.at && !c.fragment) return brokenTransport(c, layer, fixed, fieldAt);
  c.push(layer, c.at, c.end - c.at);
  const sent = c.wireEnd - c.at - need;
  noPayload(c, sent > 0 ? sent : 0);
  return c.fragment ? 0 : c.fail(Fault.cut, layer, c.end);
}

function noPayload(c: Cursor, sent: number): void {
  c.payload = c.end;
  c.payloadEnd = c.end;
  c.payloadLength = sent;
}
