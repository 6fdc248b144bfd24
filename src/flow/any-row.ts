// Counts any row in its flow: found or new, whatever the packet changes. The tracker's loop does only what most packets are, the next one of a
// known flow, and leaves the rest to this.

import type { PacketBatch } from '../sources/source.ts';
import type { Arrears } from './arrears.ts';
import { beginFlow } from './begin.ts';
import { count, lastAt, mark } from './counting.ts';
import type { FlowEnd, FlowHandler, PacketPlace } from './handler.ts';
import * as layout from './layout.ts';
import { endOf, isOver, type Lifetimes } from './lifetimes.ts';
import type { Links } from './links.ts';
import { reusesPorts } from './port-reuse.ts';
import type { Extra, Stage } from './stage.ts';
import * as stageWords from './stage.ts';
import { viewOfExtra } from './stage.ts';
import type { FlowTable } from './table.ts';
import { trackTcp } from './tcp.ts';
import { countedTcp, tcpState } from './tcp-state.ts';
import { NO_OPTIONS } from './tcp-syn.ts';

// A module's own constants become part of its machine code, imported ones are read each time, with checks: see docs/decisions.md.
const {
  ACK,
  E_ICMP_ERRORS,
  F_SEQUENCE_A,
  F_STATE,
  HOT_SHIFT,
  S_OTHER_SYN,
  S_RESET_LAST,
  S_SEQUENCE_A,
  SYN,
  TCP_ESTABLISHED,
  TCP_SYN_RECEIVED,
} = layout;
const {
  INFO_COUNTED,
  INFO_EXTRA,
  INFO_FAULTY,
  INFO_NOTE,
  INFO_OPTIONS_CUT,
  INFO_REVERSE,
  INFO_SEGMENTED,
  INFO_TCP,
  INFO_V6,
  ROW,
  ROW_EXTRA,
  ROW_INFO,
  ROW_MARKS,
  ROW_NETWORK,
  ROW_PACKET,
  ROW_PAYLOAD_LENGTH,
  ROW_PROTOCOL,
  ROW_SHARD,
  ROW_TRANSPORT,
  WIDE,
} = stageWords;

const PROTOCOL_TCP = 6;

/** Flows of a table with whose number its memory is read at random beyond what the TLB covers. */
const MANY_FLOWS = 16_384;

/** What was counted about the tables. */
export interface FlowCounters {
  packets: number;
  created: number;
  evicted: number;
  evictedHalfOpen: number;
  expired: number;
  /** Most flows at a time. */
  peak: number;
  /** Flows that ended because their ports were used again. */
  reused: number;
}

/** What the tracker shares with it. */
export interface TrackerParts {
  readonly v4: FlowTable;
  readonly v6: FlowTable;
  readonly handler: FlowHandler;
  readonly links: Links;
  readonly lifetimes: Lifetimes;
  readonly arrears: Arrears;
  readonly counters: FlowCounters;
  /** What the handler is given. */
  readonly place: PacketPlace;
  /** Flows of both tables that a shard has room for. */
  readonly perShard: number;
  /** Is told the memory of a table that has become too big for the caches. */
  readonly manyFlows: (memory: readonly ArrayBufferView[]) => void;
}

export class AnyRow {
  readonly #v4: FlowTable;
  readonly #v6: FlowTable;
  readonly #handler: FlowHandler;
  readonly #links: Links;
  readonly #lifetimes: Lifetimes;
  readonly #arrears: Arrears;
  readonly #counters: FlowCounters;
  readonly #place: PacketPlace;
  readonly #perShard: number;
  readonly #manyFlows: (memory: readonly ArrayBufferView[]) => void;

  constructor(parts: TrackerParts) {
    this.#v4 = parts.v4;
    this.#v6 = parts.v6;
    this.#handler = parts.handler;
    this.#links = parts.links;
    this.#lifetimes = parts.lifetimes;
    this.#arrears = parts.arrears;
    this.#counters = parts.counters;
    this.#place = parts.place;
    this.#perShard = parts.perShard;
    this.#manyFlows = parts.manyFlows;
  }

