// Flows counted by the kernel: a BPF program at the ingress and egress of each interface adds to a map, and we read the map. Nothing
// is copied for us and no ring can run over; what finds no room in the map comes packet by packet through a ring, and is counted.
//
// The map that is added to is swapped for an empty one before it is read. The swap returns when no program uses the old map any more,
// so each packet is in one reading.

import { readFileSync } from 'node:fs';
import {
  attachClsact,
  BpfError,
  type BpfMap,
  type BpfObject,
  type BpfProgram,
  openBpf,
  type TcDirection,
} from '../../system/bpf/bpf.ts';
import { MissingError } from '../../system/errors.ts';
import { hasChanged, type Link, listLinks, watchLinks } from '../../system/links.ts';
import { NETLINK, type NetlinkSocket, openNetlink } from '../../system/netlink.ts';
import { bpfObject } from '../../system/program-files.ts';
import type { CountStats, FlowCount, FlowCountSource } from '../flow-count.ts';
import { linkTypeOfInterface } from '../ring/link-type.ts';
import { checkNames, type InterfaceSelection } from '../ring/selection.ts';
import { type InterfaceDescription, sourceStats } from '../source.ts';
import { COUNTERS, FlowLayout, VALUE_BYTES } from './layout.ts';

const OBJECT = bpfObject('flow.bpf.o');
const LINKTYPE_ETHERNET = 1;
/** Entries read at once. */
const BATCH = 4096;

export interface TcxOptions {
  selection: InterfaceSelection;
  tell: (words: string) => void;
  /** Room of the maps for IPv4 and IPv6, in flows and directions; defaults stand in bpf/flow.bpf.c. */
  entries?: { v4: number; v6: number };
  /** How programs are attached (default: `tcx` where the kernel has it, else `clsact`). */
  attachBy?: 'tcx' | 'clsact';
}

/** The map of one family that is added to, the one that waits its turn, and how they are read. */
class Family {
  readonly layout: FlowLayout;
  readonly #outer: BpfMap;
  #active: BpfMap;
  #spare: BpfMap;
  readonly #keys: Uint8Array;
  readonly #values = new Uint8Array(BATCH * VALUE_BYTES);

