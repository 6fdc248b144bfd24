// Files of Solaris' snoop: big-endian records with their own length, so that padding can follow the packet.
// Truth: RFC 1761 (format) and the link types it names; RFC 3827 adds types that no LINKTYPE_ value stands for.

import type { PacketBatch } from './source.ts';
import { clampSeconds, counted, type Findings, longestPacket, type Walker } from './walker.ts';

/** "snoop\0\0\0". */
const MAGIC_HIGH = 0x736e6f6f;
const MAGIC_LOW = 0x70000000;
const FILE_HEADER = 16;
const RECORD_HEADER = 24;
const MICROSECONDS = 1_000_000;

const LINKTYPE_ETHERNET = 1;
const LINKTYPE_IEEE802_5 = 6;
const LINKTYPE_FDDI = 10;
/** No link type that anything decodes. */
const LINKTYPE_UNKNOWN = 0xffff;
const LINK_TYPES: ReadonlyMap<number, number> = new Map([
  [0, LINKTYPE_ETHERNET], // IEEE 802.3
  [2, LINKTYPE_IEEE802_5],
  [4, LINKTYPE_ETHERNET],
  [8, LINKTYPE_FDDI],
]);

/** Whether these first bytes (4 at least) are those of a snoop file. */
export function isSnoop(view: DataView, at: number): boolean {
  return view.getUint32(at) === MAGIC_HIGH;
}

export class SnoopWalker implements Walker {
  damage = '';
  readonly #file: string;
  readonly #findings: Findings;
  #hasHeader = false;
  #interfaceId = 0;
  #linkType = LINKTYPE_UNKNOWN;

  constructor(file: string, findings: Findings) {
    this.#file = file;
    this.#findings = findings;
  }

  walk(batch: PacketBatch, from: number, to: number, number: number): number {
    const view = batch.view;
    const capacity = batch.offset.length;
    const limit = longestPacket(0);
    let at = from;
    if (!this.#hasHeader) {
      if (to - at < FILE_HEADER || !this.#readHeader(view, at)) return at;
      at += FILE_HEADER;
    }
    let i = batch.count;
    while (i < capacity && to - at >= RECORD_HEADER) {
      const captured = view.getUint32(at + 4);
      const record = view.getUint32(at + 8);
      if (captured > limit || record < RECORD_HEADER + captured || record > 2 * limit) {
        this.damage = `a record of ${counted(record)} bytes with ${counted(captured)} bytes of packet is not possible`;
        break;
      }
      if (to - at < record) break;
      const micros = view.getUint32(at + 20);
      batch.offset[i] = at + RECORD_HEADER;
      batch.capturedLength[i] = captured;
      batch.wireLength[i] = view.getUint32(at);
      batch.seconds[i] = clampSeconds(view.getUint32(at + 16) + Math.floor(micros / MICROSECONDS));
      batch.nanos[i] = (micros % MICROSECONDS) * 1000;
      batch.numbers[i] = number++;
      batch.interfaceId[i] = this.#interfaceId;
      batch.linkType[i] = this.#linkType;
      batch.vlan[i] = 0;
      batch.flags[i] = 0;
      batch.segments[i] = 0;
      at += record;
      i++;
    }
    batch.count = i;
    return at;
  }

  cut(batch: PacketBatch, from: number, to: number): string {
    const have = to - from;
    if (!this.#hasHeader) return `cut short inside the file header: ${FILE_HEADER} bytes needed, ${have} there`;
    if (have === 0) return '';
    if (have < RECORD_HEADER) return `cut short inside a record header: ${RECORD_HEADER} bytes needed, ${have} there`;
    const announced = counted(batch.view.getUint32(from + 4));
    return `cut short inside a packet record: ${announced} bytes announced, ${counted(have - RECORD_HEADER)} there`;
  }

  #readHeader(view: DataView, at: number): boolean {
    if (view.getUint32(at + 4) !== MAGIC_LOW) {
      this.damage = 'the file begins like one of snoop, but is none';
      return false;
    }
    this.#hasHeader = true;
    this.#linkType = LINK_TYPES.get(view.getUint32(at + 12)) ?? LINKTYPE_UNKNOWN;
    const description = { name: '', linkType: this.#linkType, snapLength: 0, file: this.#file };
    this.#interfaceId = this.#findings.interfaces.push(description) - 1;
    return true;
  }
}
