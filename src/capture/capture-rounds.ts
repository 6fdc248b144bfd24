// Packets of many interfaces as one source gives them: a batch of one interface after the other, in turn; and how that waits, is held, and ends.

import type { PacketBatch } from '../sources/source.ts';
import type { Capture } from './capture.ts';
import { HeaderCounter } from './header-counter.ts';
import { RunGroup } from './run-group.ts';

export interface RoundsOptions {
  /** Headers are looked at here, because nobody else tells interface by interface what could be read. */
  countsHeaders?: boolean;
  /** Whoever reads is told that the sources never end. */
  isEndless?: boolean;
}

/** How long an empty round waits; doubled up to the last one while nothing comes. */
const FIRST_WAIT_MS = 2;
const LAST_WAIT_MS = 32;
/**
 * While packets never pause, others have their turn so often. A turn costs some microseconds; the first packets, whose code is not compiled yet,
 * take ten times as long as others.
 */
const TURN_MS = 10;

export class CaptureRounds {
  /** Whose packets are read, in this order. */
  order: readonly Capture[] = [];
  /** Packets that were given, and bytes of them. */
  packets = 0;
  frameBytes = 0;
  readonly #options: RoundsOptions;
  readonly #look: (now: number) => void;
  readonly #headers = new HeaderCounter();
  readonly #owners = new WeakMap<PacketBatch, Capture>();
  #turn = 0;
  #turnEnds = 0;
  #held: { isReached: PromiseWithResolvers<void>; isOver: PromiseWithResolvers<void> } | undefined;
  #waitMs = FIRST_WAIT_MS;
  #wake: (() => void) | undefined;
  #stopping: Promise<void> | undefined;
  #readUntil = Number.POSITIVE_INFINITY;
  #isCutShort = false;
  #isStopped = false;

  /** `look`: what is done now and then between packets; it may change the order. */
  constructor(options: RoundsOptions, look: (now: number) => void) {
    this.#options = options;
    this.#look = look;
  }

  /**
   * Packets wait in their rings, and time stands still for whoever reads: `next` answers when it goes on. Resolves when somebody waits for that
   * answer, who has done with all that came before, or when it goes on.
   */
  hold(): Promise<void> {
    this.#held ??= { isReached: Promise.withResolvers(), isOver: Promise.withResolvers() };
    return this.#held.isReached.promise;
  }
  goOn(): void {
    this.#held?.isReached.resolve();
    this.#held?.isOver.resolve();
    this.#held = undefined;
  }

  next(): PacketBatch | 'idle' | 'end' | Promise<PacketBatch | 'idle' | 'end'> {
    if (this.#held !== undefined) {
      this.#held.isReached.resolve();
      return this.#held.isOver.promise.then(() => this.next());
    }
    const now = performance.now();
    if (now > this.#readUntil) {
      this.#isCutShort = true;
      return 'end';
    }
    if (now > this.#turnEnds) {
      this.#turnEnds = Number.POSITIVE_INFINITY;
      return new Promise((resolve) => {
        setImmediate(() => {
          this.#turnEnds = performance.now() + TURN_MS;
          resolve(this.next());
        });
      });
    }
    this.#look(now);
    const { order } = this;
    for (let n = 0; n < order.length; n++) {
      this.#turn = (this.#turn + 1) % order.length;
      const capture = order[this.#turn];
      const batch = capture.poll(() => this.#wake?.());
      if (batch === undefined) continue;
      if (batch.count === 0) {
        capture.release(batch);
        continue;
      }
      this.#owners.set(batch, capture);
      this.#mark(batch, capture);
      this.#waitMs = FIRST_WAIT_MS;
      return batch;
    }
    if (this.#isStopped) return 'end';
    if (this.#options.isEndless !== true && order.every(({ isAtEnd }) => isAtEnd)) return 'end';
    return this.#wait();
  }

  /** Whose batch it is. */
  ownerOf(batch: PacketBatch): Capture | undefined {
    return this.#owners.get(batch);
  }

  release(batch: PacketBatch): void {
    this.#owners.get(batch)?.release(batch);
  }

  /** Who waits for packets looks again. */
  wake(): void {
    this.#wake?.();
  }

  /** Ends after what is there, or when it is so late, in `performance.now()`'s milliseconds. */
  stop(until: number): void {
    this.goOn();
    this.#readUntil = until;
    this.#stopping ??= this.#drain();
  }

  /** Ends after what was read from the rings already. */
  abandon(): void {
    this.#isStopped = true;
    this.goOn();
    this.wake();
    for (const capture of this.order) capture.abandon();
  }

  /** Nobody reads any more. */
  cutShort(): void {
    this.#isCutShort = true;
  }

  get isStopping(): boolean {
    return this.#stopping !== undefined;
  }

  /** There was no time to read all, or nobody who could. */
  get isCutShort(): boolean {
    return this.#isCutShort;
  }

  async #drain(): Promise<void> {
    const group = new RunGroup();
    for (const capture of this.order) group.run(() => capture.drain());
    await group.wait();
    this.#isStopped = true;
    this.wake();
  }

  #mark(batch: PacketBatch, capture: Capture): void {
    const { count, numbers, interfaceId, capturedLength } = batch;
    const first = this.packets + 1;
    let frameBytes = 0;
    for (let i = 0; i < count; i++) {
      numbers[i] = first + i;
      frameBytes += capturedLength[i];
    }
    interfaceId.fill(capture.number, 0, count);
    batch.firstPacket = first;
    this.packets += count;
    this.frameBytes += frameBytes;
    capture.count(batch);
    if (this.#options.countsHeaders === true) this.#headers.count(batch, capture);
  }

  #wait(): Promise<'idle'> {
    const ms = this.#waitMs;
    this.#waitMs = Math.min(ms * 2, LAST_WAIT_MS);
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        this.#turnEnds = performance.now() + TURN_MS;
        resolve('idle');
      };
      const timer = setTimeout(done, ms);
      this.#wake = done;
    });
  }
}
