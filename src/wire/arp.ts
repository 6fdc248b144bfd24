// ARP: RFC 826; RARP, the same format: RFC 903. Read by whoever asks for it; decoding ends here.

import type { Cursor } from './cursor.ts';
import { Layer } from './layers.ts';

export const ARP_HARDWARE_TYPE = 0;
export const ARP_PROTOCOL_TYPE = 2;
export const ARP_HARDWARE_LENGTH = 4;
export const ARP_PROTOCOL_LENGTH = 5;
export const ARP_OPERATION = 6;
/** Sender hardware, sender protocol, target hardware, target protocol address follow. */
export const ARP_HEADER = 8;

const ARP = Layer.arp;

export function decodeArp(c: Cursor): number {
  const at = c.at;
  if (c.end - at < ARP_HEADER) return c.short(ARP, ARP_HEADER);
  const addresses = 2 * (c.bytes[at + ARP_HARDWARE_LENGTH] + c.bytes[at + ARP_PROTOCOL_LENGTH]);
  if (c.end - at < ARP_HEADER + addresses) return c.short(ARP, ARP_HEADER + addresses);
  c.push(ARP, at, ARP_HEADER + addresses);
  if (c.ipVersion === 0) c.restIsPayload();
  return 0;
}
