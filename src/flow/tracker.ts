// Keeps flows: takes staged packets in order, counts them in their flows, follows time, ends what is over. What happens inside a
// flow (reassembly, analyzers) and what is written of it is the handler's business.

import type { PacketBatch } from '../sources/source.ts';
import { Arrears } from './arrears.ts';
import { beginFlow } from './begin.ts';
import { Bursts } from './bursts.ts';
import { carry, count, lastAt, mark } from './counting.ts';
import type { FlowEnd, FlowHandler, PacketPlace } from './handler.ts';
import { SHARDS } from './hash.ts';
import * as layout from './layout.ts';
import { endOf, type FlowOptions, isOver, Lifetimes } from './lifetimes.ts';
import type { Links } from './links.ts';
import { AHEAD, lookAhead } from './look-ahead.ts';
import { reusesPorts } from './port-reuse.ts';
import type { Extra, Stage, Tick } from './stage.ts';
import * as stageWords from './stage.ts';
import { viewOfExtra } from './stage.ts';
import * as tableWords from './table.ts';
import { FlowTable } from './table.ts';
import { takeBackReset, trackTcp } from './tcp.ts';
import { countedTcp, tcpState } from './tcp-state.ts';

// A module's own constants become part of its machine code, imported ones are read each time, with checks: see docs/decisions.md.
const {
  ACK,
  E_ICMP_ERRORS,
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
  S_OTHER_SYN,
  S_RESET_LAST,
  S_SEEN_A,
  S_SEQUENCE_A,
  S_WATCH,
  SYN,
  TCP_ESTABLISHED,
  TCP_SYN_RECEIVED,
} = layout;
const {
  INFO_COUNTED,
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
  ROW_EXTRA,
  ROW_INFO,
  ROW_MARKS,
  ROW_MASK,
  ROW_NETWORK,
  ROW_PACKET,
  ROW_PAYLOAD_LENGTH,
  ROW_PORTS,
  ROW_PROTOCOL,
  ROW_SEQUENCE,
  ROW_SHARD,
  ROW_TRANSPORT,
  WIDE,
} = stageWords;
const { SLOT_MASK } = tableWords;

const PROTOCOL_TCP = 6;

/** Flows of a table with whose number its memory is read at random beyond what the TLB covers. */
const MANY_FLOWS = 16_384;
/** Rows that are not simply the next packet of their flow. */
const UNUSUAL = INFO_NOTE | INFO_EXTRA | INFO_FAULTY | INFO_SEGMENTED | INFO_SPECIAL;

