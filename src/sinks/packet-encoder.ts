// What the two capture formats have in common: packets of a batch are appended to a buffer, headers where they are due.

import type { PacketBatch } from '../sources/source.ts';
import { ByteWriter } from '../store/parquet/byte-writer.ts';
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

/** Up to this many bytes a loop beats the call of `set`. */
const SHORT_COPY = 32;

export class PacketBytes extends ByteWriter {
  u16(value: number): void {
    this.u8(value & 0xff);
    this.u8(value >>> 8);
  }

  /** Appends `bytes[from, to)`. */
  copy(bytes: Uint8Array, from: number, to: number): void {
    const length = to - from;
    this.reserve(length);
    const { at } = this;
    if (length > SHORT_COPY) this.bytes.set(bytes.subarray(from, to), at);
    else for (let i = 0; i < length; i++) this.bytes[at + i] = bytes[from + i];
    this.at = at + length;
  }

  /** The bytes of packet `i`; `tag` is what `tagBytes` said. */
  packet(batch: PacketBatch, i: number, tag: number): void {
    const from = batch.offset[i];
    const to = from + batch.capturedLength[i];
    if (tag === 0) {
      this.copy(batch.bytes, from, to);
      return;
    }
    const middle = from + TAG_OFFSET.get(batch.linkType[i])!;
    this.copy(batch.bytes, from, middle);
    const tci = batch.vlan[i] & 0xffff;
    for (const byte of [TPID_8021Q >> 8, TPID_8021Q & 0xff, tci >> 8, tci & 0xff]) this.u8(byte);
    this.copy(batch.bytes, middle, to);
  }
}

/** Bytes that packet `i` gets back for the tag that the kernel took out. */
export function tagBytes(batch: PacketBatch, i: number): number {
  if ((batch.vlan[i] & VLAN_PRESENT) === 0) return 0;
  const offset = TAG_OFFSET.get(batch.linkType[i]);
  return offset !== undefined && batch.capturedLength[i] >= offset ? VLAN_TAG_BYTES : 0;
}
