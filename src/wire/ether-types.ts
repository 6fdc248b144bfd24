// EtherTypes (IEEE 802 Numbers, IANA) and the layer behind each. Used by every header that names its content so.

import type { Cursor } from './cursor.ts';
import { Layer } from './layers.ts';
import { other } from './other.ts';

export const ETHERTYPE_IPV4 = 0x0800;
export const ETHERTYPE_ARP = 0x0806;
export const ETHERTYPE_TRANSPARENT_ETHERNET = 0x6558;
export const ETHERTYPE_RARP = 0x8035;
export const ETHERTYPE_VLAN = 0x8100;
export const ETHERTYPE_IPV6 = 0x86dd;
export const ETHERTYPE_PPP = 0x880b;
export const ETHERTYPE_MPLS = 0x8847;
export const ETHERTYPE_MPLS_MULTICAST = 0x8848;
export const ETHERTYPE_PPPOE_SESSION = 0x8864;
export const ETHERTYPE_PROVIDER_VLAN = 0x88a8;
export const ETHERTYPE_MACSEC = 0x88e5;
/** Backbone tag of 802.1ah, whose frame it is in front of. */
export const ETHERTYPE_PBB = 0x88e7;
export const ETHERTYPE_FABRICPATH = 0x8903;
export const ETHERTYPE_CISCO_METADATA = 0x8909;
export const ETHERTYPE_VNTAG = 0x8926;
export const ETHERTYPE_ETAG = 0x893f;
export const ETHERTYPE_NSH = 0x894f;
/** Stacked tags from before 802.1ad. */
export const ETHERTYPE_OLD_QINQ = 0x9100;
export const ETHERTYPE_OLD_QINQ_2 = 0x9200;
/** Up to here the field is a length (IEEE 802.3, 3.2.6). */
export const LENGTH_MAX = 1500;

const IP = Layer.ip;
const IPV6 = Layer.ipv6;
const VLAN = Layer.vlan;
const ARP = Layer.arp;
const MPLS = Layer.mpls;
const PPPOE = Layer.pppoe;
const ETH = Layer.eth;
const NSH = Layer.nsh;
const PBB = Layer.ieee8021ah;
const VNTAG = Layer.vntag;
const ETAG = Layer.etag;
const CFP = Layer.cfp;
const CMD = Layer.cmd;
const MACSEC = Layer.macsec;
const PPP = Layer.ppp;
const LLC = Layer.llc;

/** The layer that an EtherType announces. */
export function enterEtherType(c: Cursor, type: number): number {
  switch (type) {
    case ETHERTYPE_IPV4:
      return IP;
    case ETHERTYPE_IPV6:
      return IPV6;
    case ETHERTYPE_VLAN:
    case ETHERTYPE_PROVIDER_VLAN:
    case ETHERTYPE_OLD_QINQ:
    case ETHERTYPE_OLD_QINQ_2:
      return VLAN;
    case ETHERTYPE_ARP:
    case ETHERTYPE_RARP:
      c.otherType = type;
      return ARP;
    case ETHERTYPE_MPLS:
    case ETHERTYPE_MPLS_MULTICAST:
      return MPLS;
    case ETHERTYPE_PPPOE_SESSION:
      return PPPOE;
    case ETHERTYPE_TRANSPARENT_ETHERNET:
      return ETH;
    case ETHERTYPE_PBB:
      return PBB;
    case ETHERTYPE_VNTAG:
      return VNTAG;
    case ETHERTYPE_ETAG:
      return ETAG;
    case ETHERTYPE_FABRICPATH:
      return CFP;
    case ETHERTYPE_CISCO_METADATA:
      return CMD;
    case ETHERTYPE_MACSEC:
      return MACSEC;
    case ETHERTYPE_NSH:
      return NSH;
    case ETHERTYPE_PPP:
      return PPP;
    default:
      return other(c, type);
  }
}

/** The same for a field that may be an 802.3 length: the layer is narrowed to it and is LLC. */
export function enterTypeOrLength(c: Cursor, type: number): number {
  if (type > LENGTH_MAX) return enterEtherType(c, type);
  const wireEnd = c.at + type;
  if (wireEnd < c.wireEnd) c.wireEnd = wireEnd;
  if (c.wireEnd < c.end) c.end = c.wireEnd;
  return LLC;
}