  constructor(outer: BpfMap, words: 1 | 4) {
    this.layout = new FlowLayout(words);
    this.#outer = outer;
    this.#active = outer.newInner();
    this.#spare = outer.newInner();
    this.#keys = new Uint8Array(BATCH * this.layout.keyBytes);
    outer.setInner(0, this.#active);
  }

  drain(visit: (keys: DataView, key: number, values: DataView, value: number) => void): void {
    const old = this.#active;
    this.#outer.setInner(0, this.#spare);
    this.#active = this.#spare;
    this.#spare = old;
    const keys = new DataView(this.#keys.buffer);
    const values = new DataView(this.#values.buffer);
    const { keyBytes } = this.layout;
    for (const cursor = old.newCursor(); !cursor.done; ) {
      const n = old.readBatch(cursor, this.#keys, this.#values, true);
      for (let i = 0; i < n; i++) visit(keys, i * keyBytes, values, i * VALUE_BYTES);
    }
  }

  close(): void {
    this.#active.close();
    this.#spare.close();
  }
}

export class TcxSource implements FlowCountSource {
  readonly interfaces: InterfaceDescription[] = [];
  readonly secrets = [];
  readonly names = [];
  readonly #options: TcxOptions;
  #selection: InterfaceSelection;
  #object: BpfObject | undefined;
  #families: Family[] = [];
  #netlink: NetlinkSocket | undefined;
  #watch: NetlinkSocket | undefined;
  #links: Link[] = [];
  /** Links are followed one time after the other: attaching may wait. */
  #following: Promise<unknown> = Promise.resolve();
  readonly #attached = new Map<number, { close(): unknown }[]>();
  /** What packets name the interface of an index by: settled when it is attached to, for it may be gone when its counts are read. */
  readonly #numbers = new Map<number, number>();
  /** Indexes of interfaces that are gone, whose last counts were not read yet. */
  readonly #gone = new Set<number>();
  #packets = 0;
  #bytes = 0;

  constructor(options: TcxOptions) {
    this.#options = options;
    this.#selection = options.selection;
  }

  /** Rejects with MissingError without the capabilities or the kernel for it, with InputError when an interface is not there. */
  async open(): Promise<void> {
    const { entries, tell } = this.#options;
    const selection = this.#selection;
    try {
      this.#netlink = await openNetlink(NETLINK.ROUTE);
      this.#watch = await watchLinks();
      this.#links = listLinks(this.#netlink);
      checkNames(selection, this.#links, tell);
      const bpf = await openBpf();
      this.#object = bpf.load(readFileSync(OBJECT), OBJECT, {
        ...(entries === undefined ? {} : { maxEntries: { 'active4.inner': entries.v4, 'active6.inner': entries.v6 } }),
      });
      this.#families = [new Family(this.#object.map('active4'), 1), new Family(this.#object.map('active6'), 4)];
      await this.#follow();
    } catch (error) {
      await this.close();
      if (!(error instanceof BpfError)) throw error;
      throw new MissingError(
        `counting flows in the kernel needs CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN, and Linux 5.11 or newer: ${error.message}`,
      );
    }
  }

  drain(): FlowCount[] {
    const counts: FlowCount[] = [];
    const wallMs = Date.now() - Number(process.hrtime.bigint()) / 1e6;
    const number = (ifindex: number) => this.#numberOf(ifindex);
    for (const family of this.#families) {
      family.drain((keys, key, values, value) => {
        counts.push(family.layout.read(keys, key, values, value, wallMs, number));
      });
    }
    const ring = this.#object!.ring('overflow');
    ring.drain((at, length) => {
      const { layout } = this.#families.find((family) => family.layout.keyBytes + VALUE_BYTES === length)!;
      counts.push(layout.read(ring.view, at, ring.view, at + layout.keyBytes, wallMs, number));
    }, Number.POSITIVE_INFINITY);
    for (const index of this.#gone) this.#numbers.delete(index);
    this.#gone.clear();
    for (const { packets, bytes } of counts) {
      this.#packets += packets;
      this.#bytes += bytes;
    }
    return counts.sort((a, b) => a.firstSeconds - b.firstSeconds || a.firstNanos - b.firstNanos);
  }

  /** Looks for new interfaces and vanished ones; call it now and then. */
  follow(): Promise<void> {
    return this.#inTurn(async () => {
      if (!hasChanged(this.#watch!)) return;
      this.#links = listLinks(this.#netlink!);
      await this.#follow();
    });
  }

  /** Counts on these interfaces from now on. */
  select(selection: InterfaceSelection): Promise<void> {
    return this.#inTurn(async () => {
      this.#selection = selection;
      this.#links = listLinks(this.#netlink!);
      await this.#follow();
    });
  }

  /** All links of the machine, as of the last time that they were followed. */
  get links(): readonly Link[] {
    return this.#links;
  }

  /** Whether the packets of this one are counted. */
  isAttached({ index }: Link): boolean {
    return (this.#attached.get(index)?.length ?? 0) > 0;
  }

  stats(): CountStats {
    const counters = this.#object?.map('counters');
    const sum = (index: number) => counters?.sum(index) ?? 0;
    return {
      ...sourceStats({ packets: this.#packets, bytesRead: this.#bytes, kernelDropped: sum(COUNTERS.lost) }),
      noIp: { packets: sum(COUNTERS.noIp), bytes: sum(COUNTERS.noIpBytes) },
      broken: { packets: sum(COUNTERS.broken), bytes: sum(COUNTERS.brokenBytes) },
      overflown: sum(COUNTERS.overflown),
    };
  }

  /** Nothing is counted any more, or it is late; what was is still there for `drain` and `stats`. */
  async detach(isLate: () => boolean): Promise<void> {
    for (const index of [...this.#attached.keys()]) {
      if (isLate()) return;
      await this.#detach(index);
    }
  }

  async close(): Promise<void> {
    await this.detach(() => false);
    for (const family of this.#families) family.close();
    this.#families = [];
    this.#object?.close();
    this.#object = undefined;
    this.#watch?.close();
    this.#netlink?.close();
  }

  #inTurn(step: () => Promise<void>): Promise<void> {
    const done = this.#following.then(step, step);
    this.#following = done.catch(() => undefined);
    return done;
  }

  async #follow(): Promise<void> {
    const { tell } = this.#options;
    const selection = this.#selection;
    const wanted = this.#links.filter(({ name }) => selection.wants(name));
    for (const index of [...this.#attached.keys()]) {
      if (wanted.some((link) => link.index === index)) continue;
      await this.#detach(index);
      this.#gone.add(index);
    }
    for (const link of wanted) {
      this.#gone.delete(link.index);
      this.#numbers.set(link.index, this.#numberNamed(link.name, link.hardwareType));
      if (this.#attached.has(link.index)) continue;
      const program = this.#object!.program(
        linkTypeOfInterface(link.hardwareType) === LINKTYPE_ETHERNET ? 'count_ethernet' : 'count_ip',
      );
      // What goes out of the loopback interface comes in again.
      const directions: TcDirection[] = link.isLoopback ? ['ingress'] : ['ingress', 'egress'];
      this.#attached.set(link.index, []);
      for (const direction of directions) {
        try {
          this.#attached.get(link.index)!.push(await this.#attach(program, link.index, direction));
        } catch (error) {
          if (selection.single !== undefined) throw error;
          tell(`${link.name} can not be counted: ${(error as Error).message}`);
        }
      }
    }
  }

  async #attach(program: BpfProgram, ifindex: number, direction: TcDirection): Promise<{ close(): unknown }> {
    const { attachBy } = this.#options;
    if (attachBy === 'clsact') return attachClsact(program, ifindex, direction);
    try {
      return program.attachTcx(ifindex, direction);
    } catch (error) {
      // Before Linux 6.6 the call is not known.
      if (attachBy === 'tcx' || (error as BpfError).code !== 'EINVAL') throw error;
      return attachClsact(program, ifindex, direction);
    }
  }

  async #detach(index: number): Promise<void> {
    for (const link of this.#attached.get(index) ?? []) await link.close();
    this.#attached.delete(index);
  }

  #numberOf(ifindex: number): number {
    return this.#numbers.get(ifindex) ?? this.#numberNamed(`if${ifindex}`, 0);
  }

  /** An interface keeps its number when it comes back with another index. */
  #numberNamed(name: string, hardwareType: number): number {
    const known = this.interfaces.findIndex((one) => one.name === name);
    if (known >= 0) return known;
    this.interfaces.push({ name, linkType: linkTypeOfInterface(hardwareType), snapLength: 0, file: '' });
    return this.interfaces.length - 1;
  }
}
