// Live packets of one or many interfaces through one ring: an AF_PACKET socket whose memory the kernel fills and we read in place.
//
// One ring serves them all. With one interface the socket is bound to it; with several it hears all of them and the kernel's
// filter lets those through that are wanted, so memory does not grow with their number and packets come in the order of time.
// Interfaces that appear, vanish and come back are followed as the kernel tells of them (see wanted-links.ts).
//
// The ring of one interface that is shared out (`team`) can be replaced by one of another size while packets come (see ring-succession.ts): the
// former is read to its end before the new one is looked at.

import { MissingError, SystemError } from '../../system/errors.ts';
import type { Libc } from '../../system/libc.ts';
import {
  type EmbeddedName,
  type EmbeddedSecrets,
  type InterfaceDescription,
  type PacketBatch,
  type PacketSource,
  type SourceStats,
  sourceStats,
} from '../source.ts';
import type { RingSourceOptions } from './ring-options.ts';
import { RingPoll } from './ring-poll.ts';
import type { RingReading } from './ring-reading.ts';
import { RingSuccession } from './ring-succession.ts';
import { WantedLinks } from './wanted-links.ts';

/** A wait is over after so long, so that whoever asks can look at the time and at what it is told. */
const WAIT_MS = 100;
/** Interfaces are looked at again at least so often while packets never pause. */
const LOOK_MS = 500;
/** After `stop`, the block that is being filled is handed over within so many retire times. */
const DRAIN_RETIRES = 3;

export class RingSource implements PacketSource {
  readonly interfaces: InterfaceDescription[];
  readonly secrets: EmbeddedSecrets[] = [];
  readonly names: EmbeddedName[] = [];
  readonly #options: RingSourceOptions;
  readonly #links: WantedLinks;
  readonly #rings: RingSuccession;
  readonly #poll: RingPoll;
  #held: RingReading | undefined;
  #packets = 0;
  #frameBytes = 0;
  #looked = 0;
  #drainUntil = 0;

  constructor(libc: Libc, options: RingSourceOptions) {
    this.#options = options;
    this.#links = new WantedLinks(options);
    this.#rings = new RingSuccession(libc, options, this.#links);
    this.#poll = new RingPoll(libc);
    this.interfaces = this.#links.interfaces;
  }

  /** Rejects with InputError when an interface is not there, MissingError without CAP_NET_RAW, SystemError for other refusals. */
  async open(): Promise<void> {
    try {
      await this.#links.open();
      await this.#rings.open();
    } catch (error) {
      await this.close();
      throw error instanceof SystemError && error.code === 'EPERM' ? withoutPrivilege() : error;
    }
    this.#looked = performance.now();
  }

  /** Members of a fan-out group take packets only from here on, when all of them are there. */
  start(): void {
    this.#rings.setFilter();
  }

  /**
   * Goes on with another filter, snap length, promiscuous mode, size of the ring; the other options stay. No packet is missed by it, nor is
   * one taken twice. Somebody must go on reading. Resolves when all packets come by a ring of the new size. Rejects when there is no memory
   * for it beside the present one, or the kernel will not have it; the rest is in effect then.
   */
  async renew(change: RingSourceOptions): Promise<void> {
    const { filter, snapLength, needed, takesAll, promiscuous } = change;
    Object.assign(this.#options, { filter, snapLength, needed, takesAll, promiscuous });
    await this.#rings.renew(change);
  }

  next(): PacketBatch | 'idle' | 'end' | Promise<PacketBatch | 'idle' | 'end'> {
    if (this.#held !== undefined) return 'idle';
    const now = performance.now();
    const rings = this.#rings;
    rings.followNeeds(now);
    if (now - this.#looked > LOOK_MS) {
      this.#looked = now;
      // Where nobody waits for this source, its errors are looked for here.
      if (this.#options.wait === 'never') this.#lookAround();
      else if (this.#links.hasChanged()) this.#followLinks();
    }
    if (rings.failure !== undefined) throw rings.failure;
    if (!rings.isChanging) {
      // Whether the link was down since: where members are has to be known before.
      if (rings.isToBeReplaced) this.#lookAround();
      rings.step();
    }
    // In the order of time: what came last to the former ring, then what the new one has.
    if (rings.former !== undefined) {
      if (rings.former.ring.isReady) return this.#take(rings.former);
      if (!rings.tryEnd(rings.former, now)) return 'idle';
    }
    const reading = rings.now!;
    if (reading.ring.isReady) return this.#take(reading);
    if (this.#drainUntil > 0 && now > this.#drainUntil) return 'end';
    if (this.#options.wait === 'never') return 'idle';
    this.#poll.watch(reading.ring.fd, this.#links.fd);
    if (this.#options.wait === 'block') return this.#waited(reading, this.#poll.wait(WAIT_MS));
    return this.#poll.waitLater(WAIT_MS).then((n) => this.#waited(reading, n));
  }

  /** After a wait for a ring. Another one may have followed it meanwhile: what that has comes behind what is left of this one. */
  #waited(reading: RingReading, n: number): PacketBatch | 'idle' {
    this.#heard(n);
    return reading === this.#rings.now && reading.ring.isReady ? this.#take(reading) : 'idle';
  }

  release(_batch: PacketBatch): void {
    this.#held?.release();
    this.#held = undefined;
  }

  stop(): void {
    if (this.#drainUntil > 0) return;
    this.#rings.stop();
    this.#drainUntil = performance.now() + DRAIN_RETIRES * this.#options.retireMs;
  }

  stats(): SourceStats {
    const counts = this.#rings.count();
    const now = this.#rings.now;
    const blocks = now?.ring.blocks ?? 0;
    return sourceStats({
      packets: this.#packets,
      bytesRead: this.#frameBytes,
      kernelDropped: counts.dropped,
      live: {
        ...counts,
        ringBlocks: blocks,
        ringHighWater: now?.highWater ?? 0,
        ringBytes: blocks * (now?.ring.blockBytes ?? 0),
      },
    });
  }

  async close(): Promise<void> {
    await this.#rings.close();
    this.#links.close();
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

  /** Without waiting. */
  #lookAround(): void {
    this.#poll.watch(this.#rings.now!.ring.fd, this.#links.fd);
    this.#heard(this.#poll.wait(0));
  }

  /** What the poll came back with: a socket that is not well, or word of interfaces. */
  #heard(n: number): void {
    if (n > 0 && this.#poll.hasError) this.#rings.takeError();
    // Another source of this thread may have heard it.
    if (this.#links.hasChanged()) this.#followLinks();
  }

  /** Goes on with the links that there are now. */
  #followLinks(): void {
    this.#links.list();
    this.#rings.followTarget();
    if (this.#drainUntil === 0 && !this.#links.isSingle) this.#rings.setFilter();
    this.#rings.follow();
    this.#links.tellChanges();
  }
}

export function withoutPrivilege(): MissingError {
  return new MissingError(
    'capturing needs the capability CAP_NET_RAW, which this user does not have: run as root, under systemd with ' +
      "AmbientCapabilities=CAP_NET_RAW, or with 'setpriv --ambient-caps +net_raw --inh-caps +net_raw'; 'netscribe doctor' says more",
  );
}
