// SCTP common header: RFC 9260, section 3.1. The chunks behind it are payload.

import type { Cursor } from './cursor.ts';
import { Layer } from './layers.ts';
import { readPorts, shortTransport } from './ports.ts';

export const SCTP_VERIFICATION_TAG = 4;
export const SCTP_CHECKSUM = 8;
export const SCTP_HEADER = 12;

const SCTP = Layer.sctp;

export function decodeSctp(c: Cursor): number {
  const at = c.at;
  if (c.end - at < SCTP_HEADER) return shortTransport(c, SCTP, SCTP_HEADER);
  readPorts(c, at);
  c.transport = at;
  c.push(SCTP, at, SCTP_HEADER);
  c.at = at + SCTP_HEADER;
  c.restIsPayload();
  return 0;
}

/** Verification tag; `offset` is that of the header. */
export const sctpVerificationTag = (view: DataView, offset: number): number =>
  view.getUint32(offset + SCTP_VERIFICATION_TAG);
