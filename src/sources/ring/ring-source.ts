// Live packets of one or many interfaces through one ring: an AF_PACKET socket whose memory the kernel fills and we read in place.
//
// One ring serves them all. With one interface the socket is bound to it; with several it hears all of them and the kernel's
// filter lets those through that are wanted, so memory does not grow with their number and packets come in the order of time.
// Interfaces that appear, vanish and come back are followed as the kernel tells of them.

import { FRAME_LEAST } from '../../system/abi.ts';
import { MissingError, SystemError } from '../../system/errors.ts';
import type { Libc } from '../../system/libc.ts';
import { hasChanged, type Link, listLinks, watchLinks } from '../../system/links.ts';
import { NETLINK, type NetlinkSocket, openNetlink } from '../../system/netlink.ts';
import { PacketRing } from '../../system/packet-ring.ts';
import {
  type EmbeddedName,
  type EmbeddedSecrets,
  type InterfaceDescription,
  newPacketBatch,
  type PacketBatch,
  type PacketSource,
  type SourceStats,
  sourceStats,
} from '../source.ts';
import { addressPairProgram, type CaptureDirection, kernelFilter, REFUSE_ALL } from './kernel-filter.ts';
import { linkTypeOfInterface } from './link-type.ts';
import { BlockReader } from './read-block.ts';
import { checkNames, type InterfaceSelection } from './selection.ts';
import type { UserFilter } from './user-filter.ts';

export interface RingSourceOptions {
  selection: InterfaceSelection;
  filter: UserFilter;
  /** Bytes kept of each packet. */
  snapLength: number;
  /** What is needed where it changes while packets come. */
  needed: Needed | undefined;
  /** All packets that `filter` passes, whatever is needed. */
  takesAll: boolean;
  promiscuous: boolean;
  direction: CaptureDirection;
  ringBytes: number;
  blockBytes: number;
  /** A block that is not full is handed over after so long: the delay of a packet on a quiet line. */
  retireMs: number;
  /** Share the packets with other sources of the same group, which has a number of its own on this machine. */
  fanOutGroup: number | undefined;
  /** The same for rings of one interface each, in several threads. */
  team: RingTeam | undefined;
  /** Hears what people should know, while the capture runs. */
  tell: (words: string) => void;
  /**
   * `block`: `next()` itself waits, for a thread that has nothing else to do. `later`: it gives a promise. `never`: it says idle at once,
   * for whoever looks at many sources in turn.
   */
  wait: 'block' | 'later' | 'never';
}

/**
 * Threads that share what comes in on each interface: the kernel gives each the packets of its address pairs. No ring takes packets before
 * all of its team are there, so that no flow begins with one thread and goes on with another.
 */
export interface RingTeam {
  /** The group of an interface is this and its index. */
  group: number;
  size: number;
  /** Shared by the threads: how many rings there are, by the index of the interface. */
  joined: Int32Array;
}

/** What is needed of packets from now on: who changes it is followed with the next look at the ring. */
export interface Needed {
  /** Kept of each packet. */
  bytes: number;
  /** Packets that are needed, where no filter was given; undefined: all. */
  packets?: UserFilter | undefined;
}

/** A ring whose team does not come is not held up for longer. */
const TEAM_MS = 2000;

/** A wait is over after so long, so that whoever asks can look at the time and at what it is told. */
const WAIT_MS = 100;
const POLLIN = 1;
const POLLERR = 8;
/** Interfaces are looked at again at least so often while packets never pause. */
const LOOK_MS = 500;
/** After `stop`, the block that is being filled is handed over within so many retire times. */
const DRAIN_RETIRES = 3;

export class RingSource implements PacketSource {
  readonly interfaces: InterfaceDescription[] = [];
  readonly secrets: EmbeddedSecrets[] = [];
  readonly names: EmbeddedName[] = [];
  readonly #libc: Libc;
  readonly #options: RingSourceOptions;
  #ring: PacketRing | undefined;
  #reader: BlockReader | undefined;
  #netlink: NetlinkSocket | undefined;
  #watch: NetlinkSocket | undefined;
  #batch: PacketBatch | undefined;
  #isHeld = false;
  readonly #fds = new Uint8Array(16);
  readonly #events = new DataView(this.#fds.buffer);
  readonly #numbers = new Map<number, number>();
  #links: Link[] = [];
  readonly #promiscuous = new Set<number>();
  /** Index of the interface that the socket is bound to; 0 for all, -1 while the only one is gone. */
  #bound = 0;
  #packets = 0;
  #frameBytes = 0;
  #highWater = 0;
  #looked = 0;
  #drainUntil = 0;
  /** What the kernel's filter keeps of a packet, and of which packets where that is derived. */
  #kept = 0;
  #derived: UserFilter | undefined;
  /** Until when the team is waited for; 0: it is not. */
  #teamUntil = 0;

  constructor(libc: Libc, options: RingSourceOptions) {
    this.#libc = libc;
    this.#options = options;
  }

