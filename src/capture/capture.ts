// One interface: its source, its state, what it counted. A failure of it is its own; it is tried again.

import { OpenAnewError } from '../sources/open-anew.ts';
import type { PacketBatch, PacketSource } from '../sources/source.ts';
import { PACKET_DIRECTION_KNOWN, PACKET_OUTGOING, PACKET_SEGMENTED } from '../sources/source.ts';
import { Backoff } from './backoff.ts';
import type { Flow } from './flow.ts';
import type { CaptureConfig } from './interface-config.ts';
import { ParsingErrors } from './parsing-error.ts';
import type { CaptureState, CaptureStatus } from './status.ts';

/** Makes the source of an interface, not open yet. `rings`: how many share the memory that there is for all. */
export type SourceInit = (iface: string, config: CaptureConfig, rings: number) => PacketSource | Promise<PacketSource>;

/**
 * Lets an open source go on with another configuration, or in another share of the memory, without missing a packet. False, or an error: it
 * can not, and has to be opened anew.
 */
export type SourceRenew = (
  source: PacketSource,
  iface: string,
  config: CaptureConfig,
  rings: number,
) => Promise<boolean>;

const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 30_000;
/** The last packets of a source are waited for so long. */
const DRAIN_MS = 1000;
const DRAIN_LOOK_MS = 5;

interface Totals {
  received: number;
  dropped: number;
}

export class Capture {
  readonly name: string;
  /** Its number among all interfaces of its set: what batches carry. */
  readonly number: number;
  config: CaptureConfig;
  state: CaptureState = 'waiting';
  error = '';
  startedAt = 0;
  processed = 0;
  readonly totals: Flow = { bytesRcvd: 0, bytesSent: 0, packetsRcvd: 0, packetsSent: 0 };
  readonly parsingErrors = new ParsingErrors();
  overflowPackets = 0;
  flows = 0;
  /** The source has nothing more: a file was read to its end. */
  isAtEnd = false;
  /** Not read for now: what it has waits in its ring. */
  isPaused = false;
  /** How many share the memory of all rings, as far as its own ring knows. */
  rings = 0;
  #source: PacketSource | undefined;
  /** What former sources of this interface had counted when they were closed. */
  readonly #former: Totals = { received: 0, dropped: 0 };
  readonly #rotated = { received: 0, processed: 0, dropped: 0 };
  #waiting = false;
  #isClosing = false;
  #released: (() => void) | undefined;
  #ready: PacketBatch | undefined;
  #held: PacketBatch | undefined;
  readonly #backoff = new Backoff(FIRST_RETRY_MS, LAST_RETRY_MS);
  #retryAt = 0;
  #change: Promise<unknown> = Promise.resolve();

  constructor(name: string, number: number, config: CaptureConfig) {
    this.name = name;
    this.number = number;
    this.config = config;
  }

  get isOpen(): boolean {
    return this.#source !== undefined;
  }

  /** Whether it is time to try again. */
  isDue(nowMs: number): boolean {
    return this.#source === undefined && !this.isAtEnd && this.state === 'failed' && nowMs >= this.#retryAt;
  }

