// The fan-out groups of interfaces: which ring of which thread gets a packet, so that a ring can be replaced by another while packets come and
// each of them is in exactly one of the two. One thread alone is a team of one.
//
// Truth: net/packet/af_packet.c (fanout_demux_bpf, __fanout_link, __fanout_unlink). The group's program gives a number; the rest of its division
// by the number of members is the member's place. A socket that joins has the last place; when one is closed the last member takes its place.
// The members and their order are kept here, as the kernel keeps them. Numbers are chosen so that a step (a socket more, a socket less) does
// not change whose packet it is, although the divisor changes: two divisors that follow each other have no common factor, so there always is
// a number with a given rest for each of them (Chinese remainder theorem).

import { SystemError } from '../../system/errors.ts';
import type { PacketRing } from '../../system/packet-ring.ts';
import { addressPairProgram } from './kernel-filter.ts';

/** Plain data: all threads of a team have the same, but for their own number. */
export interface RingTeam {
  size: number;
  /** Which thread of the team this is, from 0 on. */
  number: number;
  /** Shared memory: see `LOCKS` and what follows it. */
  shared: Int32Array;
}

/** Interfaces at once, with room for those that come while others are still being left. */
const SLOTS = 2048;
/**
 * Steps of an interface go on one at a time. A step takes the kernel tens of milliseconds, so others must not wait for it: each interface has a
 * lock, which it shares with some of a thousand others at most.
 */
const LOCKS = 512;
const LAST_SEQUENCE = LOCKS;
const FIRST_SLOT = LAST_SEQUENCE + 1;
/** Words of a slot: the interface's index (0: the slot is free), the group's number, how many members there are, then the members. */
const GROUP = 1;
const COUNT = 2;
const MEMBERS = 3;
/** Words of a member: the thread's number twice, plus 1 for the ring that gets the thread's packets; when it was made, in turn; its descriptor. */
const MEMBER_WORDS = 3;
/** What the kernel says of a socket, once, whose link went down. */
const ENETDOWN = 100;

export function newRingTeam(size: number): RingTeam {
  const words = FIRST_SLOT + SLOTS * slotWords(size);
  return { size, number: 0, shared: new Int32Array(new SharedArrayBuffer(4 * words)) };
}

function slotWords(size: number): number {
  return MEMBERS + 2 * size * MEMBER_WORDS;
}

/** The share of one thread in the group of one interface: its ring, and for a while a second one. */
export class RingShare {
  readonly #team: RingTeam;
  readonly #ifindex: number;
  /** Rings of this thread by when they were made. */
  readonly #sequences = new Map<PacketRing, number>();
  /** What the group's program answers, as far as a thread alone knows. */
  #numbers = '';

  constructor(team: RingTeam, ifindex: number) {
    this.#team = team;
    this.#ifindex = ifindex;
  }

  /** Threads that have a ring in the group. */
  get present(): number {
    const slot = this.#slot();
    return slot < 0 ? 0 : new Set(this.#members(slot).map(({ thread }) => thread)).size;
  }

  // The kernel takes tens of milliseconds for memory, for another program and for the end of a socket, so all of this goes on while the thread
  // does other things. One step of an interface at a time; `undefined`: another thread is at it, try again.

  /**
   * Makes a ring, which must take no packets yet, and has it join. When this resolves it gets what comes for this thread. Where the thread has
   * a ring already that gets nothing more; `start` makes the new one take packets before that.
   */
  tryEnter(make: () => Promise<PacketRing>, start?: (ring: PacketRing) => void): Promise<PacketRing> | undefined {
    return this.#tryLocked(async () => {
      // The kernel's order after a link was down is that in which the sockets were made.
      const ring = await make();
      try {
        await this.#join(ring);
        start?.(ring);
        await this.#takeOver(ring);
      } catch (error) {
        // A thread alone gets all packets without a group. Some kernels let nobody join while the link is down.
        if (error instanceof SystemError && this.#team.size === 1 && this.#sequences.size === 0) return ring;
        await this.#leave(ring);
        throw error;
      }
      return ring;
    });
  }

