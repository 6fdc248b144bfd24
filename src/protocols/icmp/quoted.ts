// The packet that an ICMP error or redirect quotes: RFC 792 (IP header and 8 bytes), RFC 1812 section 4.3.2.3 (more),
// RFC 4443 section 3 (as much as fits), RFC 4861 section 4.6.3 (redirected header). It names the flow that the error is about.

import { icmpCounterpart } from '../../flow/community-id.ts';
import { Address } from '../../records/address.ts';
import { u32 } from '../octets.ts';
import { extensionOffset } from './extensions.ts';
import { readV6 } from './ipv6-address.ts';
import { findOption, OPTION_REDIRECTED_HEADER } from './nd-options.ts';
import { type IcmpVersion, quotesPacket, V6_REDIRECT } from './types.ts';

const ICMP_HEADER_LENGTH = 8;
const IPV4_HEADER_LENGTH = 20;
const IPV6_HEADER_LENGTH = 40;
/** Target and destination address stand before the options of a redirect. */
const V6_REDIRECT_OPTIONS = 40;
const REDIRECTED_HEADER_LENGTH = 8;

const HOP_BY_HOP = 0;
const ICMP = 1;
const TCP = 6;
const UDP = 17;
const DCCP = 33;
const ROUTING = 43;
const FRAGMENT = 44;
const AUTHENTICATION = 51;
const ICMPV6 = 58;
const NO_NEXT_HEADER = 59;
const DESTINATION_OPTIONS = 60;
const SCTP = 132;
const MOBILITY = 135;
const UDP_LITE = 136;
const HIP = 139;
const SHIM6 = 140;

/** Filled by `quotedTuple`: who sent the quoted packet to whom. Reused by its owner. */
export class QuotedTuple {
  readonly source = new Address();
  readonly destination = new Address();
  /** IP protocol number, that of the last extension header for IPv6. */
  protocol = 0;
  /** For ICMP and ICMPv6 as flow keys have them: the type, and its counterpart or else the code. 0 for protocols without ports. */
  sourcePort = 0;
  destinationPort = 0;
  /** The ports mean something (TCP, UDP, SCTP, DCCP, UDP-Lite) and were quoted. */
  hasPorts = false;
  /** All that names the flow was quoted. False: the quote stops before the ports, or it is a fragment that has none. */
  isWhole = false;
}

function quoteOffset(bytes: Uint8Array, from: number, to: number, version: IcmpVersion): number {
  if (to - from <= ICMP_HEADER_LENGTH || !quotesPacket(version, bytes[from])) return -1;
  if (version === 4 || bytes[from] !== V6_REDIRECT) return from + ICMP_HEADER_LENGTH;
  const option = findOption(bytes, from + V6_REDIRECT_OPTIONS, to, OPTION_REDIRECTED_HEADER);
  return option < 0 ? -1 : option + REDIRECTED_HEADER_LENGTH;
}

/** Reads the first bytes behind the IP header. */
function readTransport(bytes: Uint8Array, at: number, end: number, out: QuotedTuple): void {
  switch (out.protocol) {
    case TCP:
    case UDP:
    case SCTP:
    case DCCP:
    case UDP_LITE:
      if (at + 4 > end) return;
      out.sourcePort = (bytes[at] << 8) | bytes[at + 1];
      out.destinationPort = (bytes[at + 2] << 8) | bytes[at + 3];
      out.hasPorts = true;
      out.isWhole = true;
      return;
    case ICMP:
    case ICMPV6:
      if (at + 2 > end) return;
      out.sourcePort = bytes[at];
      out.destinationPort = icmpCounterpart(out.protocol, bytes[at]);
      if (out.destinationPort < 0) out.destinationPort = bytes[at + 1];
      out.isWhole = true;
      return;
    default:
      out.isWhole = true;
  }
}

