// GTP-U version 1: 3GPP TS 29.281, section 5. Only user data (message 255, G-PDU) is a tunnel; signalling stays UDP payload.

import type { Cursor } from './cursor.ts';
import { holdsIpv4, holdsIpv6 } from './inner.ts';
import { IPV4_HEADER } from './ipv4.ts';
import { Layer } from './layers.ts';

export const GTPU_PORT = 2152;

const GTPU_MESSAGE_TYPE = 1;
const GTPU_LENGTH = 2;
const GTPU_TEID = 4;
const GTPU_HEADER = 8;
/** Sequence number (2), N-PDU number (1), next extension header type (1): there when any of E, S, PN is set. */
const GTPU_OPTIONAL = 4;
const GTPU_NEXT_EXTENSION = 11;

/** Version 1, protocol type GTP; the bit behind is spare. */
const VERSION_MASK = 0xf0;
const VERSION_1_GTP = 0x30;
const FLAG_EXTENSION = 0x04;
const FLAGS_OPTIONAL = 0x07;
const MESSAGE_G_PDU = 255;

const GTP = Layer.gtp;
const IP = Layer.ip;
const IPV6 = Layer.ipv6;

/** Length of the header at `at` when it is that of a G-PDU with a whole inner IP header behind it, else 0. */
export function gtpuHeaderLength(c: Cursor): number {
  const { at, bytes, end } = c;
  if (end - at < GTPU_HEADER + IPV4_HEADER) return 0;
  const flags = bytes[at];
  if ((flags & VERSION_MASK) !== VERSION_1_GTP || bytes[at + GTPU_MESSAGE_TYPE] !== MESSAGE_G_PDU) return 0;
  const sent = GTPU_HEADER + c.view.getUint16(at + GTPU_LENGTH);
  if (sent > c.wireEnd - at) return 0;
  let length = GTPU_HEADER;
  if ((flags & FLAGS_OPTIONAL) !== 0) {
    length += GTPU_OPTIONAL;
    let extension = (flags & FLAG_EXTENSION) !== 0 ? bytes[at + GTPU_NEXT_EXTENSION] : 0;
    // Each extension: its length in units of 4 bytes, content, the type of the next one in its last byte.
    while (extension !== 0) {
      const units = at + length < end ? bytes[at + length] : 0;
      length += units * 4;
      if (units === 0 || at + length > end) return 0;
      extension = bytes[at + length - 1];
    }
  }
  if (length + IPV4_HEADER > sent) return 0;
  return holdsIpv4(c, at + length) || holdsIpv6(c, at + length) ? length : 0;
}

export function decodeGtpu(c: Cursor): number {
  const at = c.at;
  const length = gtpuHeaderLength(c);
  c.push(GTP, at, length);
  c.at = at + length;
  const wireEnd = at + GTPU_HEADER + c.view.getUint16(at + GTPU_LENGTH);
  if (wireEnd < c.wireEnd) c.wireEnd = wireEnd;
  if (wireEnd < c.end) c.end = wireEnd;
  return c.bytes[c.at] >> 4 === 6 ? IPV6 : IP;
}

/** Tunnel endpoint identifier; `offset` is that of the header. */
export const gtpuTeid = (view: DataView, offset: number): number => view.getUint32(offset + GTPU_TEID);
