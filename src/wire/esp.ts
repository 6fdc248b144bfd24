// IP encapsulating security payload: RFC 4303, section 2. Encrypted: decoding ends here.

import type { Cursor } from './cursor.ts';
import { Layer } from './layers.ts';

export const ESP_SPI = 0;
export const ESP_SEQUENCE = 4;
export const ESP_HEADER = 8;

const ESP = Layer.esp;

export function decodeEsp(c: Cursor): number {
  const at = c.at;
  if (c.end - at < ESP_HEADER) return c.fragment ? 0 : c.short(ESP, ESP_HEADER);
  c.push(ESP, at, ESP_HEADER);
  c.transport = at;
  c.at = at + ESP_HEADER;
  c.restIsPayload();
  return 0;
}
