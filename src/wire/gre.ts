// GRE. Version 0: RFC 2784 with the key and sequence number of RFC 2890 and the routing of RFC 1701, section 2;
// NVGRE: RFC 7637, section 3.2; over UDP: RFC 8086. Version 1: PPTP, RFC 2637, section 4.1.

import { type Cursor, Fault } from './cursor.ts';
import {
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  ETHERTYPE_PPP,
  ETHERTYPE_TRANSPARENT_ETHERNET,
  enterEtherType,
} from './ether-types.ts';
import { holdsEthernet, holdsIpv4, holdsIpv6 } from './inner.ts';
import { PROTOCOL_GRE } from './ip-protocols.ts';
import { Layer } from './layers.ts';

export const GRE_UDP_PORT = 4754;

export const GRE_PROTOCOL = 2;
export const GRE_HEADER = 4;

const CHECKSUM_PRESENT = 0x8000;
const ROUTING_PRESENT = 0x4000;
const KEY_PRESENT = 0x2000;
const SEQUENCE_PRESENT = 0x1000;
const ACKNOWLEDGMENT_PRESENT = 0x0080;
const VERSION_MASK = 0x0007;

/** ERSPAN types I and II; without a sequence number it is type I, which has no header of its own. */
const PROTOCOL_ERSPAN = 0x88be;
const PROTOCOL_ERSPAN_III = 0x22eb;
/** Cisco's web cache protocol: an IPv4 packet, in version 2 behind four bytes of its own. */
const PROTOCOL_WCCP = 0x883e;
const WCCP_HEADER = 4;

/** Bits that RFC 2784 and RFC 2890 leave for nothing, and the version. */
const UNUSED_MASK = 0x4fff;

const GRE = Layer.gre;
const ERSPAN = Layer.erspan;
const ETH = Layer.eth;
const IP = Layer.ip;
const PPP = Layer.ppp;

/** Whether the UDP payload at `at` is GRE version 0 with the beginning of an inner packet that we know. */
export function isGreInUdp(c: Cursor): boolean {
  const { at, end, view } = c;
  if (end - at < GRE_HEADER) return false;
  const flags = view.getUint16(at);
  if ((flags & UNUSED_MASK) !== 0) return false;
  const inner = at + headerLength(flags);
  switch (view.getUint16(at + GRE_PROTOCOL)) {
    case ETHERTYPE_IPV4:
      return holdsIpv4(c, inner);
    case ETHERTYPE_IPV6:
      return holdsIpv6(c, inner);
    case ETHERTYPE_TRANSPARENT_ETHERNET:
      return holdsEthernet(c, inner);
    default:
      return false;
  }
}

export function decodeGre(c: Cursor): number {
  const at = c.at;
  if (c.end - at < GRE_HEADER) return c.short(GRE, GRE_HEADER);
  const flags = c.view.getUint16(at);
  const version = flags & VERSION_MASK;
  if (version === 1) return decodePptp(c, flags);
  if (version !== 0) return c.fail(Fault.malformed, GRE, at);

  let length = headerLength(flags);
  if ((flags & ROUTING_PRESENT) !== 0) length = behindRouting(c, at, length);
  if (c.end - at < length) return c.short(GRE, length);
  c.push(GRE, at, length);
  c.at = at + length;
  // Over UDP the flow, and with it the payload, is UDP's.
  if (c.protocol === PROTOCOL_GRE) c.restIsPayload();

  const protocol = c.view.getUint16(at + GRE_PROTOCOL);
  switch (protocol) {
    case PROTOCOL_ERSPAN:
      return (flags & SEQUENCE_PRESENT) !== 0 ? ERSPAN : ETH;
    case PROTOCOL_ERSPAN_III:
      return ERSPAN;
    case PROTOCOL_WCCP:
      if (c.end - c.at > WCCP_HEADER && c.bytes[c.at] >> 4 !== 4) c.at += WCCP_HEADER;
      return IP;
    default:
      return enterEtherType(c, protocol);
  }
}

/** Of version 0, without source routes. */
function headerLength(flags: number): number {
  let length = GRE_HEADER;
  if ((flags & (CHECKSUM_PRESENT | ROUTING_PRESENT)) !== 0) length += 4;
  if ((flags & KEY_PRESENT) !== 0) length += 4;
  if ((flags & SEQUENCE_PRESENT) !== 0) length += 4;
  return length;
}

/** Source route entries (address family, offset, length, data) until one of family 0 and length 0. */
function behindRouting(c: Cursor, at: number, length: number): number {
  const { bytes, view, end } = c;
  let entry = at + length;
  while (end - entry >= 4) {
    const family = view.getUint16(entry);
    const entryLength = bytes[entry + 3];
    entry += 4 + entryLength;
    if (family === 0 && entryLength === 0) return entry - at;
  }
  // The list goes on behind what was captured, or has no end.
  return Math.max(entry - at, end - at + 1);
}

function decodePptp(c: Cursor, flags: number): number {
  const at = c.at;
  if ((flags & KEY_PRESENT) === 0 || c.view.getUint16(at + GRE_PROTOCOL) !== ETHERTYPE_PPP) {
    return c.fail(Fault.malformed, GRE, at);
  }
  const sequenced = (flags & SEQUENCE_PRESENT) !== 0;
  const length = GRE_HEADER + 4 + (sequenced ? 4 : 0) + ((flags & ACKNOWLEDGMENT_PRESENT) !== 0 ? 4 : 0);
  if (c.end - at < length) return c.short(GRE, length);
  c.push(GRE, at, length);
  c.at = at + length;
  const wireEnd = c.at + c.view.getUint16(at + GRE_HEADER);
  if (wireEnd < c.wireEnd) {
    c.wireEnd = wireEnd;
    if (wireEnd < c.end) c.end = wireEnd;
  }
  c.restIsPayload();
  // Without a sequence number it is an acknowledgment alone.
  return sequenced && c.wireEnd > c.at ? PPP : 0;
}

/** Key of the header at `offset`, -1 when it has none. In PPTP the low 16 bits are the call id. */
export function greKey(view: DataView, offset: number): number {
  const flags = view.getUint16(offset);
  if ((flags & KEY_PRESENT) === 0) return -1;
  const skip = (flags & VERSION_MASK) === 0 && (flags & (CHECKSUM_PRESENT | ROUTING_PRESENT)) !== 0 ? 4 : 0;
  return view.getUint32(offset + GRE_HEADER + skip);
}