export class FlowTracker {
  readonly v4: FlowTable;
  readonly v6: FlowTable;
  readonly counters = { packets: 0, created: 0, evicted: 0, evictedHalfOpen: 0, expired: 0, peak: 0, reused: 0 };
  #intervalSeconds: number;
  readonly #handler: FlowHandler;
  readonly #manyFlows: (memory: readonly ArrayBufferView[]) => void;
  readonly #links: Links;
  readonly #lifetimes: Lifetimes;
  readonly #bursts: Bursts;
  readonly #arrears: Arrears;
  readonly #rolling: boolean;
  readonly #perShard: number;
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
  readonly #place: PacketPlace;
  /** What the present packet's side was expected to send next, before the packet was counted: where reassembly begins. */
  readonly sequenceBefore: [number, number] = [0, 0];
  readonly sequenceBeforeKnown: [boolean, boolean] = [false, false];
  /** Number of the packet that completed a handshake last. */
  establishedBy = -1;

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
    this.#manyFlows = manyFlows;
    this.#handler = handler;
    this.#links = links;
    this.#perShard = Math.max(1, Math.floor(options.maxFlows / SHARDS));
    this.v4 = new FlowTable(false, options.maxFlows, this.#perShard, salts);
    this.v6 = new FlowTable(true, options.maxFlows, this.#perShard, salts);
    this.#lifetimes = new Lifetimes(options, this.v4, this.v6);
    this.#arrears = new Arrears([this.v4, this.v6], handler);
    this.#bursts = new Bursts(this.v4, this.v6, handler, this.counters, () => this.#clear(), this.#arrears);
    this.#rolling = rolling;
    this.#owned = owned;
    this.#ownsAll = owned.every((flag) => flag === 1);
    this.#place = { batch: null as never, stage: null as never, row: 0, extra: null, number: 0, seconds: 0, nanos: 0 };
  }

  /** Timeouts and the interval from now on; the room for flows stays what it is. */
  retime(options: FlowOptions): void {
    this.#intervalSeconds = options.intervalSeconds;
    this.#lifetimes.retime(options);
  }

  get flows(): number {
    return this.v4.count + this.v6.count;
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
      // The next packet of a known flow that changes nothing but counters: here, with everything at hand. All else is `#one`.
      known: {
        if ((info & UNUSUAL) !== 0) break known;
        const v6 = (info & INFO_V6) !== 0;
        const words = v6 ? words6 : words4;
        let base = (found[r - first] & SLOT_MASK) << HOT_SHIFT;
        if (
          words[base] !== rows[row + ROW_A] ||
          words[base + F_B] !== rows[row + ROW_B] ||
          words[base + F_PORTS] !== rows[row + ROW_PORTS] ||
          words[base + F_PROTOCOL] !== rows[row + ROW_PROTOCOL] ||
          (v6 && !table6.sameWide(base >>> HOT_SHIFT, wide, r * WIDE))
        ) {
          // Another one with the same tag comes first, or it has begun since.
          const slot = (v6 ? table6 : table4).find(rows, row, wide, r * WIDE);
          if (slot < 0) break known;
          base = (slot & SLOT_MASK) << HOT_SHIFT;
        }
        const side = info & INFO_REVERSE;
        const marks = rows[row + ROW_MARKS];
        const length = rows[row + ROW_PAYLOAD_LENGTH];
        const state = words[base + F_STATE];
        const seen = S_SEEN_A << side;
        // Of the present interval, and not the first packet of its side.
        if (((state ^ interval) & (S_INTERVAL | seen)) !== seen) break known;
        if ((info & INFO_TCP) !== 0) {
          if ((state & (S_SEQUENCE_A << side)) === 0 || (state & S_WATCH) !== 0) break known;
          const next = words[base + F_SEQUENCE_A + side];
          if (length !== 0) {
            if (rows[row + ROW_SEQUENCE] !== next) break known;
            words[base + F_SEQUENCE_A + side] = next + length;
          }
          if (wantsPackets) {
            this.sequenceBefore[side] = next;
            this.sequenceBeforeKnown[side] = true;
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
          handler.packet(v6 ? table6 : table4, base >>> HOT_SHIFT, side as 0 | 1, place);
        }
        if ((r & 63) === 0 && handler.full()) {
          this.#row = r + 1;
          this.counters.packets += packets;
          return false;
        }
        continue;
      }
      this.#one(stage, batch, r);
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

  /** Any row: found or new, whatever it changes. */
  #one(stage: Stage, batch: PacketBatch, r: number): void {
    const { rows, wide } = stage;
    const handler = this.#handler;
    const { wantsPackets } = handler;
    const row = r * ROW;
    const info = rows[row + ROW_INFO];
    const table = (info & INFO_V6) !== 0 ? this.v6 : this.v4;
    let slot = table.find(rows, row, wide, r * WIDE);
    if (slot >= 0) this.#arrears.settle(table, slot);
    if ((info & (INFO_NOTE | INFO_EXTRA)) !== 0) {
      this.#unusual(stage, batch, r, info, table, slot);
    } else {
      const packet = rows[row + ROW_PACKET];
      const seconds = batch.seconds[packet];
      const nanos = batch.nanos[packet];
      const side = (info & INFO_REVERSE) !== 0 ? 1 : 0;
      const packets = (info & INFO_SEGMENTED) !== 0 ? batch.segments[packet] : 1;
      if (slot >= 0 && (info & INFO_TCP) !== 0) {
        const flags = rows[row + ROW_MARKS] & 0xff;
        if (
          ((flags & (SYN | ACK)) === SYN || (table.words[(slot << HOT_SHIFT) + F_STATE] & S_OTHER_SYN) !== 0) &&
          reusesPorts(table, slot << HOT_SHIFT, side, flags, batch.view, rows[row + ROW_TRANSPORT])
        ) {
          this.#end(table, slot, 'reused', batch.numbers[packet]);
          this.counters.reused++;
          slot = -1;
        }
      }
      if (slot < 0) {
        slot = this.#open(stage, batch, r, table, batch.numbers[packet], seconds, nanos);
        if (slot < 0) {
          handler.refused(packets, batch.wireLength[packet]);
          return;
        }
      }
      const base = slot << HOT_SHIFT;
      count(table, base, side, packets, batch.wireLength[packet], rows[row + ROW_PAYLOAD_LENGTH]);
      lastAt(table.words, base, seconds, nanos);
      mark(table, base, side, rows[row + ROW_MARKS]);
      const number = batch.numbers[packet];
      if ((info & (INFO_TCP | INFO_FAULTY)) === INFO_TCP)
        this.#follow(table, slot, side, rows, row, batch.bytes, batch.view, seconds, nanos, number);
      if (wantsPackets) this.#hand(table, slot, side, row, null, number, seconds, nanos);
    }
  }

  /** Rows that are more or less than one packet: reassembled datagrams, given-up fragments, word of ICMP errors. */
  #unusual(stage: Stage, batch: PacketBatch, r: number, info: number, table: FlowTable, found: number): void {
    const { rows } = stage;
    const row = r * ROW;
    let slot = found;
    const packet = rows[row + ROW_PACKET];
    if ((info & INFO_NOTE) !== 0) {
      if (slot < 0) return;
      const e = table.extensions.of(slot << HOT_SHIFT);
      table.extensions.words[e + E_ICMP_ERRORS]++;
      return;
    }
    const extra = stage.extras[rows[row + ROW_EXTRA]];
    const side = (info & INFO_REVERSE) !== 0 ? 1 : 0;
    if (slot < 0) {
      slot = this.#open(stage, batch, r, table, extra.firstPacket, extra.firstSeconds, extra.firstNanos);
      if (slot < 0) {
        this.#handler.refused(extra.packets, extra.frameBytes);
        return;
      }
    }
    const base = slot << HOT_SHIFT;
    const words = table.words;
    count(table, base, side, extra.packets, extra.frameBytes, rows[row + ROW_PAYLOAD_LENGTH]);
    lastAt(words, base, extra.lastSeconds, extra.lastNanos);
    mark(table, base, side, rows[row + ROW_MARKS]);
    if ((info & INFO_COUNTED) !== 0 && (rows[row + ROW_PROTOCOL] & 0xff) === PROTOCOL_TCP) {
      const was = tcpState(words[base + F_STATE]);
      const tcp = countedTcp(words, base, side, rows[row + ROW_MARKS] & 0xff);
      if (tcp !== was) this.#lifetimes.changed(table, slot);
    }
    const { bytes, lastSeconds, lastNanos } = extra;
    if (bytes === null) return;
    const number = packet >= 0 ? batch.numbers[packet] : -1;
    if ((info & (INFO_TCP | INFO_FAULTY)) === INFO_TCP)
      this.#follow(table, slot, side, rows, row, bytes, viewOfExtra(bytes), lastSeconds, lastNanos, number);
    if (this.#handler.wantsPackets) this.#hand(table, slot, side, row, extra, number, lastSeconds, lastNanos);
  }

  /** Follows the connection by a segment that lies in `bytes`; the row's offsets are in them. */
  #follow(
    table: FlowTable,
    slot: number,
    side: 0 | 1,
    rows: Int32Array,
    row: number,
    bytes: Uint8Array,
    view: DataView,
    seconds: number,
    nanos: number,
    number: number,
  ): void {
    const base = slot << HOT_SHIFT;
    const { words } = table;
    const before = words[base + F_STATE];
    const { wantsPackets } = this.#handler;
    if (wantsPackets) {
      this.sequenceBefore[side] = words[base + F_SEQUENCE_A + side];
      this.sequenceBeforeKnown[side] = (before & (S_SEQUENCE_A << side)) !== 0;
    }
    const marks = rows[row + ROW_MARKS];
    const tcp = trackTcp(
      table,
      base,
      side,
      bytes,
      view,
      wantsPackets ? rows[row + ROW_NETWORK] : -1,
      rows[row + ROW_TRANSPORT],
      marks & 0xff,
      (marks >>> 8) & 0xff,
      rows[row + ROW_PAYLOAD_LENGTH],
      seconds,
      nanos,
    );
    const was = tcpState(before);
    const isDoubted = ((before ^ words[base + F_STATE]) & S_RESET_LAST) !== 0;
    if (isDoubted || (tcp !== was && isOver(tcp))) this.#lifetimes.changed(table, slot);
    if (was === TCP_SYN_RECEIVED && tcp === TCP_ESTABLISHED) this.establishedBy = number;
  }

  #hand(
    table: FlowTable,
    slot: number,
    side: 0 | 1,
    row: number,
    extra: Extra | null,
    number: number,
    seconds: number,
    nanos: number,
  ): void {
    const place = this.#place;
    place.row = row;
    place.extra = extra;
    place.number = number;
    place.seconds = seconds;
    place.nanos = nanos;
    this.#handler.packet(table, slot, side, place);
  }

