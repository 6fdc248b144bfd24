// PPP over Ethernet, session stage: RFC 2516, section 4.

import { type Cursor, Fault } from './cursor.ts';
import { Layer } from './layers.ts';

const PPPOE_CODE = 1;
export const PPPOE_SESSION = 2;
const PPPOE_LENGTH = 4;
const PPPOE_HEADER = 6;
/** Version 1, type 1. */
const VERSION_TYPE = 0x11;
const CODE_SESSION_DATA = 0;

const PPPOE = Layer.pppoe;
const PPP = Layer.ppp;

export function decodePppoe(c: Cursor): number {
  const at = c.at;
  if (c.end - at < PPPOE_HEADER) return c.short(PPPOE, PPPOE_HEADER);
  if (c.bytes[at] !== VERSION_TYPE || c.bytes[at + PPPOE_CODE] !== CODE_SESSION_DATA) {
    return c.fail(Fault.malformed, PPPOE, at);
  }
  c.push(PPPOE, at, PPPOE_HEADER);
  c.at = at + PPPOE_HEADER;
  const wireEnd = c.at + c.view.getUint16(at + PPPOE_LENGTH);
  if (wireEnd < c.wireEnd) c.wireEnd = wireEnd;
  if (c.wireEnd < c.end) c.end = c.wireEnd;
  return PPP;
}
