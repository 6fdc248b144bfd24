// TCP: RFC 9293, section 3.1.

import type { Cursor } from './cursor.ts';
import { Layer } from './layers.ts';
import { brokenTransport, cutTransport, readPorts, shortTransport } from './ports.ts';

export const TCP_SEQUENCE = 4;
export const TCP_ACKNOWLEDGMENT = 8;
export const TCP_DATA_OFFSET = 12;
export const TCP_FLAGS = 13;
export const TCP_WINDOW = 14;
export const TCP_CHECKSUM = 16;
export const TCP_URGENT = 18;
/** Without options. */
export const TCP_HEADER = 20;

/** Bits of `tcpFlags`. */
export const TCP_FIN = 0x01;
export const TCP_SYN = 0x02;
export const TCP_RST = 0x04;
export const TCP_PSH = 0x08;
export const TCP_ACK = 0x10;
export const TCP_URG = 0x20;
export const TCP_ECE = 0x40;
export const TCP_CWR = 0x80;

const TCP = Layer.tcp;

export function decodeTcp(c: Cursor): number {
  const at = c.at;
  const captured = c.end - at;
  if (captured < TCP_HEADER) return shortTransport(c, TCP, TCP_HEADER);
  readPorts(c, at);
  c.transport = at;
  const headerLength = (c.bytes[at + TCP_DATA_OFFSET] >> 4) << 2;
  if (headerLength < TCP_HEADER) return brokenTransport(c, TCP, TCP_HEADER, at + TCP_DATA_OFFSET);
  if (headerLength > captured) return cutTransport(c, TCP, TCP_HEADER, headerLength, at + TCP_DATA_OFFSET);
  c.push(TCP, at, headerLength);
  c.at = at + headerLength;
  c.restIsPayload();
  return 0;
}

/** Sequence number; `offset` is that of the header, here and below. */
export const tcpSequence = (view: DataView, offset: number): number => view.getUint32(offset + TCP_SEQUENCE);
export const tcpAcknowledgment = (view: DataView, offset: number): number =>
  view.getUint32(offset + TCP_ACKNOWLEDGMENT);
export const tcpFlags = (view: DataView, offset: number): number => view.getUint8(offset + TCP_FLAGS);
/** As written, without the scale of the window scale option. */
export const tcpWindow = (view: DataView, offset: number): number => view.getUint16(offset + TCP_WINDOW);
export const tcpUrgentPointer = (view: DataView, offset: number): number => view.getUint16(offset + TCP_URGENT);
/** Header with options, in bytes; may be less than 20 in a malformed header. */
export const tcpHeaderLength = (view: DataView, offset: number): number =>
  (view.getUint8(offset + TCP_DATA_OFFSET) >> 4) << 2;