  /** Opens the source. Never rejects: what went wrong is the state. */
  open(init: SourceInit, rings: number): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#source !== undefined) return;
      if (this.config.disable === true) {
        this.state = 'disabled';
        return;
      }
      let source: PacketSource | undefined;
      try {
        source = await init(this.name, this.config, rings);
        await source.open();
        this.rings = rings;
        this.#source = source;
        this.state = 'capturing';
        this.error = '';
        this.isAtEnd = false;
        if (this.startedAt === 0) this.startedAt = Date.now();
        this.#backoff.reset();
      } catch (error) {
        await source?.close().catch(() => undefined);
        this.fail(error);
      }
    });
  }

  /** Goes on with another configuration, or share of the memory, in its stride. Resolves to false when it has to be opened anew. */
  async renew(renew: SourceRenew, config: CaptureConfig, rings: number): Promise<boolean> {
    let isRenewed = false;
    await this.#inTurn(async () => {
      const source = this.#source;
      if (source === undefined || config.disable === true) return;
      try {
        isRenewed = await renew(source, this.name, config, rings);
      } catch {
        // No memory for a ring beside this one, say.
      }
      if (!isRenewed) return;
      this.config = config;
      this.rings = rings;
    });
    return isRenewed;
  }

  /** Takes in no more packets; resolves when those that are there were read. Somebody must go on reading. */
  async drain(): Promise<void> {
    const source = this.#source;
    if (source?.stop === undefined || this.state !== 'capturing') return;
    source.stop();
    const until = performance.now() + DRAIN_MS;
    while (this.#source === source && !this.isAtEnd && performance.now() < until)
      await new Promise((resolve) => setTimeout(resolve, DRAIN_LOOK_MS));
  }

  /** Closes the source; what it counted stays. Never rejects. */
  close(): Promise<void> {
    return this.#inTurn(() => this.#drop());
  }

  /** A batch that is there, or undefined: nothing for now, or the source is not well. Give it back with `release`. */
  poll(wake: () => void): PacketBatch | undefined {
    const source = this.#source;
    if (source === undefined || this.isPaused || this.#isClosing || this.#held !== undefined) return undefined;
    if (this.#ready !== undefined) {
      const ready = this.#ready;
      this.#ready = undefined;
      return this.#take(ready);
    }
    if (this.#waiting) return undefined;
    try {
      const next = source.next();
      if (!(next instanceof Promise)) return this.#answer(next);
      this.#waiting = true;
      next
        .then(
          (answer) => {
            this.#waiting = false;
            if (this.#source !== source) return;
            if (typeof answer === 'string') this.#answer(answer);
            else this.#ready = answer;
          },
          (error) => {
            this.#waiting = false;
            if (this.#source === source) void this.#lose(error);
          },
        )
        .finally(wake);
    } catch (error) {
      void this.#lose(error);
    }
    return undefined;
  }

  release(batch: PacketBatch): void {
    if (this.#held !== batch) return;
    this.#held = undefined;
    this.#source?.release(batch);
    this.#released?.();
  }

  /** Whoever held a batch will not give it back: it failed. */
  abandon(): void {
    if (this.#held !== undefined) this.release(this.#held);
  }

  /** The link is gone, or down: packets come again when it is back. */
  away(reason: string): void {
    if (this.state !== 'capturing' && this.state !== 'waiting') return;
    this.state = 'waiting';
    this.error = reason;
  }
  back(): void {
    if (this.state !== 'waiting' || this.#source === undefined) return;
    this.state = 'capturing';
    this.error = '';
  }

  fail(error: unknown): void {
    this.state = 'failed';
    this.error = error instanceof Error ? error.message : String(error);
    this.#retryAt = performance.now() + (error instanceof OpenAnewError ? 0 : this.#backoff.next());
  }

  /** What came since the last rotation is counted anew from here. */
  rotated(): void {
    const { received, dropped } = this.#counts();
    this.#rotated.received = received;
    this.#rotated.dropped = dropped;
    this.#rotated.processed = this.processed;
  }

  status(): CaptureStatus {
    const { received, dropped } = this.#counts();
    return {
      state: this.state,
      error: this.error,
      started_at: this.startedAt,
      received_total: received,
      processed_total: this.processed,
      dropped_total: dropped,
      received: received - this.#rotated.received,
      processed: this.processed - this.#rotated.processed,
      dropped: dropped - this.#rotated.dropped,
      parsing_errors: this.parsingErrors.toJSON(),
      overflow_packets: this.overflowPackets,
      flows: this.flows,
      totals: { ...this.totals },
    };
  }

  /** Counts what a batch brought, by direction. */
  count(batch: PacketBatch): void {
    const { flags, wireLength, segments, count } = batch;
    const { totals } = this;
    const outgoing = PACKET_DIRECTION_KNOWN | PACKET_OUTGOING;
    let bytes = 0;
    let packets = 0;
    let bytesSent = 0;
    let packetsSent = 0;
    for (let i = 0; i < count; i++) {
      const n = (flags[i] & PACKET_SEGMENTED) !== 0 ? segments[i] : 1;
      bytes += wireLength[i];
      packets += n;
      if ((flags[i] & outgoing) !== outgoing) continue;
      bytesSent += wireLength[i];
      packetsSent += n;
    }
    totals.bytesSent += bytesSent;
    totals.packetsSent += packetsSent;
    totals.bytesRcvd += bytes - bytesSent;
    totals.packetsRcvd += packets - packetsSent;
  }

  #answer(answer: PacketBatch | 'idle' | 'end'): PacketBatch | undefined {
    if (answer === 'idle') return undefined;
    if (answer !== 'end') return this.#take(answer);
    this.isAtEnd = true;
    void this.close();
    return undefined;
  }

  #take(batch: PacketBatch): PacketBatch {
    this.#held = batch;
    return batch;
  }

  async #lose(error: unknown): Promise<void> {
    await this.close();
    this.fail(error);
  }

  #counts(): Totals {
    const now = this.#source === undefined ? { received: 0, dropped: 0 } : countsOf(this.#source);
    return { received: this.#former.received + now.received, dropped: this.#former.dropped + now.dropped };
  }

  async #drop(): Promise<void> {
    const source = this.#source;
    if (source === undefined) return;
    this.#isClosing = true;
    // The memory of a batch goes with its source: whoever reads it must be done.
    if (this.#held !== undefined) {
      await new Promise<void>((resolve) => {
        this.#released = resolve;
      });
    }
    this.#released = undefined;
    this.#source = undefined;
    this.#isClosing = false;
    this.#ready = undefined;
    this.#waiting = false;
    const { received, dropped } = countsOf(source);
    this.#former.received += received;
    this.#former.dropped += dropped;
    try {
      await source.close();
    } catch (error) {
      this.error = error instanceof Error ? error.message : String(error);
    }
    if (this.state === 'capturing') this.state = 'waiting';
  }

  /** Opening and closing one after the other, in the order in which they were asked for. */
  #inTurn(step: () => Promise<void>): Promise<void> {
    const done = this.#change.then(step, step);
    this.#change = done;
    return done;
  }
}

function countsOf(source: PacketSource): Totals {
  const { packets, filtered, kernelDropped, live } = source.stats();
  return { received: live?.received ?? packets + filtered, dropped: live?.dropped ?? kernelDropped };
}