  /** One that could not join when it was made does now. Throws SystemError when the kernel will not have it. */
  async joinLate(ring: PacketRing): Promise<void> {
    if (!this.#sequences.has(ring)) await this.#join(ring);
  }

  /** Closes a ring that gets nothing any more, when `emptied` resolves: what came to it until then was read, or counted. */
  tryLeave(ring: PacketRing, emptied: () => Promise<void>): Promise<void> | undefined {
    return this.#tryLocked(() => this.#leave(ring, emptied));
  }

  /** The link may have been down since: packets go where they shall with the order that members have now. */
  tryRestore(ring: PacketRing): Promise<void> | undefined {
    return this.#tryLocked(async () => {
      if (this.#sequences.has(ring) && this.#wasDown(ring))
        await this.#direct(ring, () => places(this.#members(this.#slot()), this.#team.size));
    });
  }

  /**
   * Whether the link was down since this was asked last, by any of the threads: the kernel says it of each member once. It took all of them out
   * then, and puts them back in the order in which they were made, which is the order kept from here on. So each step asks before it goes by the
   * order and, since steps take long, again when it has done.
   */
  #wasDown(ring: PacketRing): boolean {
    const slot = this.#slot();
    if (slot < 0) return false;
    const members = this.#members(slot);
    // Every one of them is asked, so that none is told later of what is known now.
    const down = members.filter(({ fd }) => ring.takeErrorOf(fd) === ENETDOWN);
    if (down.length === 0) return false;
    this.#keep(
      slot,
      members.sort((a, b) => a.sequence - b.sequence),
    );
    return true;
  }

  async #join(ring: PacketRing): Promise<void> {
    const { size, number, shared } = this.#team;
    const [own] = this.#sequences.keys();
    // Places stay what they are when one more comes; numbers that were chosen for a step back do not.
    if (own !== undefined) await this.#direct(own, () => places(this.#members(this.#slot()), size));
    const slot = this.#claim();
    const members = this.#members(slot);
    try {
      shared[slot + GROUP] = ring.join(members.length === 0 ? undefined : shared[slot + GROUP]);
    } catch (error) {
      this.#keep(slot, members);
      throw error;
    }
    const sequence = Atomics.add(shared, LAST_SEQUENCE, 1) + 1;
    this.#sequences.set(ring, sequence);
    members.push({ thread: number, isCurrent: own === undefined, sequence, fd: ring.fd });
    this.#keep(slot, members);
  }

  async #takeOver(ring: PacketRing): Promise<void> {
    const slot = this.#slot();
    const sequence = this.#sequences.get(ring)!;
    const members = this.#members(slot);
    for (const member of members) {
      if (member.thread === this.#team.number) member.isCurrent = member.sequence === sequence;
    }
    this.#keep(slot, members);
    await this.#direct(ring, () => places(this.#members(slot), this.#team.size));
  }

  async #leave(ring: PacketRing, emptied: () => Promise<void> = async () => undefined): Promise<void> {
    const sequence = this.#sequences.get(ring);
    if (sequence === undefined) {
      await emptied();
      return ring.closeLater();
    }
    const slot = this.#slot();
    const without = (): [Member[], Member[]] => {
      const before = this.#members(slot);
      const after = [...before];
      after[before.findIndex((member) => member.sequence === sequence)] = before[before.length - 1];
      after.pop();
      return [before, after];
    };
    const isLast = this.#members(slot).length === 1;
    if (!isLast) await this.#direct(ring, () => numbersForBoth(...without(), this.#team.size));
    await emptied();
    if (!isLast && this.#wasDown(ring)) await this.#direct(ring, () => numbersForBoth(...without(), this.#team.size));
    const [, after] = without();
    this.#sequences.delete(ring);
    await ring.closeLater();
    this.#keep(slot, after);
    // Down while it was closed, or since: who is left has the order in which they were made.
    const [own] = this.#sequences.keys();
    if (own !== undefined && this.#wasDown(own))
      await this.#direct(own, () => places(this.#members(slot), this.#team.size));
  }

  /** Sets the group's program, and once more when the link was down meanwhile; `ring`: any of its members. */
  async #direct(ring: PacketRing, numbersNow: () => readonly number[]): Promise<void> {
    const { size } = this.#team;
    this.#wasDown(ring);
    do {
      const numbers = numbersNow();
      if (size === 1 && this.#numbers === numbers.join()) return;
      await ring.shareOutLater(addressPairProgram(numbers));
      this.#numbers = numbers.join();
    } while (this.#wasDown(ring));
  }

  /** A step that no other thread of the team does meanwhile. Undefined: another one is at it. */
  #tryLocked<Result>(step: () => Promise<Result>): Promise<Result> | undefined {
    const { shared, size } = this.#team;
    if (size === 1) return step();
    const lock = this.#ifindex % LOCKS;
    if (Atomics.compareExchange(shared, lock, 0, 1) !== 0) return undefined;
    return step().finally(() => Atomics.store(shared, lock, 0));
  }

  /** Where the interface's slot is; -1 when it has none. */
  #slot(): number {
    const { shared, size } = this.#team;
    const words = slotWords(size);
    for (let i = 0; i < SLOTS; i++) {
      const slot = FIRST_SLOT + ((this.#ifindex + i) % SLOTS) * words;
      if (shared[slot] === this.#ifindex) return slot;
    }
    return -1;
  }

  /** The same, or a free one: other interfaces claim theirs at the same time. */
  #claim(): number {
    const { shared, size } = this.#team;
    const found = this.#slot();
    if (found >= 0) return found;
    const words = slotWords(size);
    for (let i = 0; i < SLOTS; i++) {
      const slot = FIRST_SLOT + ((this.#ifindex + i) % SLOTS) * words;
      if (Atomics.compareExchange(shared, slot, 0, this.#ifindex) === 0) return slot;
    }
    throw new Error(`there are rings of ${SLOTS} interfaces already`);
  }

  #members(slot: number): Member[] {
    const { shared } = this.#team;
    return Array.from({ length: shared[slot] === 0 ? 0 : shared[slot + COUNT] }, (_, i) => {
      const at = slot + MEMBERS + i * MEMBER_WORDS;
      return {
        thread: shared[at] >> 1,
        isCurrent: (shared[at] & 1) === 1,
        sequence: shared[at + 1],
        fd: shared[at + 2],
      };
    });
  }

  #keep(slot: number, members: readonly Member[]): void {
    const { shared } = this.#team;
    shared[slot + COUNT] = members.length;
    for (const [i, { thread, isCurrent, sequence, fd }] of members.entries()) {
      const at = slot + MEMBERS + i * MEMBER_WORDS;
      shared[at] = (thread << 1) | (isCurrent ? 1 : 0);
      shared[at + 1] = sequence;
      shared[at + 2] = fd;
    }
    // Last: one that is free is somebody else's at once.
    Atomics.store(shared, slot, members.length === 0 ? 0 : this.#ifindex);
  }
}

interface Placed {
  thread: number;
  isCurrent: boolean;
}

interface Member extends Placed {
  sequence: number;
  fd: number;
}

/** Where each thread's ring is among the members; one that has none yet is stood in for. */
export function places(members: readonly Placed[], size: number): number[] {
  return Array.from({ length: size }, (_, thread) => {
    const at = members.findIndex((member) => member.thread === thread && member.isCurrent);
    return at >= 0 ? at : thread % members.length;
  });
}

/** Numbers that mean the places in `before` while there are so many members, and those in `after`, which has one less, from then on. */
export function numbersForBoth(before: readonly Placed[], after: readonly Placed[], size: number): number[] {
  const [m, less] = [before.length, after.length];
  const to = places(after, size);
  return places(before, size).map((place, thread) => place + m * ((((to[thread] - place) % less) + less) % less));
}
