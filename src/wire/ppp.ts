// PPP: RFC 1661, section 2, in the framing of RFC 1662, section 3.1, whose address and control fields may be left out, as
// may the first byte of the protocol field (RFC 1661, section 6.5).

import type { Cursor } from './cursor.ts';
import { Layer } from './layers.ts';
import { OTHER_PPP, other } from './other.ts';

const ADDRESS_CONTROL = 0xff03;

const PROTOCOL_IPV4 = 0x0021;
const PROTOCOL_IPV6 = 0x0057;
const PROTOCOL_MPLS = 0x0281;
const PROTOCOL_MPLS_MULTICAST = 0x0283;

const PPP = Layer.ppp;
const IP = Layer.ip;
const IPV6 = Layer.ipv6;
const MPLS = Layer.mpls;

export function decodePpp(c: Cursor): number {
  const { at, end, view } = c;
  if (end - at < 2) return c.short(PPP, 2);
  let protocolAt = at;
  if (view.getUint16(at) === ADDRESS_CONTROL) {
    protocolAt = at + 2;
    if (end - at < 4) return c.short(PPP, 4);
  }
  // The last byte of a protocol number is odd and no other is: an odd first byte is all there is.
  const compressed = (c.bytes[protocolAt] & 1) !== 0;
  const protocol = compressed ? c.bytes[protocolAt] : view.getUint16(protocolAt);
  const behind = protocolAt + (compressed ? 1 : 2);
  c.push(PPP, at, behind - at);
  c.at = behind;
  switch (protocol) {
    case PROTOCOL_IPV4:
      return IP;
    case PROTOCOL_IPV6:
      return IPV6;
    case PROTOCOL_MPLS:
    case PROTOCOL_MPLS_MULTICAST:
      return MPLS;
    default:
      return other(c, OTHER_PPP + protocol);
  }
}
