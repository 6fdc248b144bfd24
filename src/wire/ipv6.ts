// IPv6: RFC 8200, section 3; jumbograms: RFC 2675.

import { type Cursor, Fault } from './cursor.ts';
import { PROTOCOL_HOP_BY_HOP, PROTOCOL_NONE } from './ip-protocols.ts';
import { Layer } from './layers.ts';
import { enterNetwork, enterProtocol } from './network.ts';

export const IPV6_PAYLOAD_LENGTH = 4;
export const IPV6_NEXT_HEADER = 6;
export const IPV6_HOP_LIMIT = 7;
export const IPV6_SOURCE = 8;
export const IPV6_DESTINATION = 24;
export const IPV6_HEADER = 40;

const OPTION_PAD1 = 0;
/** RFC 2675, section 2. */
const OPTION_JUMBO = 0xc2;

const IPV6 = Layer.ipv6;

export function decodeIpv6(c: Cursor): number {
  const at = c.at;
  if (c.end - at < IPV6_HEADER) return c.short(IPV6, IPV6_HEADER);
  const bytes = c.bytes;
  if (bytes[at] >> 4 !== 6) return c.fail(Fault.malformed, IPV6, at);
  const data = at + IPV6_HEADER;
  const next = bytes[at + IPV6_NEXT_HEADER];
  const payloadLength = c.view.getUint16(at + IPV6_PAYLOAD_LENGTH);
  let wireEnd = data + payloadLength;
  if (payloadLength === 0 && next !== PROTOCOL_NONE) {
    // A jumbogram, or segmentation left to the network card, which has not written the length yet.
    const jumbo = next === PROTOCOL_HOP_BY_HOP ? jumboLength(c, data) : 0;
    wireEnd = jumbo === 0 ? c.wireEnd : data + jumbo;
    if (wireEnd > c.wireEnd) return c.fail(Fault.malformed, IPV6, data);
  }
  enterNetwork(c, at, 6);
  c.push(IPV6, at, IPV6_HEADER);
  c.at = data;
  c.wireEnd = wireEnd;
  if (wireEnd < c.end) c.end = wireEnd;
  c.restIsPayload();
  return enterProtocol(c, next);
}

/** Value of the jumbo payload option in the hop-by-hop header at `at`, 0 when there is none. */
function jumboLength(c: Cursor, at: number): number {
  const { bytes, view, end: captured } = c;
  if (captured - at < 8) return 0;
  const stop = Math.min(captured, at + 8 + bytes[at + 1] * 8);
  for (let option = at + 2; option + 6 <= stop; ) {
    const type = bytes[option];
    if (type === OPTION_JUMBO && bytes[option + 1] === 4) return view.getUint32(option + 2);
    option += type === OPTION_PAD1 ? 1 : 2 + bytes[option + 1];
  }
  return 0;
}

/** Hop limit; `offset` is that of the header, here and below. */
export const ipv6HopLimit = (view: DataView, offset: number): number => view.getUint8(offset + IPV6_HOP_LIMIT);
export const ipv6Dscp = (view: DataView, offset: number): number => (view.getUint16(offset) >> 6) & 0x3f;
export const ipv6Ecn = (view: DataView, offset: number): number => (view.getUint16(offset) >> 4) & 3;
export const ipv6FlowLabel = (view: DataView, offset: number): number => view.getUint32(offset) & 0xfffff;
