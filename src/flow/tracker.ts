// Keeps flows: takes staged packets in order, counts them in their flows, follows time, ends what is over. What happens inside a
// flow (reassembly, analyzers) and what is written of it is the handler's business.

import type { PacketBatch } from '../sources/source.ts';
import { AnyRow, type FlowCounters } from './any-row.ts';
import { Arrears } from './arrears.ts';
import { Bursts } from './bursts.ts';
import { type FlowHandler, noPlace, type PacketPlace } from './handler.ts';
import { SHARDS } from './hash.ts';
import { AHEAD, type KnownParts, type KnownRows, knownRows } from './known-rows.ts';
import { HOT_SHIFT } from './layout.ts';
import { type FlowOptions, Lifetimes } from './lifetimes.ts';
import type { Links } from './links.ts';
import { FlowRows } from './rows.ts';
import type { Stage, Tick } from './stage.ts';
import { FlowTable, rowsFor } from './table.ts';
import { takeBackReset } from './tcp.ts';

export class FlowTracker {
  readonly v4: FlowTable;
  readonly v6: FlowTable;
  readonly counters: FlowCounters = {
    packets: 0,
    created: 0,
    evicted: 0,
    evictedHalfOpen: 0,
    expired: 0,
    peak: 0,
    reused: 0,
  };
  #intervalSeconds: number;
  readonly #handler: FlowHandler;
  readonly #lifetimes: Lifetimes;
  readonly #bursts: Bursts;
  readonly #arrears: Arrears;
  readonly #rolling: boolean;
  readonly #anyRow: AnyRow;
  readonly #knownParts: KnownParts;
  /** The fast way for the batch and the stage at hand. */
  #known: KnownRows = null as never;
  #knownBatch: PacketBatch | undefined;
  #knownStage: Stage | undefined;
  #now = -1;
  #row = 0;
  #tick = 0;
  #afterBursts: Tick | null = null;
  /** Of no meaning: what was read ahead is used, so that it is read. */
  #readAhead = 0;
  readonly #place: PacketPlace = noPlace();

