// Keeps flows: takes staged packets in order, counts them in their flows, follows time, ends what is over. What happens inside a
// flow (reassembly, analyzers) and what is written of it is the handler's business.

import type { PacketBatch } from '../sources/source.ts';
import { AnyRow, type FlowCounters } from './any-row.ts';
import { Arrears } from './arrears.ts';
import { Bursts } from './bursts.ts';
import { carry, mark } from './counting.ts';
import { type FlowHandler, noPlace, type PacketPlace } from './handler.ts';
import { SHARDS } from './hash.ts';
import * as layout from './layout.ts';
import { type FlowOptions, Lifetimes } from './lifetimes.ts';
import type { Links } from './links.ts';
import { AHEAD, lookAhead } from './look-ahead.ts';
import type { Stage, Tick } from './stage.ts';
import * as stageWords from './stage.ts';
import * as tableWords from './table.ts';
import { FlowTable } from './table.ts';
import { takeBackReset } from './tcp.ts';

// A module's own constants become part of its machine code, imported ones are read each time, with checks: see docs/decisions.md.
const {
  F_B,
  F_BYTES_A,
  F_LAST_NANOS,
  F_LAST_SECONDS,
  F_MARKS,
  F_PACKETS_A,
  F_PAYLOAD_A,
  F_PORTS,
  F_PROTOCOL,
  F_SEQUENCE_A,
  F_STATE,
  HOT_SHIFT,
  S_DSCP_BITS,
  S_DSCP_SHIFT,
  S_INTERVAL,
  S_SEEN_A,
  S_SEQUENCE_A,
  S_WATCH,
} = layout;
const {
  INFO_EXTRA,
  INFO_FAULTY,
  INFO_NOTE,
  INFO_REVERSE,
  INFO_SEGMENTED,
  INFO_SPECIAL,
  INFO_TCP,
  INFO_V6,
  ROW,
  ROW_A,
  ROW_B,
  ROW_INFO,
  ROW_MARKS,
  ROW_MASK,
  ROW_PACKET,
  ROW_PAYLOAD_LENGTH,
  ROW_PORTS,
  ROW_PROTOCOL,
  ROW_SEQUENCE,
  ROW_SHARD,
  WIDE,
} = stageWords;
const { SLOT_MASK } = tableWords;

