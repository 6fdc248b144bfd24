// The ring that takes packets, and how another one follows it while packets come: with other blocks, or of the same name's other interface.
//
// A replacement is asked for; once nothing else goes on the new ring joins the team and takes over (see ring-team.ts: each packet is in one of
// the two); the former one is read to its end, leaves and is closed. Who reads gives each step its turn (`step`, `tryEnd`). Steps take
// long in the kernel, so they go on beside the reading, one at a time. One that fails leaves the present ring in place, unless that hears
// nothing any more.

import type { Libc } from '../../system/libc.ts';
import { PacketRing } from '../../system/packet-ring.ts';
import { OpenAnewError } from '../open-anew.ts';
import { REFUSE_ALL } from './kernel-filter.ts';
import { openAlone, openMember, type RingPlan, ringOptions } from './open-ring.ts';
import { RingFilter } from './ring-filter.ts';
import { blocksOf, type RingSize, type RingSourceOptions } from './ring-options.ts';
import { RingReading } from './ring-reading.ts';
import { RingShare } from './ring-team.ts';
import type { WantedLinks } from './wanted-links.ts';

/** A ring whose team does not come is not held up for longer. */
const TEAM_MS = 2000;
/** So long is another thread of the team waited for at the end. */
const CLOSE_MS = 1000;
/** A former ring is given up after so long whatever is in it, which then counts as dropped. */
const FORMER_MS = 2000;
/** How often it is looked whether all of it was read. */
const LOOK_MS = 1;
/** And so long at least, for blocks that are not full. */
const LAST_MS = 200;

/** Another ring is to take over. */
interface Replacement extends RingPlan {
  done: PromiseWithResolvers<void>;
}

/** Packets by the kernel's count, and how often a ring was full. */
export interface RingCounts {
  received: number;
  dropped: number;
  freezes: number;
}

export class RingSuccession {
  readonly #libc: Libc;
  readonly #options: RingSourceOptions;
  readonly #links: WantedLinks;
  readonly #filter: RingFilter;
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
  readonly #past: RingCounts = { received: 0, dropped: 0, freezes: 0 };
  /** Index of the interface that the socket is bound to; 0 for all, -1 while the only one is gone. */
  #bound = 0;
  /** The interface has no such name any more. */
  #isAway = false;
  /** Members of the team may have other places than is known. */
  #isReordered = false;
  /** Until when the team is waited for; 0: it is not. */
  #teamUntil = 0;
  #isEnding = false;
  /** Nobody reads any more. */
  #isClosing = false;
  /** The former ring is on its way out: what is in it yet is read. */
  #isLeaving = false;

  constructor(libc: Libc, options: RingSourceOptions, links: WantedLinks) {
    this.#libc = libc;
    this.#options = options;
    this.#links = links;
    this.#filter = new RingFilter(options, links);
  }

