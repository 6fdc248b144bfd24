// Applies a BPF filter to batches of a file: one program per link type, packets that it refuses leave the batch.

import { type FilterCompiler, FilterError, loadFilterCompiler } from '../system/libpcap.ts';
import { compileBpf, type PacketFilter } from './bpf.ts';
import type { PacketBatch } from './source.ts';
import { MAX_SNAP_LENGTH } from './walker.ts';

/**
 * LINKTYPE_ values (in files) whose DLT_ value (in libpcap's functions) differs on Linux. Truth: the link-layer header types
 * page of tcpdump.org.
 */
const DLT_OF_LINK_TYPE: ReadonlyMap<number, number> = new Map([
  [100, 11], // ATM_RFC1483
  [101, 12], // RAW
  [102, 15], // SLIP_BSDOS
  [103, 16], // PPP_BSDOS
  [106, 19], // ATM_CLIP
]);

const refuseAll: PacketFilter = () => 0;

export class BatchFilter {
  /** What it left out so far. */
  packets = 0;
  /** Their bytes on the wire. */
  bytes = 0;
  readonly #text: string;
  readonly #compiler: FilterCompiler;
  readonly #notes: string[];
  readonly #byLinkType = new Map<number, PacketFilter>();
  #lastLinkType = -1;
  #last: PacketFilter = refuseAll;

  private constructor(text: string, compiler: FilterCompiler, notes: string[]) {
    this.#text = text;
    this.#compiler = compiler;
    this.#notes = notes;
  }

  /** Rejects with FilterError when something is not installed. */
  static async load(text: string, notes: string[]): Promise<BatchFilter> {
    return new BatchFilter(text, await loadFilterCompiler(), notes);
  }

  /** Throws FilterError when the text makes no sense for this link type. */
  check(linkType: number): void {
    this.#byLinkType.set(linkType, this.#compile(linkType));
  }

  /** Keeps the packets that the filter wants, in place. */
  apply(batch: PacketBatch): void {
    const { view, offset, capturedLength, wireLength, linkType, count } = batch;
    let kept = 0;
    for (let i = 0; i < count; i++) {
      if (linkType[i] !== this.#lastLinkType) this.#switchTo(linkType[i]);
      if (this.#last(view, offset[i], capturedLength[i], wireLength[i]) === 0) {
        this.packets++;
        this.bytes += wireLength[i];
        continue;
      }
      if (kept !== i) moveEntry(batch, i, kept);
      kept++;
    }
    batch.count = kept;
    if (kept > 0) batch.firstPacket = batch.numbers[0];
  }

  #switchTo(linkType: number): void {
    let filter = this.#byLinkType.get(linkType);
    if (filter === undefined) {
      try {
        filter = this.#compile(linkType);
      } catch (error) {
        if (!(error instanceof FilterError)) throw error;
        filter = refuseAll;
        this.#notes.push(`packets of link type ${linkType} are left out: ${error.message}`);
      }
      this.#byLinkType.set(linkType, filter);
    }
    this.#lastLinkType = linkType;
    this.#last = filter;
  }

  #compile(linkType: number): PacketFilter {
    const dlt = DLT_OF_LINK_TYPE.get(linkType) ?? linkType;
    return compileBpf(this.#compiler.compile(this.#text, dlt, MAX_SNAP_LENGTH));
  }
}

function moveEntry(batch: PacketBatch, from: number, to: number): void {
  batch.numbers[to] = batch.numbers[from];
  batch.offset[to] = batch.offset[from];
  batch.capturedLength[to] = batch.capturedLength[from];
  batch.wireLength[to] = batch.wireLength[from];
  batch.seconds[to] = batch.seconds[from];
  batch.nanos[to] = batch.nanos[from];
  batch.interfaceId[to] = batch.interfaceId[from];
  batch.linkType[to] = batch.linkType[from];
  batch.vlan[to] = batch.vlan[from];
  batch.flags[to] = batch.flags[from];
  batch.segments[to] = batch.segments[from];
}
