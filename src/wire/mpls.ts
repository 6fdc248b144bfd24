// MPLS label stacks: RFC 3032, section 2.1. What is behind is not named: guessed by the first four bits, where 0 is the
// control word of a pseudo-wire (RFC 4385, section 3), mostly Ethernet (RFC 4448). Over UDP: RFC 7510.

import type { Cursor } from './cursor.ts';
import { ETH_HEADER, ETH_TYPE } from './eth.ts';
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6, ETHERTYPE_MPLS, LENGTH_MAX } from './ether-types.ts';
import { holdsIpv4, holdsIpv6 } from './inner.ts';
import { IPV4_HEADER, IPV4_TOTAL_LENGTH } from './ipv4.ts';
import { IPV6_HEADER, IPV6_PAYLOAD_LENGTH } from './ipv6.ts';
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
  // Without a control word the frame's receiver may have an address that begins with a 4 or a 6 (RFC 8469), or with a 0.
  const isFrame = holdsFrame(c, behind);
  if (nibble === 4) return isFrame && !fitsIpv4(c, behind) ? ETH : IP;
  if (nibble === 6) return isFrame && !fitsIpv6(c, behind) ? ETH : IPV6;
  const word = behind + CONTROL_WORD;
  if (nibble === 0 && (holdsFrame(c, word) || (!isFrame && looksLikeEthernet(c, word)))) {
    c.at = word;
    return ETH;
  }
  return looksLikeEthernet(c, behind) ? ETH : other(c, ETHERTYPE_MPLS);
}

/** Ethernet by its EtherType and, where that names IP, by the version behind it. */
function holdsFrame(c: Cursor, at: number): boolean {
  if (c.end - at <= ETH_HEADER) return false;
  const type = c.view.getUint16(at + ETH_TYPE);
  const version = c.bytes[at + ETH_HEADER] >> 4;
  if (type === ETHERTYPE_IPV4) return version === 4;
  if (type === ETHERTYPE_IPV6) return version === 6;
  return type > LENGTH_MAX && looksLikeEthernet(c, at);
}

/** A header whose lengths are those of what was sent. */
function fitsIpv4(c: Cursor, at: number): boolean {
  if (!holdsIpv4(c, at)) return false;
  const length = c.view.getUint16(at + IPV4_TOTAL_LENGTH);
  return (c.bytes[at] & 15) >= 5 && (length === 0 || (length >= IPV4_HEADER && length <= c.wireEnd - at));
}

function fitsIpv6(c: Cursor, at: number): boolean {
  return holdsIpv6(c, at) && c.view.getUint16(at + IPV6_PAYLOAD_LENGTH) <= c.wireEnd - at - IPV6_HEADER;
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