  /** The first ring. Rejects with SystemError when the kernel refuses, RangeError when there is no memory for it. */
  async open(): Promise<void> {
    const { team } = this.#options;
    this.#bound = this.#links.target;
    if (team === undefined) {
      this.#read(
        openAlone(this.#libc, this.#options, this.#bound, () => this.#filter.program()),
        undefined,
      );
    } else {
      const { ring, share } = await openMember(this.#libc, this.#options, this.#bound, team);
      this.#read(ring, share);
      this.#teamUntil = performance.now() + TEAM_MS;
    }
    this.follow();
  }

  /** Undefined before it is open. */
  get now(): RingReading | undefined {
    return this.#now;
  }

  /** To be read before `now` is. */
  get former(): RingReading | undefined {
    return this.#former;
  }

  get failure(): Error | undefined {
    return this.#failure;
  }

  get isChanging(): boolean {
    return this.#changing !== undefined;
  }

  get isToBeReplaced(): boolean {
    return this.#replacement !== undefined;
  }

  /** Packets that are wanted are taken from here on, as things are now. */
  setFilter(): void {
    this.#now!.ring.setFilter(this.#filter.program());
  }

  /** The filter follows what is needed; it refuses everything until the team is there, or is not waited for any longer. */
  followNeeds(now: number): void {
    if (this.#teamUntil > 0) {
      if (this.#now!.share!.present < this.#options.team!.size && now < this.#teamUntil) return;
      this.#teamUntil = 0;
      this.setFilter();
    } else if (this.#filter.hasOtherNeeds && !this.#isEnding) this.setFilter();
  }

  /** Numbers of interfaces and promiscuous mode follow what is there. */
  follow(): void {
    this.#now!.forget();
    this.#former?.forget();
    this.#links.forgetNumbers();
    this.#now!.setPromiscuous(this.#links.promiscuous());
  }

  /**
   * Other options but the size are in effect at once. Resolves when all packets come by a ring of this size. Rejects when there is no memory
   * for it beside the present one, or the kernel will not have it.
   */
  async renew({ ringBytes, blockBytes }: RingSize): Promise<void> {
    if (this.#isEnding) return;
    if (this.#teamUntil === 0) this.setFilter();
    this.follow();
    const { ring } = this.#now!;
    if (blockBytes === ring.blockBytes && blocksOf({ ringBytes, blockBytes }) === ring.blocks) return;
    if (this.#options.team === undefined) throw new Error('a ring that is not shared out can not be replaced');
    await this.#replace({ ringBytes, blockBytes, ifindex: this.#bound });
    Object.assign(this.#options, { ringBytes, blockBytes });
  }

  /** Links changed: the socket follows the interface that it is to be bound to. */
  followTarget(): void {
    const { target } = this.#links;
    if (this.#isAway !== this.#filter.isAway) {
      this.#isAway = this.#filter.isAway;
      if (this.#teamUntil === 0 && !this.#isEnding) this.setFilter();
    }
    if (target <= 0) return;
    // One that was in another namespace meanwhile has the same index, and the socket does not hear it any more.
    const hasReturned = target === this.#bound && this.#now!.ring.bound !== target;
    if (target === this.#bound && !hasReturned) return;
    const { team, ringBytes, blockBytes } = this.#options;
    if (team === undefined) {
      this.#now!.ring.bind(target);
      this.#bound = target;
    } else if (hasReturned) {
      // Its group is that of the interface as it was.
      this.#fail(new OpenAnewError('the interface had left, and is opened anew'));
    } else if (!this.#isEnding && this.#replacement?.ifindex !== target) {
      // A member of a group can not be bound anew. What goes wrong with it is told by `failure`.
      this.#replace({ ringBytes, blockBytes, ifindex: target }).catch(() => undefined);
    }
  }

  /** The socket is not well. */
  takeError(): void {
    // The link was down: the kernel took the group's members out, and puts them back in another order. Whoever has its turn takes word of it.
    if (this.#options.team === undefined) this.#now!.ring.takeError();
    else this.#isReordered = true;
  }

  /** The next step of what is to change, if it is time for one. Steps take long, and packets are read meanwhile. */
  step(): void {
    const { share, ring } = this.#now!;
    if (this.#isReordered) {
      const restoring = share?.tryRestore(ring);
      if (restoring !== undefined) this.#isReordered = false;
      this.#goesOn(restoring);
    } else if (this.#replacement !== undefined && this.#former === undefined) this.#begin(this.#replacement);
  }

  /** Whether nothing is left of the former ring: all of it was read, or there is no more time for it. What comes to it yet is read first. */
  tryEnd(former: RingReading, now: number): boolean {
    if (this.#isLeaving) return true;
    if ((former.unread > 0 && now < this.#formerUntil) || this.#changing !== undefined) return false;
    // Said before it begins: the only member of a group, whose interface was removed, may be empty before this returns.
    this.#isLeaving = true;
    const leaving = former.share!.tryLeave(former.ring, () => this.#empty(former));
    if (leaving === undefined) this.#isLeaving = false;
    else this.#goesOn(leaving.then(() => this.#replaced()));
    return leaving !== undefined;
  }

  /**
   * Nothing is shared out to a former ring any more: resolves when what has come to it meanwhile is read too, or there is no more time for
   * it, and is not read again. A link that was down may have sent it packets until now.
   */
  async #empty(former: RingReading): Promise<void> {
    const until = Math.max(this.#formerUntil, performance.now() + LAST_MS);
    while (!this.#isClosing && (former.isHeld || (former.unread > 0 && performance.now() < until)))
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const { unread } = former;
    this.#past.received += former.ring.received;
    this.#past.dropped += former.ring.dropped + unread;
    this.#past.freezes += former.ring.freezes;
    this.#former = undefined;
    this.#isLeaving = false;
  }

  /** No ring takes packets any more, and none is replaced; they can still be read. */
  stop(): void {
    this.#isEnding = true;
    this.#teamUntil = 0;
    this.#former?.ring.setFilter(REFUSE_ALL);
    this.#now!.ring.setFilter(REFUSE_ALL);
    this.#replaced(new Error('the capture ends'));
  }

  /** Of all rings that there were. */
  count(): RingCounts {
    const counts = { ...this.#past };
    for (const reading of [this.#now, this.#former]) {
      if (reading === undefined) continue;
      reading.ring.count();
      counts.received += reading.ring.received;
      counts.dropped += reading.ring.dropped;
      counts.freezes += reading.ring.freezes;
    }
    return counts;
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.#replaced(new Error('the capture ends'));
    await this.#changing;
    const until = performance.now() + CLOSE_MS;
    for (const reading of [this.#former, this.#now]) {
      if (reading === undefined || reading.ring.isClosed) continue;
      reading.ring.count();
      let leaving: Promise<void> | undefined;
      while (
        reading.share !== undefined &&
        (leaving = reading.share.tryLeave(reading.ring, async () => undefined)) === undefined &&
        performance.now() < until
      )
        await new Promise((resolve) => setTimeout(resolve, 1));
      await leaving;
      reading.ring.close();
    }
  }

  /** Packets are read from this ring from now on. */
  #read(ring: PacketRing, share: RingShare | undefined): void {
    this.#now = new RingReading(ring, share, (ifindex, hardwareType) => this.#links.numberOf(ifindex, hardwareType));
  }

  /** One after the other. */
  async #replace(by: RingPlan): Promise<void> {
    while (this.#replacement !== undefined) await this.#replacement.done.promise.catch(() => undefined);
    if (this.#failure !== undefined) throw this.#failure;
    this.#replacement = { ...by, done: Promise.withResolvers() };
    await this.#replacement.done.promise;
  }

  /** A ring beside the present one takes over. */
  #begin(by: Replacement): void {
    const reading = this.#now!;
    const isOther = by.ifindex !== this.#bound;
    const share = isOther ? new RingShare(this.#options.team!, by.ifindex) : reading.share!;
    const make = async () => {
      if (!isOther) await share.joinLate(reading.ring);
      return PacketRing.openLater(this.#libc, ringOptions(this.#options, by, REFUSE_ALL));
    };
    const start = (ring: PacketRing) => {
      if (!isOther && !this.#isEnding) ring.setFilter(this.#filter.program());
    };
    const entering = share.tryEnter(make, start)?.then(
      (ring) => {
        const now = performance.now();
        if (isOther) {
          this.#bound = by.ifindex;
          this.#teamUntil = this.#isEnding ? 0 : now + TEAM_MS;
        } else if (this.#isEnding) ring.setFilter(REFUSE_ALL);
        this.#former = reading;
        this.#formerUntil = now + FORMER_MS;
        this.#read(ring, share);
        this.follow();
      },
      (error: Error) => {
        if (isOther) this.#fail(error);
        else this.#replaced(error);
      },
    );
    this.#goesOn(entering);
  }

  #goesOn(step: Promise<void> | undefined): void {
    this.#changing = step?.then(
      () => {
        this.#changing = undefined;
      },
      (error: Error) => {
        this.#changing = undefined;
        this.#fail(error);
      },
    );
  }

  /** Nobody reads from here on, so nothing that waits for its turn would ever have it. */
  #fail(error: Error): void {
    this.#failure ??= error;
    this.#replaced(error);
  }

  #replaced(error?: Error): void {
    const replacement = this.#replacement;
    this.#replacement = undefined;
    if (error === undefined) replacement?.done.resolve();
    else replacement?.done.reject(error);
  }
}
