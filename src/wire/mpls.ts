// MPLS label stacks: RFC 3032, section 2.1. What is behind is not named: guessed by the first four bits, where 0 is the
// control word of a pseudo-wire (RFC 4385, section 3), mostly Ethernet (RFC 4448). Over UDP: RFC 7510.

import type { Cursor } from './cursor.ts';
import { ETH_HEADER, ETH_TYPE } from './eth.ts';
import { ETHERTYPE_MPLS, LENGTH_MAX } from './ether-types.ts';
import { holdsIpv4, holdsIpv6 } from './inner.ts';
import { Layer } from './layers.ts';
import { other } from './other.ts';

export const MPLS_ENTRY = 4;
const BOTTOM_OF_STACK = 0x100;
const CONTROL_WORD = 4;

/** RFC 7510, section 3. */
export const MPLS_UDP_PORT = 6635;
/** Nobody stacks more. */
const MAX_ENTRIES_IN_UDP = 8;

const MPLS = Layer.mpls;
const IP = Layer.ip;
const IPV6 = Layer.ipv6;
const ETH = Layer.eth;

/** The whole stack is one layer. */
export function decodeMpls(c: Cursor): number {
  const { at, bytes, end, view } = c;
  let behind = at;
  let entry = 0;
  do {
    if (end - behind < MPLS_ENTRY) return c.short(MPLS, behind - at + MPLS_ENTRY);
    entry = view.getUint32(behind);
    behind += MPLS_ENTRY;
  } while ((entry & BOTTOM_OF_STACK) === 0);
  c.push(MPLS, at, behind - at);
  c.at = behind;
  if (end === behind) return other(c, ETHERTYPE_MPLS);
  const nibble = bytes[behind] >> 4;
  if (nibble === 4) return IP;
  if (nibble === 6) return IPV6;
  if (nibble === 0 && looksLikeEthernet(c, behind + CONTROL_WORD)) {
    c.at = behind + CONTROL_WORD;
    return ETH;
  }
  return looksLikeEthernet(c, behind) ? ETH : other(c, ETHERTYPE_MPLS);
}

/** Whether the UDP payload at `at` is a label stack with an IP packet or a control word and Ethernet behind it. */
export function isMplsInUdp(c: Cursor): boolean {
  const { at, bytes, end, view } = c;
  for (let entry = at, n = 0; n < MAX_ENTRIES_IN_UDP && end - entry >= MPLS_ENTRY; n++) {
    const isBottom = (view.getUint32(entry) & BOTTOM_OF_STACK) !== 0;
    entry += MPLS_ENTRY;
    if (!isBottom) continue;
    if (holdsIpv4(c, entry) || holdsIpv6(c, entry)) return true;
    return entry < end && bytes[entry] >> 4 === 0 && looksLikeEthernet(c, entry + CONTROL_WORD);
  }
  return false;
}

/** A length that fits or an EtherType that is in use: IP, ARP, tags, MPLS, PPPoE. */
function looksLikeEthernet(c: Cursor, at: number): boolean {
  if (c.end - at < ETH_HEADER) return false;
  const type = c.view.getUint16(at + ETH_TYPE);
  if (type <= LENGTH_MAX) return type >= 3 && type <= c.wireEnd - at - ETH_HEADER;
  switch (type) {
    case 0x0800:
    case 0x0806:
    case 0x8100:
    case 0x86dd:
    case 0x8847:
    case 0x8848:
    case 0x8863:
    case 0x8864:
    case 0x88a8:
    case 0x88cc:
    case 0x8902:
    case 0x9000:
      return true;
    default:
      return false;
  }
}

/** Label of the entry at `offset`. */
export const mplsLabel = (view: DataView, offset: number): number => view.getUint32(offset) >>> 12;
