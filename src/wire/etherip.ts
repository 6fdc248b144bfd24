// EtherIP: RFC 3378, section 3. An Ethernet frame over IP.

import { type Cursor, Fault } from './cursor.ts';
import { Layer } from './layers.ts';

const ETHERIP_HEADER = 2;
/** Version 3 in the high four bits, the rest reserved. */
const ETHERIP_VERSION = 3;

const ETHERIP = Layer.etherip;
const ETH = Layer.eth;

export function decodeEtherip(c: Cursor): number {
  const at = c.at;
  if (c.end - at < ETHERIP_HEADER) return c.short(ETHERIP, ETHERIP_HEADER);
  if (c.bytes[at] >> 4 !== ETHERIP_VERSION) return c.fail(Fault.malformed, ETHERIP, at);
  c.push(ETHERIP, at, ETHERIP_HEADER);
  c.at = at + ETHERIP_HEADER;
  c.restIsPayload();
  return ETH;
}
