// TCP events from BPF programs on tracepoints: exact owners, cookies, namespaces, counters, in all network namespaces. The ring is read
// in place. Needs CAP_BPF and CAP_PERFMON, and a kernel that tells its types (BTF).

import { closeSync, readFileSync, readSync } from 'node:fs';
import { BpfError, type BpfLink, type BpfObject, kernelEnum, openBpf, type RingBuffer } from '../../system/bpf/bpf.ts';
import { bpfObject } from '../../system/program-files.ts';
import { aboutSource, type TcpEvent } from '../event.ts';
import type { TcpStateFilter } from '../filter.ts';
import { KernelClock } from '../kernel-clock.ts';
import { type Capability, TcpSourceError, type TcpStateSource, type TcpStateStats } from '../source.ts';
import { DropCounts } from './drop-counts.ts';
import { EVENT_BYTES, KIND_NAMES } from './event-layout.ts';
import { constantsOf, fillMaps, isProgramWanted } from './filter.ts';
import { EventReader } from './read-event.ts';

const OBJECT = bpfObject('tcp.bpf.o');
/** Some hundred thousand events: more than a second's worth at 80,000 events a second. */
export const DEFAULT_RING_BYTES = 16 * 1024 * 1024;
const SNAPSHOT_BYTES = 64 * 1024;
/** What is there at the start is read at once, before it goes; beyond so much of it (300,000 sockets), as events are taken. */
const SNAPSHOT_AT_ONCE = 64 * 1024 * 1024;
const CHECK_MS = 1000;
const LOST_MS = 100;
/** Newer kernels give more; what an older one lacks is not there, the rest works. */
const OPTIONAL = /^on_(?!state)/;
/** Counts what the whole machine throws away, and makes no events. */
const ON_DROP = 'on_drop';
const SECOND = 'on_state_missed';

export class BpfSource implements TcpStateSource {
  readonly name = 'bpf';
  readonly filters = true;
  readonly #ringBytes: number;
  readonly #links: BpfLink[] = [];
  #object: BpfObject | undefined;
  #ring: RingBuffer | undefined;
  #reader: EventReader | undefined;
  #clock: KernelClock | undefined;
  #drops: DropCounts | undefined;
  /** Runs of iterators that are not read to their end. */
  #snapshots: number[] = [];
  #snapshotRead: Buffer[] = [];
  #snapshotTold = 0;
  #delivered = 0;
  #lost = 0;
  /** Events that no program saw, and how often programs had not run when that was looked at. */
  #unseen = 0;
  #misses = 0;
  #nextCheckMs = 0;
  #nextLostMs = 0;

  /** `ringBytes`: a power of two. */
  constructor(options: { ringBytes?: number } = {}) {
    this.#ringBytes = options.ringBytes ?? DEFAULT_RING_BYTES;
  }

  async probe(): Promise<Capability> {
    try {
      const bpf = await openBpf();
      using object = bpf.load(readFileSync(OBJECT), OBJECT, {
        programs: (name) => isProgramWanted(name, {}),
        optional: (name) => OPTIONAL.test(name),
        maxEntries: { events: 4096 },
      });
      const missing = [...object.missing.keys()];
      const detail = missing.length === 0 ? 'sees everything' : `this kernel can not run ${missing.join(', ')}`;
      return { usable: true, detail };
    } catch (error) {
      if (!(error instanceof BpfError)) throw error;
      return { usable: false, detail: error.message.split('\n')[0] };
    }
  }

