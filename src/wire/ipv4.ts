// IPv4: RFC 791, section 3.1; fragments: section 3.2; DSCP and ECN: RFC 2474, RFC 3168.

import { CHECKSUM_NETWORK_BAD, type Cursor, Fault } from './cursor.ts';
import { internetChecksum } from './internet-checksum.ts';
import { Layer } from './layers.ts';
import { enterNetwork, enterProtocol } from './network.ts';

export const IPV4_TOS = 1;
export const IPV4_TOTAL_LENGTH = 2;
export const IPV4_IDENTIFICATION = 4;
export const IPV4_FLAGS_OFFSET = 6;
export const IPV4_TTL = 8;
export const IPV4_PROTOCOL = 9;
export const IPV4_CHECKSUM = 10;
export const IPV4_SOURCE = 12;
export const IPV4_DESTINATION = 16;
/** Without options. */
export const IPV4_HEADER = 20;

const OPTION_END = 0;
const OPTION_NO_OPERATION = 1;
const OPTION_LOOSE_SOURCE_ROUTE = 0x83;
const OPTION_STRICT_SOURCE_ROUTE = 0x89;

const MORE_FRAGMENTS = 0x2000;
const OFFSET_MASK = 0x1fff;

const IP = Layer.ip;

export function decodeIpv4(c: Cursor): number {
  const at = c.at;
  if (c.end - at < IPV4_HEADER) return c.short(IP, IPV4_HEADER);
  const bytes = c.bytes;
  const view = c.view;
  const first = bytes[at];
  const headerLength = (first & 0x0f) << 2;
  const sent = c.wireEnd - at;
  if (first >> 4 !== 4 || headerLength < IPV4_HEADER || headerLength > sent) return c.fail(Fault.malformed, IP, at);
  let totalLength = view.getUint16(at + IPV4_TOTAL_LENGTH);
  // Segmentation left to the network card: the length is not written yet.
  if (totalLength === 0) totalLength = sent;
  else if (totalLength < headerLength) return c.fail(Fault.malformed, IP, at + IPV4_TOTAL_LENGTH);

  enterNetwork(c, at, 4);
  c.wireEnd = at + totalLength;
  if (c.wireEnd < c.end) c.end = c.wireEnd;
  const data = at + headerLength;
  if (data > c.end) {
    // Options cut off: addresses and protocol are there, nothing more.
    c.protocol = bytes[at + IPV4_PROTOCOL];
    c.push(IP, at, c.end - at);
    c.payload = c.end;
    c.payloadEnd = c.end;
    c.payloadLength = c.wireEnd - data;
    return c.fail(Fault.cut, IP, c.end);
  }
  c.push(IP, at, headerLength);
  c.at = data;
  if (c.wantChecksums && internetChecksum(view, at, data) !== 0) c.checksum |= CHECKSUM_NETWORK_BAD;

  const flagsOffset = view.getUint16(at + IPV4_FLAGS_OFFSET);
  if ((flagsOffset & (MORE_FRAGMENTS | OFFSET_MASK)) !== 0) {
    c.fragment = true;
    c.moreFragments = (flagsOffset & MORE_FRAGMENTS) !== 0;
    c.fragmentOffset = (flagsOffset & OFFSET_MASK) << 3;
    c.fragmentId = view.getUint16(at + IPV4_IDENTIFICATION);
    c.fragmentData = data;
    if (c.fragmentOffset !== 0) {
      c.protocol = bytes[at + IPV4_PROTOCOL];
      c.restIsPayload();
      return 0;
    }
  }
  c.restIsPayload();
  return enterProtocol(c, bytes[at + IPV4_PROTOCOL]);
}

/**
 * Whether a source route will still change the destination of the header at `offset`, which is whole: its pointer has not
 * gone beyond its length (RFC 791, section 3.1). Until then the destination is the next hop, not the other end.
 */
export function ipv4IsSourceRouted(view: DataView, offset: number): boolean {
  const end = offset + ipv4HeaderLength(view, offset);
  for (let option = offset + IPV4_HEADER; option + 2 < end; ) {
    const type = view.getUint8(option);
    const length = view.getUint8(option + 1);
    if (type === OPTION_LOOSE_SOURCE_ROUTE || type === OPTION_STRICT_SOURCE_ROUTE) {
      return view.getUint8(option + 2) <= length;
    }
    if (type === OPTION_END || (type !== OPTION_NO_OPERATION && length < 2)) return false;
    option += type === OPTION_NO_OPERATION ? 1 : length;
  }
  return false;
}

/** Time to live; `offset` is that of the header, here and below. */
export const ipv4Ttl = (view: DataView, offset: number): number => view.getUint8(offset + IPV4_TTL);
export const ipv4Dscp = (view: DataView, offset: number): number => view.getUint8(offset + IPV4_TOS) >> 2;
export const ipv4Ecn = (view: DataView, offset: number): number => view.getUint8(offset + IPV4_TOS) & 3;
export const ipv4Identification = (view: DataView, offset: number): number =>
  view.getUint16(offset + IPV4_IDENTIFICATION);
/** Three bits: reserved 4, DF 2, MF 1. */
export const ipv4Flags = (view: DataView, offset: number): number => view.getUint8(offset + IPV4_FLAGS_OFFSET) >> 5;
/** Header with options, in bytes. */
export const ipv4HeaderLength = (view: DataView, offset: number): number => (view.getUint8(offset) & 0x0f) << 2;
