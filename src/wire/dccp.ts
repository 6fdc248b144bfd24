// DCCP generic header: RFC 4340, section 5.1, with the short (X = 0) and the long sequence number.

import type { Cursor } from './cursor.ts';
import { Layer } from './layers.ts';
import { brokenTransport, cutTransport, readPorts, shortTransport } from './ports.ts';

export const DCCP_DATA_OFFSET = 4;
/** CCVal in the high four bits, CsCov in the low four. */
export const DCCP_COVERAGE = 5;
export const DCCP_CHECKSUM = 6;
export const DCCP_TYPE_X = 8;
const DCCP_SHORT_HEADER = 12;
const DCCP_LONG_HEADER = 16;

const DCCP = Layer.dccp;

export function decodeDccp(c: Cursor): number {
  const at = c.at;
  const captured = c.end - at;
  if (captured < DCCP_SHORT_HEADER) return shortTransport(c, DCCP, DCCP_SHORT_HEADER);
  readPorts(c, at);
  c.transport = at;
  const bytes = c.bytes;
  const least = (bytes[at + DCCP_TYPE_X] & 1) === 0 ? DCCP_SHORT_HEADER : DCCP_LONG_HEADER;
  const headerLength = bytes[at + DCCP_DATA_OFFSET] * 4;
  if (headerLength < least) return brokenTransport(c, DCCP, DCCP_SHORT_HEADER, at + DCCP_DATA_OFFSET);
  if (headerLength > captured) return cutTransport(c, DCCP, DCCP_SHORT_HEADER, headerLength, at + DCCP_DATA_OFFSET);
  c.push(DCCP, at, headerLength);
  c.at = at + headerLength;
  c.restIsPayload();
  return 0;
}

/** Packet type (request 0, response 1, data 2, …); `offset` is that of the header. */
export const dccpType = (view: DataView, offset: number): number => (view.getUint8(offset + DCCP_TYPE_X) >> 1) & 0x0f;
