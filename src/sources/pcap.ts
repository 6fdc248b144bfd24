// Classic pcap files, in both byte orders, with microseconds or nanoseconds, and the "modified" form of patched Linux systems.
// Truth: draft-ietf-opsawg-pcap; for old versions and the modified form libpcap's savefile reader as tcpdump.org documents it.

import { PACKET_DIRECTION_KNOWN, PACKET_OUTGOING, type PacketBatch } from './source.ts';
import { clampSeconds, counted, type Findings, longestPacket, type Walker } from './walker.ts';

const MAGIC_MICROSECONDS = 0xa1b2c3d4;
const MAGIC_NANOSECONDS = 0xa1b23c4d;
/** Alexey Kuznetsov's patch: 24-byte record headers with interface index, protocol and packet type. */
const MAGIC_MODIFIED = 0xa1b2cd34;

const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const MODIFIED_RECORD_HEADER = 24;
/** Offset of the packet type in a modified record header, and its value for packets that this host sent. */
const MODIFIED_PACKET_TYPE = 22;
const PACKET_TYPE_OUTGOING = 4;

/**
 * Lengths stood in the other order before version 2.3; writers of 2.3 itself disagreed (libpcap: SWAPPED, MAYBE_SWAPPED).
 * Only for the oldest magic: the others are younger than version 2.4.
 */
const MINOR_UNSURE_ORDER = 3;

/** The upper bits of the link type field tell of a frame check sequence (draft-ietf-opsawg-pcap, section 4). */
const LINK_TYPE_BITS = 0xffff;

/** Whether these first bytes (4 at least) are those of a pcap file. */
export function isPcap(view: DataView, at: number): boolean {
  return isMagic(view.getUint32(at)) || isMagic(view.getUint32(at, true));
}

function isMagic(word: number): boolean {
  return word === MAGIC_MICROSECONDS || word === MAGIC_NANOSECONDS || word === MAGIC_MODIFIED;
}

export class PcapWalker implements Walker {
  damage = '';
  readonly #file: string;
  readonly #findings: Findings;
  #hasHeader = false;
  #little = true;
  #recordHeader = RECORD_HEADER;
  #isModified = false;
  /** Fractions of a second per second, and nanoseconds per fraction. */
  #fractions = 1_000_000;
  #nanosEach = 1000;
  #minorVersion = 4;
  #linkType = 0;
  #interfaceId = 0;
  #limit = 0;

  constructor(file: string, findings: Findings) {
    this.#file = file;
    this.#findings = findings;
  }

  walk(batch: PacketBatch, from: number, to: number, number: number, base: number): number {
    let at = from | 0;
    if (!this.#hasHeader) {
      if (to - at < FILE_HEADER) return at;
      this.#readHeader(batch.view, at);
      at += FILE_HEADER;
    }
    // 22 ns a record with reading, of which the kernel's copy is 9. Columns are locals because V8 reloads them otherwise.
    const { view, offset, capturedLength, wireLength, seconds, nanos, numbers, interfaceId, linkType } = batch;
    const { vlan, flags, segments, fileOffset } = batch;
    // Integers: V8 takes arguments and properties for tagged values.
    const end = to | 0;
    const capacity = offset.length | 0;
    const little = this.#little;
    const header = this.#recordHeader | 0;
    const limit = this.#limit;
    const fractions = this.#fractions;
    const nanosEach = this.#nanosEach;
    const isModified = this.#isModified;
    const mayBeSwapped = this.#minorVersion <= MINOR_UNSURE_ORDER;
    const first = batch.count | 0;
    let i = first;
    while (i < capacity && end - at >= header) {
      let captured = view.getUint32(at + 8, little);
      let wire = view.getUint32(at + 12, little);
      if (mayBeSwapped && (this.#minorVersion < MINOR_UNSURE_ORDER || captured > wire)) {
        const swapped = captured;
        captured = wire;
        wire = swapped;
      }
      if (captured > limit) {
        this.damage = `a captured length of ${counted(captured)} bytes is not possible (at most ${counted(limit)})`;
        break;
      }
      const data = at + header;
      if (end - data < captured) break;
      let second = view.getUint32(at, little);
      let fraction = view.getUint32(at + 4, little);
      if (fraction >= fractions) {
        second = clampSeconds(second + Math.floor(fraction / fractions));
        fraction %= fractions;
      }
      offset[i] = data;
      capturedLength[i] = captured;
      wireLength[i] = wire;
      seconds[i] = second;
      nanos[i] = fraction * nanosEach;
      numbers[i] = number++;
      fileOffset[i] = base + at;
      if (isModified) {
        const isOutgoing = view.getUint8(at + MODIFIED_PACKET_TYPE) === PACKET_TYPE_OUTGOING;
        flags[i] = isOutgoing ? PACKET_DIRECTION_KNOWN | PACKET_OUTGOING : PACKET_DIRECTION_KNOWN;
      }
      at = data + captured;
      i++;
    }
    // The same for all packets of a file: written in one go, which costs next to nothing.
    interfaceId.fill(this.#interfaceId, first, i);
    linkType.fill(this.#linkType, first, i);
    vlan.fill(0, first, i);
    segments.fill(0, first, i);
    if (!isModified) flags.fill(0, first, i);
    batch.count = i;
    return at;
  }

  cut(batch: PacketBatch, from: number, to: number): string {
    const have = to - from;
    if (!this.#hasHeader) return `cut short inside the file header: ${FILE_HEADER} bytes needed, ${have} there`;
    if (have === 0) return '';
    if (have < this.#recordHeader) {
      return `cut short inside a record header: ${this.#recordHeader} bytes needed, ${have} there`;
    }
    const first = batch.view.getUint32(from + 8, this.#little);
    const second = batch.view.getUint32(from + 12, this.#little);
    const isSwapped =
      this.#minorVersion < MINOR_UNSURE_ORDER || (this.#minorVersion === MINOR_UNSURE_ORDER && first > second);
    const announced = counted(isSwapped ? second : first);
    const there = counted(have - this.#recordHeader);
    return `cut short inside a packet record: ${announced} bytes announced, ${there} there`;
  }

  #readHeader(view: DataView, at: number): void {
    this.#hasHeader = true;
    this.#little = isMagic(view.getUint32(at, true));
    const magic = view.getUint32(at, this.#little);
    if (magic === MAGIC_NANOSECONDS) {
      this.#fractions = 1_000_000_000;
      this.#nanosEach = 1;
    }
    if (magic === MAGIC_MODIFIED) {
      this.#isModified = true;
      this.#recordHeader = MODIFIED_RECORD_HEADER;
    }
    if (magic === MAGIC_MICROSECONDS && view.getUint16(at + 4, this.#little) === 2) {
      this.#minorVersion = view.getUint16(at + 6, this.#little);
    }
    const snapLength = view.getUint32(at + 16, this.#little);
    this.#limit = longestPacket(snapLength);
    this.#linkType = view.getUint32(at + 20, this.#little) & LINK_TYPE_BITS;
    this.#interfaceId =
      this.#findings.interfaces.push({ name: '', linkType: this.#linkType, snapLength, file: this.#file }) - 1;
  }
}
