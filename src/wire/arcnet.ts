// ARCNET: IP in RFC 1201 (with fragments of its own) and RFC 1051 (without), IPv6 in RFC 2497. Source, destination,
// protocol; LINKTYPE_ARCNET_LINUX has two bytes of hardware offset before the protocol.

import type { Cursor } from './cursor.ts';
import { ETHERTYPE_ARP, ETHERTYPE_RARP } from './ether-types.ts';
import { Layer } from './layers.ts';
import { OTHER_ARCNET, other } from './other.ts';

const ARCNET_PROTOCOL = 2;
const ARCNET_LINUX_PROTOCOL = 4;

/** IPv6 of RFC 2497, three of RFC 1201, two of RFC 1051. */
const PROTOCOL_IPV6 = 196;
const PROTOCOL_IP = 212;
const PROTOCOL_ARP = 213;
const PROTOCOL_RARP = 214;
const PROTOCOL_IP_RFC1051 = 240;
const PROTOCOL_ARP_RFC1051 = 241;

/** RFC 1201: split flag (0: not a fragment) and sequence number (2), behind the protocol. */
const SPLIT_HEADER = 3;
/** An exception packet: padding (2) and the protocol once more, then the real split flag. */
const SPLIT_EXCEPTION = 0xff;
const EXCEPTION_HEADER = 4;

const ARCNET = Layer.arcnet;
const ARCNET_LINUX = Layer['arcnet.linux'];
const ARP = Layer.arp;
const IP = Layer.ip;
const IPV6 = Layer.ipv6;

export const decodeArcnet = (c: Cursor): number => packet(c, ARCNET, ARCNET_PROTOCOL);
export const decodeArcnetLinux = (c: Cursor): number => packet(c, ARCNET_LINUX, ARCNET_LINUX_PROTOCOL);

function packet(c: Cursor, layer: number, protocolAt: number): number {
  const { at, bytes } = c;
  let length = protocolAt + 1;
  if (c.end - at < length) return c.short(layer, length);
  const protocol = bytes[at + protocolAt];
  let split = 0;
  if (isSplittable(protocol)) {
    if (c.end - at < length + SPLIT_HEADER) return c.short(layer, length + SPLIT_HEADER);
    if (bytes[at + length] === SPLIT_EXCEPTION) length += EXCEPTION_HEADER;
    if (c.end - at < length + SPLIT_HEADER) return c.short(layer, length + SPLIT_HEADER);
    split = bytes[at + length];
    length += SPLIT_HEADER;
  }
  c.push(layer, at, length);
  c.at = at + length;
  return split === 0 ? enterArcnet(c, protocol) : other(c, OTHER_ARCNET + protocol);
}

const isSplittable = (protocol: number): boolean =>
  protocol === PROTOCOL_IP || protocol === PROTOCOL_IPV6 || protocol === PROTOCOL_ARP || protocol === PROTOCOL_RARP;

function enterArcnet(c: Cursor, protocol: number): number {
  switch (protocol) {
    case PROTOCOL_IP:
    case PROTOCOL_IP_RFC1051:
      return IP;
    case PROTOCOL_IPV6:
      return IPV6;
    case PROTOCOL_ARP:
    case PROTOCOL_ARP_RFC1051:
      c.otherType = ETHERTYPE_ARP;
      return ARP;
    case PROTOCOL_RARP:
      c.otherType = ETHERTYPE_RARP;
      return ARP;
    default:
      return other(c, OTHER_ARCNET + protocol);
  }
}
