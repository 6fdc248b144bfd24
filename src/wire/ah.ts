// IP authentication header: RFC 4302, section 2. The packet goes on behind it in the clear.

import { type Cursor, Fault } from './cursor.ts';
import { Layer } from './layers.ts';
import { enterProtocol } from './network.ts';

const AH_NEXT_HEADER = 0;
const AH_PAYLOAD_LENGTH = 1;
export const AH_SPI = 4;
const AH_HEADER = 12;

const AH = Layer.ah;

export function decodeAh(c: Cursor): number {
  const at = c.at;
  if (c.end - at < AH_HEADER) return c.short(AH, AH_HEADER);
  const length = (c.bytes[at + AH_PAYLOAD_LENGTH] + 2) * 4;
  if (length < AH_HEADER) return c.fail(Fault.malformed, AH, at + AH_PAYLOAD_LENGTH);
  if (c.end - at < length) return c.short(AH, length);
  c.push(AH, at, length);
  c.at = at + length;
  c.restIsPayload();
  return enterProtocol(c, c.bytes[at + AH_NEXT_HEADER]);
}
