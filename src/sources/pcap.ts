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

/** How the records of a file are laid out. */
interface RecordForm {
  little: boolean;
  /** Bytes of a record's header. */
  header: number;
  /** Fractions of a second per second, and nanoseconds per fraction. */
  fractions: number;
  nanosEach: number;
  isModified: boolean;
  isSwapped: boolean;
  mayBeSwapped: boolean;
  /** The longest packet. */
  limit: number;
}

export class PcapWalker implements Walker {
  damage = '';
  readonly #file: string;
  readonly #findings: Findings;
  #form: RecordForm | undefined;
  #linkType = 0;
  #interfaceId = 0;
  /** For the batch at hand. One that had to grow has another view. */
  #records: WalkRecords | undefined;
  #recordsView: DataView | undefined;

  constructor(file: string, findings: Findings) {
    this.#file = file;
    this.#findings = findings;
  }

  walk(batch: PacketBatch, from: number, to: number, number: number): number {
    let at = from;
    if (this.#form === undefined) {
      if (to - at < FILE_HEADER) return at;
      this.#form = this.#readHeader(batch.view, at);
      at += FILE_HEADER;
    }
    const form = this.#form;
    if (this.#records === undefined || batch.view !== this.#recordsView) {
      this.#records = recordsInto(batch, form);
      this.#recordsView = batch.view;
    }
    const first = batch.count;
    at = this.#records(at, to, number);
    const { interfaceId, linkType, vlan, flags, segments, count } = batch;
    // The same for all packets of a file: written in one go, which costs next to nothing.
    interfaceId.fill(this.#interfaceId, first, count);
    linkType.fill(this.#linkType, first, count);
    vlan.fill(0, first, count);
    segments.fill(0, first, count);
    if (!form.isModified) flags.fill(0, first, count);
    if (count < batch.offset.length && to - at >= form.header) {
      const captured = capturedLengthOf(batch.view, at, form);
      if (captured > form.limit)
        this.damage = `a captured length of ${counted(captured)} bytes is not possible (at most ${counted(form.limit)})`;
    }
    return at;
  }

  cut(batch: PacketBatch, from: number, to: number): string {
    const have = to - from;
    const form = this.#form;
    if (form === undefined) return `cut short inside the file header: ${FILE_HEADER} bytes needed, ${have} there`;
    if (have === 0) return '';
    const { header } = form;
    if (have < header) return `cut short inside a record header: ${header} bytes needed, ${have} there`;
    const announced = counted(capturedLengthOf(batch.view, from, form));
    return `cut short inside a packet record: ${announced} bytes announced, ${counted(have - header)} there`;
  }

  #readHeader(view: DataView, at: number): RecordForm {
    const little = isMagic(view.getUint32(at, true));
    const magic = view.getUint32(at, little);
    const isNanoseconds = magic === MAGIC_NANOSECONDS;
    const isModified = magic === MAGIC_MODIFIED;
    const isOldest = magic === MAGIC_MICROSECONDS && view.getUint16(at + 4, little) === 2;
    const minorVersion = isOldest ? view.getUint16(at + 6, little) : 4;
    const snapLength = view.getUint32(at + 16, little);
    this.#linkType = view.getUint32(at + 20, little) & LINK_TYPE_BITS;
    this.#interfaceId =
      this.#findings.interfaces.push({ name: '', linkType: this.#linkType, snapLength, file: this.#file }) - 1;
    return {
      little,
      header: isModified ? MODIFIED_RECORD_HEADER : RECORD_HEADER,
      fractions: isNanoseconds ? 1_000_000_000 : 1_000_000,
      nanosEach: isNanoseconds ? 1 : 1000,
      isModified,
      isSwapped: minorVersion < MINOR_UNSURE_ORDER,
      mayBeSwapped: minorVersion === MINOR_UNSURE_ORDER,
      limit: longestPacket(snapLength),
    };
  }
}

/** The length in the record at `at` that tells how much of the packet is there. */
function capturedLengthOf(view: DataView, at: number, { little, isSwapped, mayBeSwapped }: RecordForm): number {
  const captured = view.getUint32(at + 8, little);
  const wire = view.getUint32(at + 12, little);
  return isSwapped || (mayBeSwapped && captured > wire) ? wire : captured;
}

/**
 * Puts the whole records of the batch's bytes [from, to) behind its packets, the first with number `number`, until the batch is full or a length is
 * not possible. Returns where it stopped.
 */
type WalkRecords = (from: number, to: number, number: number) => number;

/** The function for one batch and one form. It has them as constants, as that of `engine/common-packets.ts` has. */
function recordsInto(batch: PacketBatch, form: RecordForm): WalkRecords {
  const { view, offset, capturedLength, wireLength, seconds, nanos, numbers, flags } = batch;
  const { little, header, fractions, nanosEach, isModified, isSwapped, mayBeSwapped, limit } = form;
  const capacity = offset.length;

  return (from, to, number) => {
    // Integers: V8 takes arguments and properties for tagged values.
    const end = to | 0;
    const first = batch.count | 0;
    const before = number - first;
    let at = from | 0;
    let i = first;
    for (; i < capacity && end - at >= header; i++) {
      let captured = view.getUint32(at + 8, little);
      let wire = view.getUint32(at + 12, little);
      if (isSwapped || (mayBeSwapped && captured > wire)) {
        const swapped = captured;
        captured = wire;
        wire = swapped;
      }
      const data = (at + header) | 0;
      if (captured > limit || end - data < captured) break;
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
      nanos[i] = Math.imul(fraction, nanosEach);
      numbers[i] = before + i;
      if (isModified) {
        const isOutgoing = view.getUint8(at + MODIFIED_PACKET_TYPE) === PACKET_TYPE_OUTGOING;
        flags[i] = isOutgoing ? PACKET_DIRECTION_KNOWN | PACKET_OUTGOING : PACKET_DIRECTION_KNOWN;
      }
      at = (data + captured) | 0;
    }
    batch.count = i;
    return at;
  };
}