  /** Row `r` of the stage; `found`: the row of its flow in the table, -1 when there is none. */
  take(stage: Stage, batch: PacketBatch, r: number, found: number): void {
    const { rows } = stage;
    const handler = this.#handler;
    const { wantsPackets } = handler;
    const row = r * ROW;
    const info = rows[row + ROW_INFO];
    const table = (info & INFO_V6) !== 0 ? this.#v6 : this.#v4;
    let slot = found;
    if (slot >= 0) this.#arrears.settle(table, slot);
    if ((info & (INFO_NOTE | INFO_EXTRA)) !== 0) {
      this.#unusual(stage, batch, r, info, table, slot);
    } else {
      const packet = rows[row + ROW_PACKET];
      const seconds = batch.seconds[packet];
      const nanos = batch.nanos[packet];
      const side = (info & INFO_REVERSE) !== 0 ? 1 : 0;
      const packets = (info & INFO_SEGMENTED) !== 0 ? batch.segments[packet] : 1;
      if (slot >= 0 && (info & INFO_TCP) !== 0 && beginsAnother(table, slot, side, rows, row, batch.view)) {
        slot = this.#endReused(table, slot, batch.numbers[packet]);
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
      if (canFollow(info)) this.#follow(table, slot, side, rows, row, batch.bytes, batch.view, seconds, nanos, number);
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
    if (
      slot >= 0 &&
      (info & INFO_TCP) !== 0 &&
      beginsAnother(table, slot, side, rows, row, viewOfExtra(extra.bytes!))
    ) {
      slot = this.#endReused(table, slot, extra.cause);
    }
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
    if (canFollow(info))
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
      this.#place.sequenceBefore[side] = words[base + F_SEQUENCE_A + side];
      this.#place.sequenceBeforeKnown[side] = (before & (S_SEQUENCE_A << side)) !== 0;
    }
    const marks = rows[row + ROW_MARKS];
    const tcp = trackTcp(
      table,
      base,
      side,
      bytes,
      view,
      (rows[row + ROW_INFO] & INFO_OPTIONS_CUT) !== 0 ? NO_OPTIONS : wantsPackets ? rows[row + ROW_NETWORK] : -1,
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
    if (was === TCP_SYN_RECEIVED && tcp === TCP_ESTABLISHED) this.#place.establishedBy = number;
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
    if (this.#v4.shardCount[shard] + this.#v6.shardCount[shard] >= this.#perShard) {
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
    this.#counters.created++;
    const flows = this.#v4.count + this.#v6.count;
    if (flows > this.#counters.peak) this.#counters.peak = flows;
    return slot;
  }

  /** Makes room in a shard for a flow of `wanted`, which packet `number` began. */
  #evict(shard: number, wanted: FlowTable, number: number, phase: 'packet' | 'fragments'): void {
    if (!this.#lifetimes.evict(shard, wanted)) return;
    const { table, slot, isHalfOpen } = this.#lifetimes.evicted;
    this.#arrears.settle(table, slot);
    this.#handler.cause(number, phase);
    this.#counters.evicted++;
    if (isHalfOpen) this.#counters.evictedHalfOpen++;
    this.#handler.ended(table, slot, 'evicted');
    table.remove(slot);
  }

  /** Ends a connection whose ports another one has from now on; the row of that one is none yet. */
  #endReused(table: FlowTable, slot: number, number: number): number {
    this.#end(table, slot, 'reused', number);
    this.#counters.reused++;
    return -1;
  }

  /** Ends one flow now. */
  #end(table: FlowTable, slot: number, reason: FlowEnd, number: number): void {
    this.#handler.cause(number, 'packet');
    this.#lifetimes.end(table, slot);
    this.#handler.ended(table, slot, endOf(table.words[(slot << HOT_SHIFT) + F_STATE], reason));
    table.remove(slot);
  }
}

/** A TCP segment whose header is there as far as a connection is followed by it. */
function canFollow(info: number): boolean {
  return (info & (INFO_TCP | INFO_FAULTY)) === INFO_TCP || (info & INFO_OPTIONS_CUT) !== 0;
}

/** Does the TCP segment of a row, whose header is in `view`, belong to another connection than the one in the table? */
function beginsAnother(
  table: FlowTable,
  slot: number,
  side: 0 | 1,
  rows: Int32Array,
  row: number,
  view: DataView,
): boolean {
  const base = slot << HOT_SHIFT;
  const flags = rows[row + ROW_MARKS] & 0xff;
  return (
    ((flags & (SYN | ACK)) === SYN || (table.words[base + F_STATE] & S_OTHER_SYN) !== 0) &&
    reusesPorts(table, base, side, flags, view, rows[row + ROW_TRANSPORT])
  );
}
