// VXLAN: RFC 7348, section 5; its generic protocol extension (GPE): draft-ietf-nvo3-vxlan-gpe-13, section 3.

import type { Cursor } from './cursor.ts';
import { holdsEthernet, holdsIpv4, holdsIpv6 } from './inner.ts';
import { Layer } from './layers.ts';
import { MPLS_ENTRY } from './mpls.ts';
import { NSH_HEADER } from './nsh.ts';

export const VXLAN_PORT = 4789;
/** What Linux used before the port was assigned. */
export const VXLAN_LINUX_PORT = 8472;
export const VXLAN_GPE_PORT = 4790;

const VXLAN_NEXT_PROTOCOL = 3;
export const VXLAN_HEADER = 8;

const FLAG_VNI = 0x08;
/** GPE: version in two bits, which must be 0; P says that the next protocol is named. */
const GPE_VERSION_MASK = 0x30;
const GPE_FLAG_NEXT_PROTOCOL = 0x04;

const NEXT_IPV4 = 1;
const NEXT_IPV6 = 2;
const NEXT_ETHERNET = 3;
const NEXT_NSH = 4;
const NEXT_MPLS = 5;

const VXLAN = Layer.vxlan;
const ETH = Layer.eth;
const IP = Layer.ip;
const IPV6 = Layer.ipv6;
const NSH = Layer.nsh;
const MPLS = Layer.mpls;

/** Whether the UDP payload at `at` is VXLAN: VNI present, reserved byte clear, a whole Ethernet header behind. */
export function isVxlan(c: Cursor): boolean {
  const { at, bytes } = c;
  if (!holdsEthernet(c, at + VXLAN_HEADER)) return false;
  return (bytes[at] & FLAG_VNI) !== 0 && (bytes[at] & GPE_FLAG_NEXT_PROTOCOL) === 0 && bytes[at + 7] === 0;
}

export function isVxlanGpe(c: Cursor): boolean {
  const { at, bytes, end } = c;
  if (end - at < VXLAN_HEADER) return false;
  const flags = bytes[at];
  if ((flags & FLAG_VNI) === 0 || (flags & GPE_VERSION_MASK) !== 0 || bytes[at + 7] !== 0) return false;
  const inner = at + VXLAN_HEADER;
  if (!namesNext(c, at)) return holdsEthernet(c, inner);
  switch (bytes[at + VXLAN_NEXT_PROTOCOL]) {
    case NEXT_IPV4:
      return holdsIpv4(c, inner);
    case NEXT_IPV6:
      return holdsIpv6(c, inner);
    case NEXT_ETHERNET:
      return holdsEthernet(c, inner);
    case NEXT_NSH:
      return end - inner >= NSH_HEADER;
    case NEXT_MPLS:
      return end - inner >= MPLS_ENTRY;
    default:
      return false;
  }
}

/** With the P flag, or without it on the port of GPE: its first drafts had no such flag. */
function namesNext(c: Cursor, at: number): boolean {
  if ((c.bytes[at] & GPE_FLAG_NEXT_PROTOCOL) !== 0) return true;
  const isGpePort = c.destinationPort === VXLAN_GPE_PORT || c.sourcePort === VXLAN_GPE_PORT;
  return isGpePort && c.bytes[at + VXLAN_NEXT_PROTOCOL] !== 0;
}

/** Both kinds: plain VXLAN is GPE without the P flag. `isVxlan` or `isVxlanGpe` has checked the header. */
export function decodeVxlan(c: Cursor): number {
  const at = c.at;
  c.push(VXLAN, at, VXLAN_HEADER);
  c.at = at + VXLAN_HEADER;
  if (!namesNext(c, at)) return ETH;
  switch (c.bytes[at + VXLAN_NEXT_PROTOCOL]) {
    case NEXT_IPV4:
      return IP;
    case NEXT_IPV6:
      return IPV6;
    case NEXT_NSH:
      return NSH;
    case NEXT_MPLS:
      return MPLS;
    default:
      return ETH;
  }
}