/** Rows that are not simply the next packet of their flow. */
const UNUSUAL = INFO_NOTE | INFO_EXTRA | INFO_FAULTY | INFO_SEGMENTED | INFO_SPECIAL;

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
  readonly #owned: Uint8Array;
  readonly #ownsAll: boolean;
  #now = -1;
  #row = 0;
  #tick = 0;
  #afterBursts: Tick | null = null;
  /** Rows of the tables that coming packets may belong to: see `lookAhead`. */
  readonly #found = new Int32Array(AHEAD);
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
    this.v4 = new FlowTable(false, options.maxFlows, perShard, salts);
    this.v6 = new FlowTable(true, options.maxFlows, perShard, salts);
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
    this.#owned = owned;
    this.#ownsAll = owned.every((flag) => flag === 1);
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
    const { rows } = stage;
    const { seconds: secondsOf, nanos: nanosOf, wireLength } = batch;
    const owned = this.#owned;
    const all = this.#ownsAll;
    const handler = this.#handler;
    const wantsPackets = handler.wantsPackets;
    const place = this.#place;
    const { v4: table4, v6: table6 } = this;
    const { words: words4 } = table4;
    const { words: words6 } = table6;
    const found = this.#found;
    const { wide } = stage;
    const interval = this.#arrears.current;
    // An integer: V8 takes arguments and properties for tagged values.
    const begin = this.#row | 0;
    const end = until | 0;
    let first = begin;
    let ahead = begin;
    let packets = 0;
    for (let r = begin; r < end; r++) {
      if (r === ahead) {
        first = r;
        ahead = r + AHEAD < end ? r + AHEAD : end;
        this.#readAhead ^= lookAhead(table4, table6, rows, first, ahead, found);
      }
      const row = (r & ROW_MASK) * ROW;
      if (!all && owned[rows[row + ROW_SHARD]] === 0) continue;
      packets++;
      const info = rows[row + ROW_INFO];
      const v6 = (info & INFO_V6) !== 0;
      const words = v6 ? words6 : words4;
      let slot = found[r - first] & SLOT_MASK;
      let base = slot << HOT_SHIFT;
      if (
        words[base] !== rows[row + ROW_A] ||
        words[base + F_B] !== rows[row + ROW_B] ||
        words[base + F_PORTS] !== rows[row + ROW_PORTS] ||
        words[base + F_PROTOCOL] !== rows[row + ROW_PROTOCOL] ||
        (v6 && !table6.sameWide(slot, wide, r * WIDE))
      ) {
        // A new flow, one whose tag another one has that comes first, or one that has begun since.
        slot = (v6 ? table6 : table4).find(rows, row, wide, r * WIDE);
        base = (slot & SLOT_MASK) << HOT_SHIFT;
      }
      // The next packet of a known flow that changes nothing but counters: here, with everything at hand. All else is `AnyRow`.
      known: {
        if (slot < 0 || (info & UNUSUAL) !== 0) break known;
        const side = info & INFO_REVERSE;
        const marks = rows[row + ROW_MARKS];
        const length = rows[row + ROW_PAYLOAD_LENGTH];
        const state = words[base + F_STATE];
        // The flow owes no report of the interval before.
        if (((state ^ interval) & S_INTERVAL) !== 0) break known;
        if ((info & INFO_TCP) !== 0) {
          if ((state & (S_SEQUENCE_A << side)) === 0 || (state & S_WATCH) !== 0) break known;
          const next = words[base + F_SEQUENCE_A + side];
          if (length !== 0) {
            if (rows[row + ROW_SEQUENCE] !== next) break known;
            words[base + F_SEQUENCE_A + side] = next + length;
          }
          if (wantsPackets) {
            place.sequenceBefore[side] = next;
            place.sequenceBeforeKnown[side] = true;
          }
        }
        const packet = rows[row + ROW_PACKET];
        const seconds = secondsOf[packet];
        const nanos = nanosOf[packet];
        const last = words[base + F_LAST_SECONDS] >>> 0;
        if (seconds > last) {
          words[base + F_LAST_SECONDS] = seconds;
          words[base + F_LAST_NANOS] = nanos;
        } else if (seconds === last && nanos > words[base + F_LAST_NANOS]) words[base + F_LAST_NANOS] = nanos;
        const count = words[base + F_PACKETS_A + side] + 1;
        words[base + F_PACKETS_A + side] = count;
        if (count === 0) carry(v6 ? table6 : table4, base, side);
        const wire = wireLength[packet];
        const bytes = (words[base + F_BYTES_A + side] + wire) >>> 0;
        words[base + F_BYTES_A + side] = bytes;
        if (bytes < wire) carry(v6 ? table6 : table4, base, 2 + side);
        if (length !== 0) {
          const payload = (words[base + F_PAYLOAD_A + side] + length) >>> 0;
          words[base + F_PAYLOAD_A + side] = payload;
          if (payload < length) carry(v6 ? table6 : table4, base, 4 + side);
        }
        const before = words[base + F_MARKS];
        if (
          (state & (S_SEEN_A << side)) === 0 ||
          ((before >>> (16 + (side << 3))) & 255) !== ((marks >>> 8) & 255) ||
          ((state >>> (S_DSCP_SHIFT + S_DSCP_BITS * side)) & 63) !== marks >>> 16
        ) {
          mark(v6 ? table6 : table4, base, side, marks);
        } else {
          const after = before | ((marks & 255) << (side << 3));
          if (after !== before) words[base + F_MARKS] = after;
        }
        if (wantsPackets) {
          place.row = row;
          place.extra = null;
          place.number = batch.numbers[packet];
          place.seconds = seconds;
          place.nanos = nanos;
          handler.packet(v6 ? table6 : table4, slot, side as 0 | 1, place);
        }
        if ((r & 63) === 0 && handler.full()) {
          this.#row = r + 1;
          this.counters.packets += packets;
          return false;
        }
        continue;
      }
      this.#anyRow.take(stage, batch, r, slot);
      if ((r & 63) === 0 && rows[row + ROW_PACKET] >= 0 && handler.full()) {
        this.#row = r + 1;
        this.counters.packets += packets;
        return false;
      }
    }
    this.#row = until;
    this.counters.packets += packets;
    return true;
  }

  /** The connection was taken for reset; its stream says that nobody obeyed. */
  takeBackReset(table: FlowTable, slot: number): void {
    takeBackReset(table, slot << HOT_SHIFT);
    this.#lifetimes.changed(table, slot);
  }
}