function readQuotedV4(bytes: Uint8Array, at: number, end: number, out: QuotedTuple): boolean {
  const headerLength = (bytes[at] & 15) * 4;
  if (at + IPV4_HEADER_LENGTH > end || bytes[at] >> 4 !== 4 || headerLength < IPV4_HEADER_LENGTH) return false;
  out.source.setV4(u32(bytes, at + 12));
  out.destination.setV4(u32(bytes, at + 16));
  out.protocol = bytes[at + 9];
  const fragmentOffset = ((bytes[at + 6] & 0x1f) << 8) | bytes[at + 7];
  if (fragmentOffset !== 0) return true;
  let transport = at + headerLength;
  if (out.protocol === AUTHENTICATION) {
    if (transport + 2 > end) return true;
    out.protocol = bytes[transport];
    transport += (bytes[transport + 1] + 2) * 4;
  }
  readTransport(bytes, transport, end, out);
  return true;
}

function readQuotedV6(bytes: Uint8Array, start: number, end: number, out: QuotedTuple): boolean {
  if (start + IPV6_HEADER_LENGTH > end || bytes[start] >> 4 !== 6) return false;
  readV6(bytes, start + 8, out.source);
  readV6(bytes, start + 24, out.destination);
  out.protocol = bytes[start + 6];
  let at = start + IPV6_HEADER_LENGTH;
  for (;;) {
    let length: number;
    switch (out.protocol) {
      case HOP_BY_HOP:
      case ROUTING:
      case DESTINATION_OPTIONS:
        if (at + 2 > end) return true;
        length = (bytes[at + 1] + 1) * 8;
        break;
      case MOBILITY:
      case HIP:
      case SHIM6:
        if (at + 2 > end) return true;
        if (bytes[at] === NO_NEXT_HEADER) {
          // Such a header with nothing behind it is what the packet is.
          out.isWhole = true;
          return true;
        }
        length = (bytes[at + 1] + 1) * 8;
        break;
      case AUTHENTICATION:
        if (at + 2 > end) return true;
        length = (bytes[at + 1] + 2) * 4;
        break;
      case FRAGMENT:
        if (at + 8 > end) return true;
        length = 8;
        if (((bytes[at + 2] << 8) | bytes[at + 3]) >> 3 !== 0) {
          out.protocol = bytes[at];
          return true;
        }
        break;
      default:
        readTransport(bytes, at, end, out);
        return true;
    }
    out.protocol = bytes[at];
    at += length;
  }
}

/**
 * Fills `out` with the packet that the ICMP message [from, to), header included, quotes. `version` is that of the message: 4 or 6.
 * False when the message quotes none (no error and no redirect, too short, no IP header): `out` is undefined then.
 * True with `out.isWhole` false when the addresses are there and the ports are not.
 */
export function quotedTuple(
  bytes: Uint8Array,
  from: number,
  to: number,
  version: IcmpVersion,
  out: QuotedTuple,
): boolean {
  const at = quoteOffset(bytes, from, to, version);
  if (at < 0 || at >= to) return false;
  const extension = extensionOffset(bytes, from, to, version);
  const end = extension < 0 ? to : extension;
  out.sourcePort = 0;
  out.destinationPort = 0;
  out.hasPorts = false;
  out.isWhole = false;
  return version === 4 ? readQuotedV4(bytes, at, end, out) : readQuotedV6(bytes, at, end, out);
}

const KEYWORDS = new Map([
  [ICMP, 'icmp'],
  [2, 'igmp'],
  [4, 'ipv4'],
  [TCP, 'tcp'],
  [UDP, 'udp'],
  [DCCP, 'dccp'],
  [41, 'ipv6'],
  [47, 'gre'],
  [50, 'esp'],
  [AUTHENTICATION, 'ah'],
  [ICMPV6, 'ipv6-icmp'],
  [89, 'ospfigp'],
  [103, 'pim'],
  [112, 'vrrp'],
  [SCTP, 'sctp'],
  [UDP_LITE, 'udplite'],
]);

/** IANA's keyword of an IP protocol in lower case, its number where we know none. */
export function protocolKeyword(protocol: number): string {
  return KEYWORDS.get(protocol) ?? String(protocol);
}
