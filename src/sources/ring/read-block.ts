// A block of the ring → a batch: the packets stay where the kernel put them, the columns say where. No copies, no objects.
// Truth: struct tpacket3_hdr and struct virtio_net_hdr (see src/system/abi.ts for the offsets).

import * as abi from '../../system/abi.ts';
import type { PacketRing } from '../../system/packet-ring.ts';
import type { PacketBatch } from '../source.ts';
import * as source from '../source.ts';
import { linkTypeOf } from './link-type.ts';

// A module's own constants become part of its machine code, imported ones are read each time: see docs/decisions.md.
const {
  BLOCK_FIRST,
  BLOCK_PACKETS,
  FRAME_CAPTURED,
  FRAME_HATYPE,
  FRAME_IFINDEX,
  FRAME_LENGTH,
  FRAME_MAC,
  FRAME_NANOS,
  FRAME_NET,
  FRAME_NEXT,
  FRAME_PROTOCOL,
  FRAME_SECONDS,
  FRAME_STATUS,
  FRAME_TYPE,
  FRAME_VLAN,
  PACKET_TYPE_OUTGOING,
  TP_STATUS_CSUMNOTREADY,
  TP_STATUS_VLAN_VALID,
  VNET_CHECKSUM_START,
  VNET_FLAGS,
  VNET_GSO_SIZE,
  VNET_GSO_TYPE,
  VNET_GSO_UDP,
  VNET_HEADER,
  VNET_NEEDS_CHECKSUM,
} = abi;
const { PACKET_CHECKSUM_PENDING, PACKET_DIRECTION_KNOWN, PACKET_OUTGOING, PACKET_SEGMENTED } = source;

/** PacketBatch.vlan: a tag was there, even when all of it is 0. */
const VLAN_PRESENT = 1 << 16;
/** What the tag took on the wire. */
const TAG_BYTES = 4;
/** The ECN bit of gso_type says nothing about the kind. */
const GSO_KIND = 0x7f;
/** Link, network and transport header of a segment, where the kernel does not say where the transport header starts. */
const LIKELY_HEADERS = 66;

/** Gives an interface's number in `PacketSource.interfaces` by its index. */
export type InterfaceNumber = (ifindex: number, hardwareType: number) => number;

export class BlockReader {
  readonly #ring: PacketRing;
  readonly #numberOf: InterfaceNumber;
  #lastIfindex = -1;
  #lastNumber = 0;

  constructor(ring: PacketRing, numberOf: InterfaceNumber) {
    this.#ring = ring;
    this.#numberOf = numberOf;
  }

  /** Interfaces changed: numbers are asked for again. */
  forget(): void {
    this.#lastIfindex = -1;
  }

  /** Fills `batch` with the packets of the block at `block`, numbered from `first` on. */
  read(batch: PacketBatch, block: number, first: number): void {
    const { words, halves, bytes } = this.#ring;
    const {
      numbers,
      offset,
      capturedLength,
      wireLength,
      seconds,
      nanos,
      interfaceId,
      linkType,
      vlan,
      flags,
      segments,
    } = batch;
    const count = Math.min(words[(block + BLOCK_PACKETS) >>> 2], offset.length);
    let frame = block + words[(block + BLOCK_FIRST) >>> 2];
    for (let i = 0; i < count; i++) {
      const w = frame >>> 2;
      const h = frame >>> 1;
      const status = words[w + FRAME_STATUS / 4];
      const hardwareType = halves[h + FRAME_HATYPE / 2];
      const ifindex = words[w + FRAME_IFINDEX / 4];
      const mac = frame + halves[h + FRAME_MAC / 2];
      const length = words[w + FRAME_LENGTH / 4];
      let info = PACKET_DIRECTION_KNOWN;
      if (bytes[frame + FRAME_TYPE] === PACKET_TYPE_OUTGOING) info |= PACKET_OUTGOING;
      if ((status & TP_STATUS_CSUMNOTREADY) !== 0) info |= PACKET_CHECKSUM_PENDING;
      if (ifindex !== this.#lastIfindex) {
        this.#lastNumber = this.#numberOf(ifindex, hardwareType);
        this.#lastIfindex = ifindex;
      }
      numbers[i] = first + i;
      offset[i] = mac;
      capturedLength[i] = words[w + FRAME_CAPTURED / 4];
      wireLength[i] = length;
      seconds[i] = words[w + FRAME_SECONDS / 4];
      nanos[i] = words[w + FRAME_NANOS / 4];
      interfaceId[i] = this.#lastNumber;
      linkType[i] = linkTypeOf(
        hardwareType,
        halves[h + FRAME_PROTOCOL / 2],
        halves[h + FRAME_NET / 2] - halves[h + FRAME_MAC / 2],
      );
      let tag = 0;
      vlan[i] = 0;
      if ((status & TP_STATUS_VLAN_VALID) !== 0) {
        vlan[i] = VLAN_PRESENT | (words[w + FRAME_VLAN / 4] & 0xffff);
        tag = TAG_BYTES;
        wireLength[i] = length + TAG_BYTES;
      }
      if ((bytes[mac - VNET_HEADER + VNET_GSO_TYPE] & GSO_KIND) !== 0) {
        info |= PACKET_SEGMENTED;
        segments[i] = this.#segments(mac, length);
        wireLength[i] = length + (segments[i] - 1) * this.#headers + segments[i] * tag;
      }
      flags[i] = info;
      frame += words[w + FRAME_NEXT / 4];
    }
    batch.count = count;
    batch.firstPacket = first;
  }

  /** Bytes of headers that each segment of the last packet asked about repeats. */
  #headers = 0;

  /** How many packets a packet of `length` bytes at `mac` is on the wire. */
  #segments(mac: number, length: number): number {
    const { bytes } = this.#ring;
    const header = mac - VNET_HEADER;
    const payload = bytes[header + VNET_GSO_SIZE] | (bytes[header + VNET_GSO_SIZE + 1] << 8);
    if (payload === 0) return 1;
    this.#headers = LIKELY_HEADERS;
    if ((bytes[header + VNET_FLAGS] & VNET_NEEDS_CHECKSUM) !== 0) {
      const transport = bytes[header + VNET_CHECKSUM_START] | (bytes[header + VNET_CHECKSUM_START + 1] << 8);
      const isUdp = (bytes[header + VNET_GSO_TYPE] & GSO_KIND) === VNET_GSO_UDP;
      this.#headers = transport + (isUdp ? 8 : (bytes[mac + transport + 12] >> 4) << 2);
    }
    return Math.max(1, Math.ceil((length - this.#headers) / payload));
  }
}