  async start(filter: TcpStateFilter): Promise<void> {
    try {
      const bpf = await openBpf();
      const object = bpf.load(readFileSync(OBJECT), OBJECT, {
        programs: (name) => isProgramWanted(name, filter),
        optional: (name) => OPTIONAL.test(name),
        constants: constantsOf(filter),
        maxEntries: { events: this.#ringBytes },
      });
      this.#object = object;
      fillMaps(object, filter);
      this.#ring = object.ring('events');
      this.#clock = new KernelClock();
      this.#reader = new EventReader(this.#clock, shortNames('sk_rst_reason', 'SK_RST_REASON_'));
      if (object.programs.some(({ name }) => name === ON_DROP)) {
        this.#drops = new DropCounts(object.map('drops'), shortNames('skb_drop_reason', 'SKB_DROP_REASON_'));
      }
      for (const program of object.programs) if (!program.isIterator) this.#links.push(program.attach());
      for (const program of object.programs) {
        if (!program.isIterator) continue;
        const link = program.attachIterator();
        this.#links.push(link);
        this.#snapshots.push(program.openIterator(link));
      }
      for (let bytes = 0; bytes < SNAPSHOT_AT_ONCE; ) {
        const chunk = this.#readSnapshot();
        if (chunk === undefined) break;
        bytes += chunk.length;
        this.#snapshotRead.push(chunk);
      }
    } catch (error) {
      this.close();
      if (error instanceof BpfError) throw new TcpSourceError(`TCP events from BPF: ${error.message}`);
      throw error;
    }
  }

  /** Programs and their running times, for measurements. */
  get object(): BpfObject | undefined {
    return this.#object;
  }

  drain(max: number, emit: (event: TcpEvent) => void, isLast = false): number {
    const ring = this.#ring!;
    const reader = this.#reader!;
    const { words, view } = ring;
    let count = this.#drainSnapshots(max, emit);
    count += ring.drain((at) => emit(reader.read(words, view, at)), max - count);
    this.#delivered += count;
    this.#lookAround(emit, isLast);
    return count;
  }

  stats(): TcpStateStats {
    const produced = this.#object === undefined ? 0 : producedBy(this.#object) + this.#unseen + this.#snapshotTold;
    return { produced, delivered: this.#delivered, lost: this.#lost };
  }

  close(): void {
    for (const fd of this.#snapshots) closeSync(fd);
    this.#snapshots = [];
    for (const link of this.#links.splice(0)) link.close();
    this.#object?.close();
    this.#object = undefined;
  }

  #drainSnapshots(max: number, emit: (event: TcpEvent) => void): number {
    let count = 0;
    while (count + SNAPSHOT_BYTES / EVENT_BYTES <= max) {
      const bytes = this.#snapshotRead.shift() ?? this.#readSnapshot();
      if (bytes === undefined) break;
      const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      for (let at = 0; at + EVENT_BYTES <= bytes.length; at += EVENT_BYTES) {
        emit(this.#reader!.read(words, view, at));
        count++;
      }
    }
    this.#snapshotTold += count;
    return count;
  }

  /** First who has which socket open, then the sockets that nobody has open; undefined when all is read. */
  #readSnapshot(): Buffer | undefined {
    while (this.#snapshots.length > 0) {
      const bytes = Buffer.allocUnsafeSlow(SNAPSHOT_BYTES);
      const length = readSync(this.#snapshots[0], bytes, 0, bytes.length, null);
      if (length > 0) return bytes.subarray(0, length);
      closeSync(this.#snapshots.shift()!);
    }
    return undefined;
  }

  /** Now and then, and at the end: a question to the kernel costs as much as a hundred events. */
  #lookAround(emit: (event: TcpEvent) => void, isLast: boolean): void {
    const nowMs = performance.now();
    if (isLast || nowMs >= this.#nextLostMs) {
      this.#nextLostMs = nowMs + LOST_MS;
      this.#tellLost(emit);
    }
    if (isLast || nowMs >= this.#nextCheckMs) {
      this.#nextCheckMs = nowMs + CHECK_MS;
      this.#countUnseen(isLast);
      this.#tellLost(emit);
      this.#tellDrops(emit);
    }
  }

  /** What the ring had no room for, and what no program saw. */
  #tellLost(emit: (event: TcpEvent) => void): void {
    const lost = this.#object!.map('lost').sum(0) + this.#unseen - this.#lost;
    if (lost === 0) return;
    this.#lost += lost;
    emit(aboutSource('lost', lost));
  }

  /**
   * What happened while a program was at work on the same CPU. Changes of state that the first program missed the second one sees, a
   * moment later: what was missed at the last look it has seen by now. Where the kernel ran neither of them without counting it, sockets'
   * later changes show what is missing at least.
   */
  #countUnseen(isLast: boolean): void {
    const object = this.#object!;
    const misses = missesOf(object);
    const settled = isLast ? misses : this.#misses;
    this.#misses = misses;
    this.#unseen = Math.max(this.#unseen, settled - object.map('caught').sum(0), object.map('gaps').sum(0));
  }

  /** What the network threw away. */
  #tellDrops(emit: (event: TcpEvent) => void): void {
    this.#clock!.check();
    const drops = this.#drops?.sinceLast() ?? [];
    if (drops.length === 0) return;
    const total = drops.reduce((sum, [, n]) => sum + n, 0);
    emit(aboutSource('drops', total, drops));
  }
}

/** How often programs that make events did not run, because they were running on the same CPU already. */
function missesOf(object: BpfObject): number {
  let misses = 0;
  for (const program of object.programs) {
    // What the second program for changes of state misses, the first one saw.
    if (program.isIterator || program.name === ON_DROP || program.name === SECOND) continue;
    misses += program.runs().misses;
  }
  return misses;
}

/** All kinds together. */
function producedBy(object: BpfObject): number {
  let sum = 0;
  for (let kind = 1; kind < KIND_NAMES.length; kind++) sum += object.map('produced').sum(kind);
  return sum;
}

/** `SK_RST_REASON_NO_SOCKET` as `no_socket`. */
function shortNames(enumeration: string, prefix: string): ReadonlyMap<number, string> {
  return new Map(
    [...kernelEnum(enumeration)].map(([number, name]) => [number, name.replace(prefix, '').toLowerCase()]),
  );
}