  /** Rejects with InputError when an interface is not there, MissingError without CAP_NET_RAW, SystemError for other refusals. */
  async open(): Promise<void> {
    try {
      await this.#open();
    } catch (error) {
      await this.close();
      throw error instanceof SystemError && error.code === 'EPERM' ? withoutPrivilege() : error;
    }
  }

  async #open(): Promise<void> {
    const { ringBytes, blockBytes, retireMs, direction, fanOutGroup, team } = this.#options;
    this.#netlink = await openNetlink(NETLINK.ROUTE);
    this.#watch = await watchLinks();
    this.#links = listLinks(this.#netlink);
    checkNames(this.#options.selection, this.#links, this.#options.tell);
    this.#bound = this.#bindTo();
    const ring = new PacketRing(this.#libc, {
      blockBytes,
      blocks: Math.max(2, Math.floor(ringBytes / blockBytes)),
      retireMs,
      filter: fanOutGroup === undefined && team === undefined ? this.#program() : REFUSE_ALL,
      ifindex: this.#bound,
      ignoreOutgoing: direction === 'in',
    });
    this.#ring = ring;
    if (fanOutGroup !== undefined) ring.fanOut(fanOutGroup, addressPairProgram());
    if (team !== undefined) {
      ring.fanOut((team.group + this.#bound) & 0xffff, addressPairProgram());
      Atomics.add(team.joined, this.#bound % team.joined.length, 1);
      this.#teamUntil = performance.now() + TEAM_MS;
    }
    this.#reader = new BlockReader(ring, (ifindex) => this.#numberOf(ifindex));
    this.#batch = newPacketBatch(ring.bytes, Math.ceil(blockBytes / FRAME_LEAST));
    this.#events.setInt32(0, ring.fd, true);
    this.#events.setInt16(4, POLLIN | POLLERR, true);
    this.#events.setInt32(8, this.#watch.fd, true);
    this.#events.setInt16(12, POLLIN, true);
    this.#follow();
    this.#looked = performance.now();
  }

  /** Members of a fan-out group take packets only from here on, when all of them are there. */
  start(): void {
    this.#ring!.setFilter(this.#program());
  }

  next(): PacketBatch | 'idle' | 'end' | Promise<PacketBatch | 'idle' | 'end'> {
    if (this.#isHeld) return 'idle';
    const ring = this.#ring!;
    const now = performance.now();
    if (this.#teamUntil > 0) this.#awaitTeam(now);
    else if (this.#hasOtherNeeds && this.#drainUntil === 0) ring.setFilter(this.#program());
    if (now - this.#looked > LOOK_MS) {
      this.#looked = now;
      // Where nobody waits for this source, its errors are looked for here.
      if (this.#options.wait === 'never') this.#heard(this.#libc.poll(this.#fds, 0));
      else if (hasChanged(this.#watch!)) this.#changed();
    }
    if (ring.isReady) return this.#take();
    if (this.#drainUntil > 0 && now > this.#drainUntil) return 'end';
    if (this.#options.wait === 'never') return 'idle';
    if (this.#options.wait === 'block') {
      this.#heard(this.#libc.poll(this.#fds, WAIT_MS));
      return ring.isReady ? this.#take() : 'idle';
    }
    return this.#libc.pollLater(this.#fds, WAIT_MS).then((n) => {
      this.#heard(n);
      return ring.isReady ? this.#take() : 'idle';
    });
  }

  release(_batch: PacketBatch): void {
    this.#isHeld = false;
    this.#ring!.release();
  }

  stop(): void {
    if (this.#drainUntil > 0) return;
    this.#teamUntil = 0;
    this.#ring!.setFilter(REFUSE_ALL);
    this.#drainUntil = performance.now() + DRAIN_RETIRES * this.#options.retireMs;
  }

  stats(): SourceStats {
    const ring = this.#ring;
    ring?.count();
    return sourceStats({
      packets: this.#packets,
      bytesRead: this.#frameBytes,
      kernelDropped: ring?.dropped ?? 0,
      live: {
        received: ring?.received ?? 0,
        dropped: ring?.dropped ?? 0,
        freezes: ring?.freezes ?? 0,
        ringBlocks: ring?.blocks ?? 0,
        ringHighWater: this.#highWater,
        ringBytes: (ring?.blocks ?? 0) * (ring?.blockBytes ?? 0),
      },
    });
  }

  async close(): Promise<void> {
    const { team } = this.#options;
    if (team !== undefined && this.#ring !== undefined && !this.#ring.isClosed)
      Atomics.sub(team.joined, this.#bound % team.joined.length, 1);
    this.#ring?.count();
    this.#watch?.close();
    this.#netlink?.close();
    this.#ring?.close();
  }

  #awaitTeam(now: number): void {
    const { joined, size } = this.#options.team!;
    if (Atomics.load(joined, this.#bound % joined.length) < size && now < this.#teamUntil) return;
    this.#teamUntil = 0;
    this.start();
  }

  #take(): PacketBatch {
    const ring = this.#ring!;
    const batch = this.#batch!;
    const waiting = ring.waiting;
    if (waiting > this.#highWater) this.#highWater = waiting;
    this.#reader!.read(batch, ring.blockOffset, this.#packets + 1);
    this.#packets += batch.count;
    let bytes = 0;
    for (let i = 0; i < batch.count; i++) bytes += batch.capturedLength[i];
    this.#frameBytes += bytes;
    this.#isHeld = true;
    return batch;
  }

  /** What the poll came back with: a socket that is not well, or word of interfaces. */
  #heard(n: number): void {
    if (n <= 0) return;
    if ((this.#events.getInt16(6, true) & POLLERR) !== 0) this.#ring!.takeError();
    if (this.#events.getInt16(14, true) !== 0 && hasChanged(this.#watch!)) this.#changed();
  }

  #changed(): void {
    const before = this.#wanted();
    this.#links = listLinks(this.#netlink!);
    const bound = this.#bindTo();
    if (this.#isSingle && bound > 0 && bound !== this.#bound) {
      // A member of a group can not be bound anew.
      if (this.#options.team !== undefined)
        throw new Error(`'${this.#options.selection.single}' is another interface now: its ring is opened anew`);
      this.#ring!.bind(bound);
      this.#bound = bound;
    }
    if (this.#drainUntil === 0 && !this.#isSingle) this.#ring!.setFilter(this.#program());
    this.#follow();
    this.#tellChanges(before, this.#wanted());
  }

  #tellChanges(before: readonly Link[], after: readonly Link[]): void {
    const { tell } = this.#options;
    for (const link of before) {
      const now = after.find(({ index }) => index === link.index);
      if (now === undefined) tell(`${link.name} is gone`);
      else if (now.isUp !== link.isUp) tell(`${link.name} is ${now.isUp ? 'up' : 'down'}`);
    }
    for (const { name, index } of after) {
      if (!before.some((link) => link.index === index)) tell(`${name} is there`);
    }
  }

  /** A socket in a fan-out group can not be bound anew, so there the filter does the choosing. */
  get #isSingle(): boolean {
    return this.#options.selection.single !== undefined && this.#options.fanOutGroup === undefined;
  }

  #bindTo(): number {
    if (!this.#isSingle) return 0;
    return this.#links.find(({ name }) => name === this.#options.selection.single)?.index ?? -1;
  }

  #wanted(): Link[] {
    return this.#links.filter(({ name }) => this.#options.selection.wants(name));
  }

  get #snapLength(): number {
    return this.#options.needed?.bytes ?? this.#options.snapLength;
  }

  get #hasOtherNeeds(): boolean {
    return this.#kept !== this.#snapLength || this.#derived !== this.#options.needed?.packets;
  }

  #program(): Uint8Array {
    const { selection, filter, direction, needed, takesAll } = this.#options;
    const snapLength = this.#snapLength;
    this.#kept = snapLength;
    this.#derived = needed?.packets;
    const user = takesAll || !filter.isEmpty ? filter : (needed?.packets ?? filter);
    const loopback = this.#links.find(({ isLoopback }) => isLoopback)?.index ?? 0;
    const all = this.#isSingle || selection.isAny;
    const unwanted = this.#isSingle ? [] : this.#links.filter(({ name }) => !selection.wants(name));
    const only = all ? undefined : this.#wanted().map(({ index }) => index);
    return kernelFilter({
      snapLength,
      direction,
      loopback,
      only,
      except: all ? unwanted.map(({ index }) => index) : [],
      user: user.programs(this.#links, selection),
    });
  }

  /** Numbers of interfaces and promiscuous mode follow what is there. */
  #follow(): void {
    this.#reader!.forget();
    this.#numbers.clear();
    const wanted = this.#wanted();
    for (const index of this.#promiscuous) {
      if (!wanted.some((link) => link.index === index)) this.#promiscuous.delete(index);
    }
    if (!this.#options.promiscuous || this.#options.selection.isAny) return;
    for (const { index, isLoopback } of wanted) {
      if (isLoopback || this.#promiscuous.has(index)) continue;
      this.#ring!.setPromiscuous(index, true);
      this.#promiscuous.add(index);
    }
  }

  /** An interface keeps its number when it comes back with another index. */
  #numberOf(ifindex: number): number {
    const known = this.#numbers.get(ifindex);
    if (known !== undefined) return known;
    let link = this.#links.find(({ index }) => index === ifindex);
    if (link === undefined) {
      this.#links = listLinks(this.#netlink!);
      link = this.#links.find(({ index }) => index === ifindex);
    }
    const name = link?.name ?? `if${ifindex}`;
    let number = this.interfaces.findIndex((one) => one.name === name);
    if (number < 0) {
      number = this.interfaces.length;
      this.interfaces.push({
        name,
        linkType: linkTypeOfInterface(link?.hardwareType ?? 0),
        snapLength: this.#snapLength,
        file: '',
      });
    }
    this.#numbers.set(ifindex, number);
    return number;
  }
}

function withoutPrivilege(): MissingError {
  return new MissingError(
    'capturing needs the capability CAP_NET_RAW, which this user does not have: run as root, under systemd with ' +
      "AmbientCapabilities=CAP_NET_RAW, or with 'setpriv --ambient-caps +net_raw --inh-caps +net_raw'; 'netscribe doctor' says more",
  );
}
