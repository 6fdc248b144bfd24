// Live packets of one or many interfaces through one ring: an AF_PACKET socket whose memory the kernel fills and we read in place.
//
// One ring serves them all. With one interface the socket is bound to it; with several it hears all of them and the kernel's
// filter lets those through that are wanted, so memory does not grow with their number and packets come in the order of time.
// Interfaces that appear, vanish and come back are followed as the kernel tells of them.
//
// The ring of one interface that is shared out (`team`) can be replaced by one of another size while packets come: each packet is in one of
// the two (see ring-team.ts), and the former is read to its end before the new one is looked at.

import { MissingError, SystemError } from '../../system/errors.ts';
import type { Libc } from '../../system/libc.ts';
import { hasChanged, type Link, listLinks, watchLinks } from '../../system/links.ts';
import { NETLINK, type NetlinkSocket, openNetlink } from '../../system/netlink.ts';
import { PacketRing } from '../../system/packet-ring.ts';
import {
  type EmbeddedName,
  type EmbeddedSecrets,
  type InterfaceDescription,
  type PacketBatch,
  type PacketSource,
  type SourceStats,
  sourceStats,
} from '../source.ts';
import { addressPairProgram, type CaptureDirection, kernelFilter, REFUSE_ALL } from './kernel-filter.ts';
import { linkTypeOfInterface } from './link-type.ts';
import { RingReading } from './ring-reading.ts';
import { RingShare, type RingTeam } from './ring-team.ts';
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
  /** The same for rings of one interface each, which can be replaced while packets come. No ring takes packets before all of its team are there. */
  team: RingTeam | undefined;
  /** Hears what people should know, while the capture runs. */
  tell: (words: string) => void;
  /**
   * `block`: `next()` itself waits, for a thread that has nothing else to do. `later`: it gives a promise. `never`: it says idle at once,
   * for whoever looks at many sources in turn.
   */
  wait: 'block' | 'later' | 'never';
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
const ENETDOWN = 100;
/** Interfaces are looked at again at least so often while packets never pause. */
const LOOK_MS = 500;
/** After `stop`, the block that is being filled is handed over within so many retire times. */
const DRAIN_RETIRES = 3;
/** So long is another thread of the team waited for at the end. */
const CLOSE_MS = 1000;
/** A former ring is given up after so long whatever is in it, which then counts as dropped. */
const FORMER_MS = 2000;

/** Another ring is to take over: with other blocks, or of the same name's other interface. */
interface Replacement {
  ringBytes: number;
  blockBytes: number;
  ifindex: number;
  done: PromiseWithResolvers<void>;
}