  /**
   * `owned`: 64 flags, one per shard, of those that this tracker keeps; rows of others are passed over. `manyFlows` is told the memory
   * of a table that has become too big for the caches. `rolling`: the reports of an interval may come while packets go on: call `catchUp`.
   */
  constructor(
    options: FlowOptions,
    salts: readonly [number, number],
    links: Links,
    handler: FlowHandler,
    owned: Uint8Array,
    manyFlows: (memory: readonly ArrayBufferView[]) => void = () => undefined,
    rolling = false,
  ) {
    this.#intervalSeconds = options.intervalSeconds;
    this.#handler = handler;
    const perShard = Math.max(1, Math.floor(options.maxFlows / SHARDS));
    const rowsOfTable = rowsFor(options.maxFlows);
    const rows = new FlowRows(2 * rowsOfTable);
    this.v4 = new FlowTable(false, options.maxFlows, perShard, salts, rows, 0);
    this.v6 = new FlowTable(true, options.maxFlows, perShard, salts, rows, rowsOfTable);
    this.#lifetimes = new Lifetimes(options, this.v4, this.v6);
    this.#arrears = new Arrears([this.v4, this.v6], handler);
    this.#bursts = new Bursts(this.v4, this.v6, handler, this.counters, () => this.#clear(), this.#arrears);
    this.#rolling = rolling;
    this.#anyRow = new AnyRow({
      v4: this.v4,
      v6: this.v6,
      handler,
      links,
      lifetimes: this.#lifetimes,
      arrears: this.#arrears,
      counters: this.counters,
      place: this.#place,
      perShard,
      manyFlows,
    });
    this.#knownParts = {
      v4: this.v4,
      v6: this.v6,
      memory: rows,
      handler,
      arrears: this.#arrears,
      counters: this.counters,
      place: this.#place,
      owned,
    };
  }

  /** Timeouts and the interval from now on; the room for flows stays what it is. */
  retime(options: FlowOptions): void {
    this.#intervalSeconds = options.intervalSeconds;
    this.#lifetimes.retime(options);
  }

  get flows(): number {
    return this.v4.count + this.v6.count - this.#bursts.ended;
  }

  /** Begins with the rows of a stage. */
  begin(): void {
    this.#row = 0;
    this.#tick = 0;
  }

  /** Takes rows until the stage is done (true) or the handler is full (false: take its output and call again). */
  run(stage: Stage, batch: PacketBatch): boolean {
    const place = this.#place;
    place.batch = batch;
    place.stage = stage;
    for (;;) {
      if (!this.#runBursts()) return false;
      const tick = this.#tick < stage.ticks.length ? stage.ticks[this.#tick] : undefined;
      const until = tick === undefined ? stage.count : tick.row;
      if (!this.#rows(stage, batch, until)) return false;
      if (tick === undefined) return true;
      this.#tick++;
      this.#passTime(tick);
    }
  }

  /** Reports of the last interval that are still to be made. */
  get isBehind(): boolean {
    return this.#arrears.isOpen;
  }

  /** Makes some of them: until none is left (true), the handler is full or many flows were looked at (false). */
  catchUp(): boolean {
    return this.#arrears.run();
  }

  /** Ends all flows. Call until it says true. */
  finish(lastPacket: number, started: boolean): boolean {
    if (!started) this.#bursts.endAll('end-of-input', lastPacket + 1);
    return this.#runBursts();
  }

  #passTime(tick: Tick): void {
    const before = this.#now;
    this.#now = tick.seconds;
    this.#afterBursts = tick;
    if (tick.epoch) {
      this.#bursts.endAll('epoch', tick.packet);
      return;
    }
    const due = this.#lifetimes.advance(tick.seconds);
    this.#bursts.timeout(due, tick.packet);
    const interval = this.#intervalSeconds;
    if (interval <= 0 || before < 0 || Math.floor(before / interval) === Math.floor(tick.seconds / interval)) return;
    if (this.#rolling) this.#bursts.roll(tick.packet);
    else this.#bursts.interval(new Set(due), tick.packet);
  }

  #runBursts(): boolean {
    if (!this.#bursts.run()) return false;
    const tick = this.#afterBursts;
    if (tick === null) return true;
    this.#afterBursts = null;
    if (tick.epoch) this.#lifetimes.restart(tick.seconds);
    this.#handler.tick(tick.packet, tick.seconds);
    return true;
  }

  #clear(): void {
    this.v4.clear();
    this.v6.clear();
    this.#lifetimes.clear();
    this.#arrears.clear();
  }

  /** Rows [#row, until). False when the handler is full. */
  #rows(stage: Stage, batch: PacketBatch, until: number): boolean {
    const handler = this.#handler;
    const known = this.#knownOf(batch, stage);
    while (this.#row < until) {
      const from = this.#row;
      const to = Math.min(from + AHEAD, until);
      this.#readAhead ^= known.lookAhead(from, to);
      for (let r = known.count(from, to, from); r < to; r = known.count(r + 1, to, from))
        this.#anyRow.take(stage, batch, r, known.found[r - from]);
      this.#row = to;
      if (handler.full()) return false;
    }
    return true;
  }

  #knownOf(batch: PacketBatch, stage: Stage): KnownRows {
    if (batch !== this.#knownBatch || stage !== this.#knownStage) {
      this.#known = knownRows(batch, stage, this.#knownParts);
      this.#knownBatch = batch;
      this.#knownStage = stage;
    }
    return this.#known;
  }

  /** The connection was taken for reset; its stream says that nobody obeyed. */
  takeBackReset(table: FlowTable, slot: number): void {
    takeBackReset(table, slot << HOT_SHIFT);
    this.#lifetimes.changed(table, slot);
  }
}
