// What the two capture formats have in common: packets of a batch are appended to a buffer, headers where they are due.

import type { PacketBatch } from '../sources/source.ts';
import type { PacketOrigin } from './sink.ts';

/** Encodes the packets of one file. */
export interface PacketEncoder {
  /** Appends packet `i` of the batch, and before it what the file must say first. Throws SinkError when the format can not hold it. */
  put(batch: PacketBatch, i: number, origin: PacketOrigin): void;
  /** Appends what a file without packets needs as well. */
  finish(origin: PacketOrigin): void;
  /** What was appended and not yet written. */
  readonly out: PacketBytes;
}

/** The largest snap length that every reader believes; packets are longer only where an interface says so (USB, D-Bus). */
export const MAX_SNAP_LENGTH = 262_144;

/** The kernel took a VLAN tag out of the packet (see `PacketBatch.vlan`). */
const VLAN_PRESENT = 0x10000;
const VLAN_TAG_BYTES = 4;
const TPID_8021Q = 0x8100;
/** Where tags stand, by link type, as libpcap puts them back: before the EtherType. */
const TAG_OFFSET: ReadonlyMap<number, number> = new Map([
  [1, 12], // Ethernet: behind the two addresses
  [113, 14], // Linux cooked capture: before its protocol field
]);

/** Up to this many bytes a loop of words (45 ns for 100 bytes) beats a call of `set` (100 ns, and an object for the part). */
const SHORT_COPY = 256;
const FIRST_BYTES = 512 * 1024;

/** A growing buffer, little-endian. */
export class PacketBytes {
  bytes = new Uint8Array(FIRST_BYTES);
  view = new DataView(this.bytes.buffer);
  at = 0;

  /** Makes room for `size` more bytes. */
  reserve(size: number): void {
    if (this.at + size <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.at + size));
    larger.set(this.bytes.subarray(0, this.at));
    this.bytes = larger;
    this.view = new DataView(larger.buffer);
  }
  u16(value: number): void {
    this.reserve(2);
    this.view.setUint16(this.at, value, true);
    this.at += 2;
  }
  u32(value: number): void {
    this.reserve(4);
    this.view.setUint32(this.at, value, true);
    this.at += 4;
  }
  zeros(count: number): void {
    this.reserve(count);
    this.bytes.fill(0, this.at, this.at + count);
    this.at += count;
  }

  /** Appends bytes [from, to) of what `source` shows. */
  copy(source: DataView, from: number, to: number): void {
    const length = to - from;
    this.reserve(length);
    const { bytes, view, at } = this;
    if (length > SHORT_COPY) bytes.set(new Uint8Array(source.buffer, source.byteOffset + from, length), at);
    else {
      let k = 0;
      for (; k + 4 <= length; k += 4) view.setInt32(at + k, source.getInt32(from + k));
      for (; k < length; k++) bytes[at + k] = source.getUint8(from + k);
    }
    this.at = at + length;
  }

  /** The bytes of packet `i`; `tag` is what `tagBytes` said. */
  packet(batch: PacketBatch, i: number, tag: number): void {
    const from = batch.offset[i];
    const to = from + batch.capturedLength[i];
    if (tag === 0) {
      this.copy(batch.view, from, to);
      return;
    }
    const middle = from + TAG_OFFSET.get(batch.linkType[i])!;
    this.copy(batch.view, from, middle);
    this.reserve(VLAN_TAG_BYTES);
    this.view.setUint16(this.at, TPID_8021Q);
    this.view.setUint16(this.at + 2, batch.vlan[i] & 0xffff);
    this.at += VLAN_TAG_BYTES;
    this.copy(batch.view, middle, to);
  }
}

/** Bytes that packet `i` gets back for the tag that the kernel took out. */
export function tagBytes(batch: PacketBatch, i: number): number {
  if ((batch.vlan[i] & VLAN_PRESENT) === 0) return 0;
  const offset = TAG_OFFSET.get(batch.linkType[i]);
  return offset !== undefined && batch.capturedLength[i] >= offset ? VLAN_TAG_BYTES : 0;
}