  /** A new flow for row `r`. -1 when there is no room and nothing can go. */
  #open(
    stage: Stage,
    batch: PacketBatch,
    r: number,
    table: FlowTable,
    number: number,
    seconds: number,
    nanos: number,
  ): number {
    const { rows, wide } = stage;
    const row = r * ROW;
    const shard = rows[row + ROW_SHARD];
    const packet = rows[row + ROW_PACKET];
    if (this.v4.shardCount[shard] + this.v6.shardCount[shard] >= this.#perShard) {
      const isPacket = packet >= 0;
      const cause = isPacket ? batch.numbers[packet] : stage.extras[rows[row + ROW_EXTRA]].cause;
      this.#evict(shard, table, cause, isPacket ? 'packet' : 'fragments');
    }
    const slot = table.insert(rows, row, wide, r * WIDE);
    if (slot < 0) return -1;
    if (table.count === MANY_FLOWS) this.#manyFlows(table.memory);
    beginFlow(table, slot, stage, batch, r, this.#links, number, seconds, nanos);
    table.words[(slot << HOT_SHIFT) + F_STATE] |= this.#arrears.current;
    this.#lifetimes.begin(table, slot);
    this.counters.created++;
    if (this.flows > this.counters.peak) this.counters.peak = this.flows;
    return slot;
  }

  /** Makes room in a shard for a flow of `wanted`, which packet `number` began. */
  #evict(shard: number, wanted: FlowTable, number: number, phase: 'packet' | 'fragments'): void {
    if (!this.#lifetimes.evict(shard, wanted)) return;
    const { table, slot, isHalfOpen } = this.#lifetimes.evicted;
    this.#arrears.settle(table, slot);
    this.#handler.cause(number, phase);
    this.counters.evicted++;
    if (isHalfOpen) this.counters.evictedHalfOpen++;
    this.#handler.ended(table, slot, 'evicted');
    table.remove(slot);
  }

  /** Ends one flow now. */
  #end(table: FlowTable, slot: number, reason: FlowEnd, number: number): void {
    this.#handler.cause(number, 'packet');
    this.#lifetimes.end(table, slot);
    this.#handler.ended(table, slot, endOf(table.words[(slot << HOT_SHIFT) + F_STATE], reason));
    table.remove(slot);
  }

  /** The connection was taken for reset; its stream says that nobody obeyed. */
  takeBackReset(table: FlowTable, slot: number): void {
    takeBackReset(table, slot << HOT_SHIFT);
    this.#lifetimes.changed(table, slot);
  }
}
