// IPv6 extension headers of the common form (RFC 6564): next header, length in units of 8 bytes without the first 8.
// Hop-by-hop, routing and destination options: RFC 8200, section 4; mobility: RFC 6275; HIP: RFC 7401; shim6: RFC 5533.

import type { Cursor } from './cursor.ts';
import { PROTOCOL_HIP, PROTOCOL_MOBILITY, PROTOCOL_NONE, PROTOCOL_SHIM6 } from './ip-protocols.ts';
import { Layer } from './layers.ts';
import { enterProtocol } from './network.ts';

export const EXTENSION_NEXT_HEADER = 0;
export const EXTENSION_LENGTH = 1;
export const EXTENSION_HEADER = 8;

const HOPOPTS = Layer['ipv6.hopopts'];
const ROUTING = Layer['ipv6.routing'];
const DSTOPTS = Layer['ipv6.dstopts'];
const MOBILITY = Layer['ipv6.mobility'];
const HIP = Layer['ipv6.hip'];
const SHIM6 = Layer['ipv6.shim6'];

export const decodeHopByHop = (c: Cursor): number => extension(c, HOPOPTS);
export const decodeRouting = (c: Cursor): number => extension(c, ROUTING);
export const decodeDestinationOptions = (c: Cursor): number => extension(c, DSTOPTS);
export const decodeMobility = (c: Cursor): number => message(c, MOBILITY, PROTOCOL_MOBILITY);
export const decodeHip = (c: Cursor): number => message(c, HIP, PROTOCOL_HIP);
export const decodeShim6 = (c: Cursor): number => message(c, SHIM6, PROTOCOL_SHIM6);

function extension(c: Cursor, layer: number): number {
  const at = c.at;
  if (c.end - at < EXTENSION_HEADER) return c.short(layer, EXTENSION_HEADER);
  const length = EXTENSION_HEADER + c.bytes[at + EXTENSION_LENGTH] * 8;
  if (c.end - at < length) return c.short(layer, length);
  c.push(layer, at, length);
  c.at = at + length;
  c.restIsPayload();
  return enterProtocol(c, c.bytes[at + EXTENSION_NEXT_HEADER]);
}

/** These are messages in the form of an extension header: mostly nothing follows, and then they are what the packet is. */
function message(c: Cursor, layer: number, protocol: number): number {
  const at = c.at;
  const next = extension(c, layer);
  if (c.fault !== 0 || c.protocol !== PROTOCOL_NONE) return next;
  c.protocol = protocol;
  c.transport = at;
  return 0;
}
