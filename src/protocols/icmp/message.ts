// One ICMP or ICMPv6 message: bytes to fields. RFC 792, RFC 1191 (MTU), RFC 4443, RFC 4861.
//
//   0 type | 1 code | 2 checksum | 4 four bytes whose meaning depends on the type | 8 data

import { Address } from '../../records/address.ts';
import { u32 } from '../octets.ts';
import { readV6 } from './ipv6-address.ts';
import { areOptionsWhole, findOption, OPTION_SOURCE_LINK_LAYER, OPTION_TARGET_LINK_LAYER } from './nd-options.ts';
import {
  type IcmpVersion,
  Role,
  roleOf,
  V4_CODE_FRAGMENTATION_NEEDED,
  V4_PARAMETER_PROBLEM,
  V4_REDIRECT,
  V4_UNREACHABLE,
  V6_NEIGHBOR_ADVERTISEMENT,
  V6_NEIGHBOR_SOLICITATION,
  V6_PACKET_TOO_BIG,
  V6_PARAMETER_PROBLEM,
  V6_REDIRECT,
  V6_ROUTER_ADVERTISEMENT,
  V6_ROUTER_SOLICITATION,
} from './types.ts';

/** Every message we know has at least these; what follows them is what Packetbeat counts as its bytes. */
export const HEADER_LENGTH = 8;

const ND_TARGET = 8;
const REDIRECT_DESTINATION = 24;
const ETHERNET_OPTION_UNITS = 1; // of 8 bytes: type, length, six bytes of address

/** Where the options of a neighbour discovery message start, 0 for other types. */
function optionsOffset(type: number): number {
  switch (type) {
    case V6_ROUTER_SOLICITATION:
      return 8;
    case V6_ROUTER_ADVERTISEMENT:
      return 16;
    case V6_NEIGHBOR_SOLICITATION:
    case V6_NEIGHBOR_ADVERTISEMENT:
      return 24;
    case V6_REDIRECT:
      return 40;
    default:
      return 0;
  }
}

/** The fields of one message; reused for the next. Absent numbers are -1. */
export class IcmpMessage {
  type = 0;
  code = 0;
  role: number = Role.alone;
  /** Bytes behind the 8-byte header, as sent. */
  payloadBytes = 0;
  identifier = -1;
  sequence = -1;
  mtu = -1;
  pointer = -1;
  readonly gateway = new Address();
  hasGateway = false;
  readonly target = new Address();
  hasTarget = false;
  /** Offset of a six-byte link-layer address in the bytes. */
  linkLayerAt = -1;
  /** A part that must be there is not, or the options break off: the sender's fault unless the snap length cut the message. */
  isBroken = false;

  /** Reads the message [from, to), which was `wireLength` bytes long when sent. False when not even its header is there. */
  read(bytes: Uint8Array, from: number, to: number, wireLength: number, version: IcmpVersion): boolean {
    if (to - from < HEADER_LENGTH) return false;
    this.type = bytes[from];
    this.code = bytes[from + 1];
    this.role = roleOf(version, this.type);
    this.payloadBytes = (wireLength > to - from ? wireLength : to - from) - HEADER_LENGTH;
    this.identifier = -1;
    this.sequence = -1;
    this.mtu = -1;
    this.pointer = -1;
    this.hasGateway = false;
    this.hasTarget = false;
    this.linkLayerAt = -1;
    this.isBroken = false;
    if (this.role === Role.request || this.role === Role.response) {
      this.identifier = (bytes[from + 4] << 8) | bytes[from + 5];
      this.sequence = (bytes[from + 6] << 8) | bytes[from + 7];
    } else if (version === 4) this.#readV4(bytes, from);
    else this.#readV6(bytes, from, to);
    return true;
  }

  #readV4(bytes: Uint8Array, from: number): void {
    if (this.type === V4_REDIRECT) {
      this.gateway.setV4(u32(bytes, from + 4));
      this.hasGateway = true;
    } else if (this.type === V4_UNREACHABLE && this.code === V4_CODE_FRAGMENTATION_NEEDED) {
      // 0 from routers older than RFC 1191: they do not tell.
      this.mtu = (bytes[from + 6] << 8) | bytes[from + 7] || -1;
    } else if (this.type === V4_PARAMETER_PROBLEM) this.pointer = bytes[from + 4];
  }

  #readV6(bytes: Uint8Array, from: number, to: number): void {
    if (this.type === V6_PACKET_TOO_BIG) this.mtu = u32(bytes, from + 4);
    else if (this.type === V6_PARAMETER_PROBLEM) this.pointer = u32(bytes, from + 4);
    const options = optionsOffset(this.type);
    if (options === 0) return;
    if (from + options > to) {
      this.isBroken = true;
      return;
    }
    if (this.type === V6_REDIRECT) {
      readV6(bytes, from + ND_TARGET, this.gateway);
      readV6(bytes, from + REDIRECT_DESTINATION, this.target);
      this.hasGateway = true;
      this.hasTarget = true;
    } else if (this.type === V6_NEIGHBOR_SOLICITATION || this.type === V6_NEIGHBOR_ADVERTISEMENT) {
      readV6(bytes, from + ND_TARGET, this.target);
      this.hasTarget = true;
    }
    const isOfTarget = this.type === V6_NEIGHBOR_ADVERTISEMENT || this.type === V6_REDIRECT;
    const wanted = isOfTarget ? OPTION_TARGET_LINK_LAYER : OPTION_SOURCE_LINK_LAYER;
    const option = findOption(bytes, from + options, to, wanted);
    this.isBroken = !areOptionsWhole(bytes, from + options, to);
    if (option >= 0 && bytes[option + 1] === ETHERNET_OPTION_UNITS) this.linkLayerAt = option + 2;
  }
}