export class RingSource implements PacketSource {
  readonly interfaces: InterfaceDescription[] = [];
  readonly secrets: EmbeddedSecrets[] = [];
  readonly names: EmbeddedName[] = [];
  readonly #libc: Libc;
  readonly #options: RingSourceOptions;
  #now: RingReading | undefined;
  /** What took packets before, until all of them are read and it is closed. */
  #former: RingReading | undefined;
  #formerUntil = 0;
  #replacement: Replacement | undefined;
  /** A step of a change that goes on: see `ring-team.ts`. */
  #changing: Promise<void> | undefined;
  /** Why reading can not go on. */
  #failure: Error | undefined;
  /** Counted by rings that are closed. */
  readonly #past = { received: 0, dropped: 0, freezes: 0 };
  #netlink: NetlinkSocket | undefined;
  #watch: NetlinkSocket | undefined;
  #held: RingReading | undefined;
  readonly #fds = new Uint8Array(16);
  readonly #events = new DataView(this.#fds.buffer);
  readonly #numbers = new Map<number, number>();
  #links: Link[] = [];
  /** Index of the interface that the socket is bound to; 0 for all, -1 while the only one is gone. */
  #bound = 0;
  #packets = 0;
  #frameBytes = 0;
  #looked = 0;
  #drainUntil = 0;
  /** What the kernel's filter keeps of a packet, and of which packets where that is derived. */
  #kept = 0;
  #derived: UserFilter | undefined;
  /** Members of the team may have other places than is known. */
  #isReordered = false;
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
    const { fanOutGroup, team } = this.#options;
    this.#netlink = await openNetlink(NETLINK.ROUTE);
    this.#watch = await watchLinks();
    this.#links = listLinks(this.#netlink);
    checkNames(this.#options.selection, this.#links, this.#options.tell);
    this.#bound = this.#bindTo();
    if (team === undefined) {
      const filter = fanOutGroup === undefined ? this.#program() : REFUSE_ALL;
      const ring = new PacketRing(this.#libc, this.#ringOptions(this.#options, this.#bound, filter));
      this.#read(ring, undefined);
      if (fanOutGroup !== undefined) {
        ring.join(fanOutGroup);
        ring.shareOut(addressPairProgram());
      }
    } else {
      const share = new RingShare(team, this.#bound);
      const make = () => PacketRing.openLater(this.#libc, this.#ringOptions(this.#options, this.#bound, REFUSE_ALL));
      let entering: Promise<PacketRing> | undefined;
      while ((entering = share.tryEnter(make)) === undefined) await new Promise((resolve) => setTimeout(resolve, 1));
      this.#read(await entering, share);
      this.#teamUntil = performance.now() + TEAM_MS;
    }
    this.#follow();
    this.#looked = performance.now();
  }

  #ringOptions(
    size: { ringBytes: number; blockBytes: number },
    ifindex: number,
    filter: Uint8Array,
  ): ConstructorParameters<typeof PacketRing>[1] {
    return {
      blockBytes: size.blockBytes,
      blocks: blocksOf(size),
      retireMs: this.#options.retireMs,
      filter,
      ifindex,
      ignoreOutgoing: this.#options.direction === 'in',
    };
  }

  /** Packets are read from this ring from now on. */
  #read(ring: PacketRing, share: RingShare | undefined): RingReading {
    const reading = new RingReading(ring, share, (ifindex) => this.#numberOf(ifindex));
    this.#now = reading;
    this.#events.setInt32(0, ring.fd, true);
    this.#events.setInt16(4, POLLIN | POLLERR, true);
    this.#events.setInt32(8, this.#watch!.fd, true);
    this.#events.setInt16(12, POLLIN, true);
    return reading;
  }

  /** Members of a fan-out group take packets only from here on, when all of them are there. */
  start(): void {
    this.#now!.ring.setFilter(this.#program());
  }

  /**
   * Goes on with another filter, snap length, promiscuous mode, size of the ring; the other options stay. No packet is missed by it, nor is
   * one taken twice. Somebody must go on reading. Resolves when all packets come by a ring of the new size. Rejects when there is no memory
   * for it beside the present one, or the kernel will not have it; the rest is in effect then.
   */
  async renew(change: RingSourceOptions): Promise<void> {
    const { filter, snapLength, needed, takesAll, promiscuous, ringBytes, blockBytes } = change;
    Object.assign(this.#options, { filter, snapLength, needed, takesAll, promiscuous });
    if (this.#drainUntil > 0) return;
    if (this.#teamUntil === 0) this.start();
    this.#follow();
    const { ring } = this.#now!;
    if (blockBytes === ring.blockBytes && blocksOf(change) === ring.blocks) return;
    if (this.#options.team === undefined) throw new Error('a ring that is not shared out can not be replaced');
    await this.#replace({ ringBytes, blockBytes, ifindex: this.#bound });
    Object.assign(this.#options, { ringBytes, blockBytes });
  }

  /** One after the other. */
  async #replace(by: Omit<Replacement, 'done'>): Promise<void> {
    while (this.#replacement !== undefined) await this.#replacement.done.promise.catch(() => undefined);
    this.#replacement = { ...by, done: Promise.withResolvers() };
    await this.#replacement.done.promise;
  }

  next(): PacketBatch | 'idle' | 'end' | Promise<PacketBatch | 'idle' | 'end'> {
    if (this.#held !== undefined) return 'idle';
    const now = performance.now();
    if (this.#teamUntil > 0) this.#awaitTeam(now);
    else if (this.#hasOtherNeeds && this.#drainUntil === 0) this.start();
    if (now - this.#looked > LOOK_MS) {
      this.#looked = now;
      // Where nobody waits for this source, its errors are looked for here.
      if (this.#options.wait === 'never') this.#heard(this.#libc.poll(this.#fds, 0));
      else if (hasChanged(this.#watch!)) this.#changed();
    }
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#changing === undefined) this.#change();
    // In the order of time: what came last to the former ring, then what the new one has.
    if (this.#former !== undefined) {
      if (this.#former.ring.isReady) return this.#take(this.#former);
      if (!this.#end(this.#former, now)) return 'idle';
    }
    const { ring } = this.#now!;
    if (ring.isReady) return this.#take(this.#now!);
    if (this.#drainUntil > 0 && now > this.#drainUntil) return 'end';
    if (this.#options.wait === 'never') return 'idle';
    if (this.#options.wait === 'block') {
      this.#heard(this.#libc.poll(this.#fds, WAIT_MS));
      return ring.isReady ? this.#take(this.#now!) : 'idle';
    }
    return this.#libc.pollLater(this.#fds, WAIT_MS).then((n) => {
      this.#heard(n);
      return ring.isReady ? this.#take(this.#now!) : 'idle';
    });
  }

  release(_batch: PacketBatch): void {
    this.#held?.ring.release();
    this.#held = undefined;
  }

  stop(): void {
    if (this.#drainUntil > 0) return;
    this.#teamUntil = 0;
    this.#former?.ring.setFilter(REFUSE_ALL);
    this.#now!.ring.setFilter(REFUSE_ALL);
    this.#drainUntil = performance.now() + DRAIN_RETIRES * this.#options.retireMs;
    this.#replaced(new Error('the capture ends'));
  }

  stats(): SourceStats {
    const { received, dropped, freezes } = this.#past;
    const ring = this.#now?.ring;
    ring?.count();
    const former = this.#former?.ring;
    former?.count();
    return sourceStats({
      packets: this.#packets,
      bytesRead: this.#frameBytes,
      kernelDropped: dropped + (ring?.dropped ?? 0) + (former?.dropped ?? 0),
      live: {
        received: received + (ring?.received ?? 0) + (former?.received ?? 0),
        dropped: dropped + (ring?.dropped ?? 0) + (former?.dropped ?? 0),
        freezes: freezes + (ring?.freezes ?? 0) + (former?.freezes ?? 0),
        ringBlocks: ring?.blocks ?? 0,
        ringHighWater: this.#now?.highWater ?? 0,
        ringBytes: (ring?.blocks ?? 0) * (ring?.blockBytes ?? 0),
      },
    });
  }

  async close(): Promise<void> {
    this.#replaced(new Error('the capture ends'));
    await this.#changing;
    const until = performance.now() + CLOSE_MS;
    for (const reading of [this.#former, this.#now]) {
      if (reading === undefined || reading.ring.isClosed) continue;
      reading.ring.count();
      let leaving: Promise<void> | undefined;
      while (
        reading.share !== undefined &&
        (leaving = reading.share.tryLeave(reading.ring)) === undefined &&
        performance.now() < until
      )
        await new Promise((resolve) => setTimeout(resolve, 1));
      await leaving;
      reading.ring.close();
    }
    this.#watch?.close();
    this.#netlink?.close();
  }

  /** The next step of what is to change, if it is time for one. Steps take long, and packets are read meanwhile. */
  #change(): void {
    // Whether the link was down since: where members are has to be known before.
    if (this.#replacement !== undefined) this.#heard(this.#libc.poll(this.#fds, 0));
    const { share, ring } = this.#now!;
    if (this.#isReordered) {
      const restoring = share?.tryRestore(ring);
      if (restoring !== undefined) this.#isReordered = false;
      this.#goesOn(restoring);
    } else if (this.#replacement !== undefined && this.#former === undefined) this.#begin(this.#replacement);
  }

  /** A ring beside the present one takes over. */
  #begin(by: Replacement): void {
    const reading = this.#now!;
    const isOther = by.ifindex !== this.#bound;
    const share = isOther ? new RingShare(this.#options.team!, by.ifindex) : reading.share!;
    const make = async () => {
      if (!isOther) await share.joinLate(reading.ring);
      return PacketRing.openLater(this.#libc, this.#ringOptions(by, by.ifindex, REFUSE_ALL));
    };
    const start = (ring: PacketRing) => {
      if (!isOther && this.#drainUntil === 0) ring.setFilter(this.#program());
    };
    const entering = share.tryEnter(make, start)?.then(
      (ring) => {
        const now = performance.now();
        if (isOther) {
          this.#bound = by.ifindex;
          this.#teamUntil = this.#drainUntil === 0 ? now + TEAM_MS : 0;
        } else if (this.#drainUntil > 0) ring.setFilter(REFUSE_ALL);
        this.#former = reading;
        this.#formerUntil = now + FORMER_MS;
        this.#read(ring, share);
        this.#follow();
      },
      (error: Error) => {
        this.#replaced(error);
        if (isOther) this.#failure = error;
      },
    );
    this.#goesOn(entering);
  }

  /** Whether nothing is left of the former ring: all of it was read, or there is no more time for it. */
  #end(former: RingReading, now: number): boolean {
    const { unread } = former;
    if ((unread > 0 && now < this.#formerUntil) || this.#changing !== undefined) return false;
    const leaving = former.share!.tryLeave(former.ring);
    if (leaving === undefined) return false;
    this.#past.received += former.ring.received;
    this.#past.dropped += former.ring.dropped + unread;
    this.#past.freezes += former.ring.freezes;
    this.#former = undefined;
    this.#goesOn(leaving.then(() => this.#replaced()));
    return true;
  }

  #goesOn(step: Promise<void> | undefined): void {
    this.#changing = step?.then(
      () => {
        this.#changing = undefined;
      },
      (error: Error) => {
        this.#changing = undefined;
        this.#failure = error;
      },
    );
  }

  #replaced(error?: Error): void {
    const replacement = this.#replacement;
    this.#replacement = undefined;
    if (error === undefined) replacement?.done.resolve();
    else replacement?.done.reject(error);
  }

  #awaitTeam(now: number): void {
    const { size } = this.#options.team!;
    if (this.#now!.share!.present < size && now < this.#teamUntil) return;
    this.#teamUntil = 0;
    this.start();
  }

  #take(reading: RingReading): PacketBatch {
    const batch = reading.take(this.#packets + 1);
    this.#packets += batch.count;
    let bytes = 0;
    for (let i = 0; i < batch.count; i++) bytes += batch.capturedLength[i];
    this.#frameBytes += bytes;
    this.#held = reading;
    return batch;
  }

  /** What the poll came back with: a socket that is not well, or word of interfaces. */
  #heard(n: number): void {
    if (n <= 0) return;
    if ((this.#events.getInt16(6, true) & POLLERR) !== 0) {
      // The link was down: the kernel took the group's members out, and puts them back in another order.
      if (this.#now!.ring.takeError() === ENETDOWN) this.#isReordered = this.#options.team !== undefined;
    }
    if (this.#events.getInt16(14, true) !== 0 && hasChanged(this.#watch!)) this.#changed();
  }

  #changed(): void {
    const before = this.#wanted();
    this.#links = listLinks(this.#netlink!);
    const bound = this.#bindTo();
    if (this.#isSingle && bound > 0 && bound !== this.#bound) {
      const { team, ringBytes, blockBytes } = this.#options;
      if (team === undefined) {
        this.#now!.ring.bind(bound);
        this.#bound = bound;
      } else if (this.#drainUntil === 0 && this.#replacement?.ifindex !== bound) {
        // A member of a group can not be bound anew. What goes wrong with it is told by `next`.
        this.#replace({ ringBytes, blockBytes, ifindex: bound }).catch(() => undefined);
      }
    }
    if (this.#drainUntil === 0 && !this.#isSingle) this.start();
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
    this.#now!.forget();
    this.#former?.forget();
    this.#numbers.clear();
    const isWanted = this.#options.promiscuous && !this.#options.selection.isAny;
    const wanted = isWanted ? this.#wanted().filter(({ isLoopback }) => !isLoopback) : [];
    this.#now!.setPromiscuous(new Set(wanted.map(({ index }) => index)));
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

export function withoutPrivilege(): MissingError {
  return new MissingError(
    'capturing needs the capability CAP_NET_RAW, which this user does not have: run as root, under systemd with ' +
      "AmbientCapabilities=CAP_NET_RAW, or with 'setpriv --ambient-caps +net_raw --inh-caps +net_raw'; 'netscribe doctor' says more",
  );
}

function blocksOf({ ringBytes, blockBytes }: { ringBytes: number; blockBytes: number }): number {
  return Math.max(2, Math.floor(ringBytes / blockBytes));
}
