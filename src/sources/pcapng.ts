// pcapng files: sections of either byte order, several interfaces with their own link type, clock and snap length.
// Truth: draft-ietf-opsawg-pcapng. Comments, statistics, custom and unknown blocks are stepped over.

import { readNames, readSecrets } from './pcapng-extras.ts';
import { padded, readInterfaceOptions, readPacketFlags } from './pcapng-options.ts';
import type { PacketBatch } from './source.ts';
import { Timestamps } from './timestamps.ts';
import { counted, type Findings, longestPacket, MAX_SNAP_LENGTH, type Walker } from './walker.ts';

const SECTION_HEADER_BLOCK = 0x0a0d0d0a;
const INTERFACE_DESCRIPTION_BLOCK = 1;
/** Obsolete since 2009, still found in old captures (appendix A). */
const PACKET_BLOCK = 2;
const SIMPLE_PACKET_BLOCK = 3;
const NAME_RESOLUTION_BLOCK = 4;
const ENHANCED_PACKET_BLOCK = 6;
const DECRYPTION_SECRETS_BLOCK = 10;

const BYTE_ORDER_MAGIC = 0x1a2b3c4d;

/** Type, total length, and the total length once more at the end. */
const BLOCK_FRAME = 12;
const BLOCK_HEADER = 8;
const SECTION_HEADER = 28;
const INTERFACE_HEADER = 20;
const SIMPLE_PACKET_HEADER = 16;
const PACKET_HEADER = 32;
/** From the start of a packet block to the packet's bytes. */
const PACKET_DATA = 28;
const SIMPLE_PACKET_DATA = 12;

/** Blocks are read whole: no longer than this unless an interface announces longer packets. */
const MAX_BLOCK = 16 * 1024 * 1024;
const MAX_INTERFACES = 65_536;

interface Interface {
  id: number;
  linkType: number;
  /** 0 is no limit. */
  snapLength: number;
  longestPacket: number;
  timestamps: Timestamps;
}

/** Whether these first bytes (4 at least) are those of a pcapng file. */
export function isPcapng(view: DataView, at: number): boolean {
  return view.getUint32(at) === SECTION_HEADER_BLOCK;
}

export class PcapngWalker implements Walker {
  damage = '';
  readonly #file: string;
  readonly #findings: Findings;
  #little = true;
  /** Interfaces of the section. */
  #interfaces: Interface[] = [];
  #interfaceCount = 0;
  #maxBlock = MAX_BLOCK;
  /** Holds the time of the last packet: simple packets have none of their own, and must not throw packet time back to 1970. */
  #clock = new Timestamps(0, 0);

  constructor(file: string, findings: Findings) {
    this.#file = file;
    this.#findings = findings;
  }

  walk(batch: PacketBatch, from: number, to: number, number: number): number {
    const { view, offset, capturedLength, wireLength, seconds, nanos, numbers, interfaceId, linkType } = batch;
    const { vlan, flags, segments } = batch;
    const capacity = offset.length;
    let little = this.#little;
    let i = batch.count;
    let at = from;
    while (to - at >= BLOCK_FRAME && i < capacity) {
      const type = view.getUint32(at, little);
      // The section header's type reads the same in both byte orders, so that it can be found before the order is known.
      if (type === SECTION_HEADER_BLOCK) {
        if (!this.#readByteOrder(view.getUint32(at + BLOCK_HEADER))) break;
        little = this.#little;
      }
      const length = view.getUint32(at + 4, little);
      // Some writers forget the padding in the length; the copy at the end tells whether they padded.
      const whole = padded(length);
      if (length < BLOCK_FRAME || length > this.#maxBlock) {
        this.damage = this.#lengthDamage(length);
        break;
      }
      if (to - at < whole) break;
      const end = at + whole - 4;
      const trailer = view.getUint32(end, little);
      if (trailer !== length) {
        this.damage = `the two lengths of a block differ: ${counted(length)} before and ${counted(trailer)} after it`;
        break;
      }
      if (type === ENHANCED_PACKET_BLOCK || type === PACKET_BLOCK) {
        if (length < PACKET_HEADER) {
          this.damage = `a packet block of ${length} bytes is not possible (at least ${PACKET_HEADER})`;
          break;
        }
        const index = type === PACKET_BLOCK ? view.getUint16(at + 8, little) : view.getUint32(at + 8, little);
        const captured = view.getUint32(at + 20, little);
        const data = at + PACKET_DATA;
        const source = this.#interfaces[index];
        if (source === undefined || captured > end - data || captured > source.longestPacket) {
          this.damage = this.#packetDamage(index, captured, end - data);
          break;
        }
        const clock = source.timestamps;
        clock.convert(view.getUint32(at + 12, little), view.getUint32(at + 16, little));
        const options = data + padded(captured);
        this.#clock = clock;
        if (clock.isOutside) this.#findings.timesOutside++;
        offset[i] = data;
        capturedLength[i] = captured;
        wireLength[i] = view.getUint32(at + 24, little);
        interfaceId[i] = source.id;
        linkType[i] = source.linkType;
        flags[i] = end - options >= 8 ? readPacketFlags(view, options, end, little) : 0;
      } else if (type === SIMPLE_PACKET_BLOCK) {
        const captured = this.#simpleLength(view, at, length);
        if (captured < 0) break;
        const source = this.#interfaces[0];
        offset[i] = at + SIMPLE_PACKET_DATA;
        capturedLength[i] = captured;
        wireLength[i] = view.getUint32(at + 8, little);
        interfaceId[i] = source.id;
        linkType[i] = source.linkType;
        flags[i] = 0;
      } else {
        this.#readOther(view, type, at, end, length);
        if (this.damage !== '') break;
        at += whole;
        continue;
      }
      seconds[i] = this.#clock.seconds;
      nanos[i] = this.#clock.nanos;
      numbers[i] = number++;
      vlan[i] = 0;
      segments[i] = 0;
      at += whole;
      i++;
    }
    batch.count = i;
    return at;
  }

  cut(batch: PacketBatch, from: number, to: number): string {
    const have = to - from;
    if (have === 0) return '';
    if (have < BLOCK_FRAME) return `cut short inside a block header: ${BLOCK_FRAME} bytes needed, ${have} there`;
    const length = batch.view.getUint32(from + 4, this.#little);
    return `cut short inside a block: ${counted(length)} bytes announced, ${counted(have)} there`;
  }

  /** `magic` was read in network order. */
  #readByteOrder(magic: number): boolean {
    if (magic === BYTE_ORDER_MAGIC) this.#little = false;
    else if (magic === 0x4d3c2b1a) this.#little = true;
    else {
      this.damage = `a section whose byte order mark is 0x${magic.toString(16).padStart(8, '0')}, not 0x1a2b3c4d`;
      return false;
    }
    return true;
  }

  #lengthDamage(length: number): string {
    return length < BLOCK_FRAME
      ? `a block length of ${length} is not possible (at least ${BLOCK_FRAME})`
      : `a block length of ${counted(length)} is not believable (at most ${counted(this.#maxBlock)})`;
  }

