// Cisco HDLC: RFC 1547, section 4.3.1. An address (unicast, broadcast), a zero, an EtherType.

import type { Cursor } from './cursor.ts';
import { enterEtherType } from './ether-types.ts';
import { Layer } from './layers.ts';

const CHDLC_UNICAST = 0x0f;
const CHDLC_BROADCAST = 0x8f;
const CHDLC_TYPE = 2;
const CHDLC_HEADER = 4;

const CHDLC = Layer.chdlc;

/** Serial interfaces name one link type for PPP and Cisco HDLC; an address of the latter begins no PPP frame. */
export function isChdlc(c: Cursor): boolean {
  if (c.end === c.at) return false;
  const address = c.bytes[c.at];
  return address === CHDLC_UNICAST || address === CHDLC_BROADCAST;
}

export function decodeChdlc(c: Cursor): number {
  const at = c.at;
  if (c.end - at < CHDLC_HEADER) return c.short(CHDLC, CHDLC_HEADER);
  c.push(CHDLC, at, CHDLC_HEADER);
  c.at = at + CHDLC_HEADER;
  return enterEtherType(c, c.view.getUint16(at + CHDLC_TYPE));
}
