// Reads an IP packet as far as a flow needs it: who, to whom, which ports, TCP flags or ICMP type. One object, reused; nothing is
// made per packet.
//
// Semantics are goProbe's (fragments, lengths that are needed, ports that are left out), without its faults: options of IPv4 and
// extension headers of IPv6 are passed over (RFC 791, section 3.1; RFC 8200, section 4), and no packet is too short to be looked at.

import {
  isCommonPort,
  KEY_WORDS_V6,
  PROTOCOL_ESP,
  PROTOCOL_ICMP,
  PROTOCOL_ICMPV6,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
} from './ep-hash.ts';
import {
  ERRNO_INVALID_IP_HEADER,
  ERRNO_OK,
  ERRNO_PACKET_FRAGMENT_IGNORE,
  ERRNO_PACKET_TRUNCATED,
  type ParsingErrno,
} from './parsing-error.ts';

const IPV4_HEADER = 20;
const IPV6_HEADER = 40;
/** Bytes of a transport header that must be there: TCP up to its flags, UDP its ports, ICMP its type. */
const TCP_NEEDS = 14;
const UDP_NEEDS = 4;
const ICMP_NEEDS = 1;
const TCP_FLAGS_AT = 13;
const FRAGMENT_OFFSET_MASK = 0x1fff;

const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT = 44;
const DESTINATION_OPTIONS = 60;
const MOBILITY = 135;
const HIP = 139;
const SHIM6 = 140;

export class PacketKey {
  isV4 = true;
  /** See `ep-hash.ts` for the order of the words. */
  readonly words = new Int32Array(KEY_WORDS_V6);
  /** TCP: the flags; ICMP: the type; else 0. */
  auxInfo = 0;
  /** `elidePorts` false keeps clients' ports also where the service's port is a common one. */
  readonly elidePorts: boolean;

  constructor(elidePorts = true) {
    this.elidePorts = elidePorts;
  }

  get protocol(): number {
    return this.words[this.isV4 ? 3 : 9];
  }
  get sourcePort(): number {
    return this.words[this.isV4 ? 2 : 8] >>> 16;
  }
  get destinationPort(): number {
    return this.words[this.isV4 ? 2 : 8] & 0xffff;
  }

  /** Reads the IP packet at [from, to) by the version that its first byte names. */
  read(bytes: Uint8Array, view: DataView, from: number, to: number): ParsingErrno {
    if (from >= to) return ERRNO_PACKET_TRUNCATED;
    const version = bytes[from] >> 4;
    if (version === 4) return this.readV4(bytes, view, from, to);
    if (version === 6) return this.readV6(bytes, view, from, to);
    return ERRNO_INVALID_IP_HEADER;
  }

  readV4(bytes: Uint8Array, view: DataView, from: number, to: number): ParsingErrno {
    if (to - from < IPV4_HEADER) return ERRNO_PACKET_TRUNCATED;
    const header = (bytes[from] & 15) * 4;
    if (bytes[from] >> 4 !== 4 || header < IPV4_HEADER) return ERRNO_INVALID_IP_HEADER;
    const protocol = bytes[from + 9];
    const { words } = this;
    this.isV4 = true;
    words[0] = view.getInt32(from + 12);
    words[1] = view.getInt32(from + 16);
    words[2] = 0;
    words[3] = protocol;
    this.auxInfo = 0;
    if (protocol !== PROTOCOL_ESP && (view.getUint16(from + 6) & FRAGMENT_OFFSET_MASK) !== 0)
      return ERRNO_PACKET_FRAGMENT_IGNORE;
    return this.#transport(bytes, view, from + header, to, protocol, PROTOCOL_ICMP, 2);
  }

  readV6(bytes: Uint8Array, view: DataView, from: number, to: number): ParsingErrno {
    if (to - from < IPV6_HEADER) return ERRNO_PACKET_TRUNCATED;
    if (bytes[from] >> 4 !== 6) return ERRNO_INVALID_IP_HEADER;
    const { words } = this;
    this.isV4 = false;
    for (let i = 0; i < 8; i++) words[i] = view.getInt32(from + 8 + 4 * i);
    words[8] = 0;
    this.auxInfo = 0;
    let protocol = bytes[from + 6];
    let at = from + IPV6_HEADER;
    let offset = 0;
    for (;;) {
      words[9] = protocol;
      const isFragment = protocol === FRAGMENT;
      if (!isFragment && !isExtension(protocol)) break;
      // Behind a fragment that is not the first stands the middle of something, not a header.
      if (offset !== 0) break;
      if (at + 8 > to) return ERRNO_PACKET_TRUNCATED;
      if (isFragment) offset = view.getUint16(at + 2) >>> 3;
      protocol = bytes[at];
      at += isFragment ? 8 : (bytes[at + 1] + 1) * 8;
    }
    if (offset !== 0 && protocol !== PROTOCOL_ESP) return ERRNO_PACKET_FRAGMENT_IGNORE;
    return this.#transport(bytes, view, at, to, protocol, PROTOCOL_ICMPV6, 8);
  }

  #transport(
    bytes: Uint8Array,
    view: DataView,
    at: number,
    to: number,
    protocol: number,
    icmp: number,
    portsWord: number,
  ): ParsingErrno {
    if (protocol === PROTOCOL_TCP) {
      if (at + TCP_NEEDS > to) return ERRNO_PACKET_TRUNCATED;
      this.auxInfo = bytes[at + TCP_FLAGS_AT];
    } else if (protocol === PROTOCOL_UDP) {
      if (at + UDP_NEEDS > to) return ERRNO_PACKET_TRUNCATED;
    } else {
      if (protocol === icmp) {
        if (at + ICMP_NEEDS > to) return ERRNO_PACKET_TRUNCATED;
        this.auxInfo = bytes[at];
      } else if (at > to) return ERRNO_PACKET_TRUNCATED;
      return ERRNO_OK;
    }
    let source = view.getUint16(at);
    let destination = view.getUint16(at + 2);
    if (this.elidePorts) {
      const isServiceTo = isCommonPort(destination, protocol);
      if (isCommonPort(source, protocol)) destination = 0;
      if (isServiceTo) source = 0;
    }
    this.words[portsWord] = (source << 16) | destination;
    return ERRNO_OK;
  }
}

/** Extension headers that have a length in their second byte, in units of eight bytes, and something behind them. */
function isExtension(protocol: number): boolean {
  return (
    protocol === HOP_BY_HOP ||
    protocol === ROUTING ||
    protocol === DESTINATION_OPTIONS ||
    protocol === MOBILITY ||
    protocol === HIP ||
    protocol === SHIM6
  );
}