  #packetDamage(index: number, captured: number, room: number): string {
    const known = this.#interfaces.length;
    if (index >= known) {
      return `a packet of interface ${counted(index)}, but the section describes only ${counted(known)}`;
    }
    const most = Math.min(room, this.#interfaces[index].longestPacket);
    return `a captured length of ${counted(captured)} bytes is not possible (at most ${counted(most)})`;
  }

  /** Captured length of a simple packet: it belongs to the first interface, whose snap length cuts it. -1 is damage. */
  #simpleLength(view: DataView, at: number, length: number): number {
    if (length < SIMPLE_PACKET_HEADER) {
      this.damage = `a simple packet block of ${length} bytes is not possible (at least ${SIMPLE_PACKET_HEADER})`;
      return -1;
    }
    const from = this.#interfaces[0];
    if (from === undefined) {
      this.damage = 'a simple packet, but the section describes no interface';
      return -1;
    }
    const captured = Math.min(view.getUint32(at + 8, this.#little), length - SIMPLE_PACKET_HEADER, from.longestPacket);
    return from.snapLength > 0 ? Math.min(captured, from.snapLength) : captured;
  }

  #readOther(view: DataView, type: number, at: number, end: number, length: number): void {
    const body = at + BLOCK_HEADER;
    if (type === SECTION_HEADER_BLOCK) {
      if (length < SECTION_HEADER) this.damage = `a section header of ${length} bytes (at least ${SECTION_HEADER})`;
      else this.#interfaces = [];
    } else if (type === INTERFACE_DESCRIPTION_BLOCK) this.#readInterface(view, body, end, length);
    else if (type === NAME_RESOLUTION_BLOCK) readNames(view, body, end, this.#little, this.#findings);
    else if (type === DECRYPTION_SECRETS_BLOCK) readSecrets(view, body, end, this.#little, this.#findings);
  }

  #readInterface(view: DataView, body: number, end: number, length: number): void {
    if (length < INTERFACE_HEADER) {
      this.damage = `an interface description of ${length} bytes is not possible (at least ${INTERFACE_HEADER})`;
      return;
    }
    if (++this.#interfaceCount > MAX_INTERFACES) {
      this.damage = `more than ${counted(MAX_INTERFACES)} interfaces`;
      return;
    }
    const linkType = view.getUint16(body, this.#little);
    const snapLength = view.getUint32(body + 4, this.#little);
    const { name, timestamps } = readInterfaceOptions(view, body + 8, end, this.#little);
    const id = this.#findings.interfaces.push({ name, linkType, snapLength, file: this.#file }) - 1;
    const longest = longestPacket(snapLength);
    this.#interfaces.push({ id, linkType, snapLength, longestPacket: longest, timestamps });
    if (longest > MAX_SNAP_LENGTH) this.#maxBlock = Math.max(this.#maxBlock, MAX_BLOCK + longest);
  }
}
