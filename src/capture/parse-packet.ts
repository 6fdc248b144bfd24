// One packet as a value, for whoever looks at single packets. Counting many is `FlowLog.addPacket`, which makes nothing per packet.

import { epHashOf } from './ep-hash.ts';
import { PacketKey } from './packet-key.ts';
import type { ParsingErrno } from './parsing-error.ts';

export interface ParsedPacket {
  /** 13 bytes for IPv4, 37 for IPv6 (see `ep-hash.ts`); meaningful when `errno` is `ERRNO_OK`. */
  epHash: Uint8Array;
  /** TCP: the flags; ICMP and ICMPv6: the type; else 0. */
  auxInfo: number;
  /** `ERRNO_OK` or why the packet is not counted in a flow. */
  errno: ParsingErrno;
}

/** `ipLayer` begins with the IPv4 header; it may be of any length. */
export function parsePacketV4(ipLayer: Uint8Array): ParsedPacket {
  const key = new PacketKey();
  const errno = key.readV4(ipLayer, viewOf(ipLayer), 0, ipLayer.length);
  return { epHash: epHashOf(key.words, 0, true), auxInfo: key.auxInfo, errno };
}

/** `ipLayer` begins with the IPv6 header; it may be of any length. */
export function parsePacketV6(ipLayer: Uint8Array): ParsedPacket {
  const key = new PacketKey();
  const errno = key.readV6(ipLayer, viewOf(ipLayer), 0, ipLayer.length);
  return { epHash: epHashOf(key.words, 0, false), auxInfo: key.auxInfo, errno };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
