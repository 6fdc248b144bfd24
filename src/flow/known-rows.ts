// Counting the rows that are the next packet of a flow that is known and change nothing but its counters: nearly all. Whatever else a row may be is
// `AnyRow`. Flows are found many rows at a time: the memory accesses overlap instead of waiting for each other.

import type { PacketBatch } from '../sources/source.ts';
import type { Arrears } from './arrears.ts';
import * as counting from './counting.ts';
import type { FlowHandler, PacketPlace } from './handler.ts';
import * as layout from './layout.ts';
import type { FlowRows } from './rows.ts';
import type { Stage } from './stage.ts';
import * as stageWords from './stage.ts';
import type { FlowTable } from './table.ts';
import * as tableWords from './table.ts';

// A module's own constants become part of its machine code, imported ones are read each time, with checks: see docs/decisions.md.
const {
  COLD_WORDS,
  F_A,
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
  ROW_HASH,
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
const { ENTRY_MASK, SLOT_MASK } = tableWords;
const { carry, mark } = counting;

/** Rows whose flows are found together; a power of two. */
export const AHEAD = 64;
const rowsAhead = AHEAD;
const FOUND_MASK = AHEAD - 1;
/** The row is one of the table for IPv6. */
const FOUND_V6 = SLOT_MASK + 1;
/** The packet begins, ends or stops something: the flow's cold row is needed too. */
const FOUND_SPECIAL = FOUND_V6 << 1;
const LAST_COLD_WORD = COLD_WORDS - 1;
/** Rows that are not simply the next packet of their flow. */
const UNUSUAL = INFO_NOTE | INFO_EXTRA | INFO_FAULTY | INFO_SEGMENTED | INFO_SPECIAL;

/** What the tracker shares with it. */
export interface KnownParts {
  readonly v4: FlowTable;
  readonly v6: FlowTable;
  /** The memory of both. */
  readonly memory: FlowRows;
  readonly handler: FlowHandler;
  readonly arrears: Arrears;
  readonly counters: { packets: number };
  /** What the handler is given. */
  readonly place: PacketPlace;
  /** 64 flags, one per shard, of those that the tracker keeps. */
  readonly owned: Uint8Array;
}

export interface KnownRows {
  /**
   * Finds which row of its table each of the staged rows [from, to), `AHEAD` at most, may belong to, by its hash: the first that comes into
   * question, whose key has to be compared. Reads of each what is needed to count it (measured: a quarter to a third less per packet
   * above the cache's size). Gives something that depends on all of it, so that it is read.
   */
  lookAhead(from: number, to: number): number;
  /**
   * Counts the rows [at, to) up to the first that is not so simple, and returns that; `to` when there is none. `from`: where those that were
   * found begin.
   */
  count(at: number, to: number, from: number): number;
  /** Of the row that was not so simple, by its distance from `from`: the row of its flow in the table, -1 when there is none. */
  readonly found: Int32Array;
}

/**
 * The functions for one batch and one stage. They have them, and the tables, as constants: where only one of each was made, as in a process
 * that reads files, V8 puts the places and lengths of their arrays into its machine code (docs/decisions.md).
 */
export function knownRows(batch: PacketBatch, stage: Stage, parts: KnownParts): KnownRows {
  const { v4: table4, v6: table6, memory, handler, arrears, counters, place, owned } = parts;
  const { wantsPackets } = handler;
  const ownsAll = owned.every((flag) => flag === 1);
  const { rows, wide } = stage;
  const infos = stage.column(ROW_INFO);
  const hashes = stage.column(ROW_HASH);
  const shards = stage.column(ROW_SHARD);
  const lowers = stage.column(ROW_A);
  const highers = stage.column(ROW_B);
  const portPairs = stage.column(ROW_PORTS);
  const protocols = stage.column(ROW_PROTOCOL);
  const marksOf = stage.column(ROW_MARKS);
  const payloadLengths = stage.column(ROW_PAYLOAD_LENGTH);
  const sequences = stage.column(ROW_SEQUENCE);
  const packetsOf = stage.column(ROW_PACKET);
  const { seconds: secondsOf, nanos: nanosOf, wireLength, numbers } = batch;
  const { index: index4, masks: masks4, region: span } = table4;
  const { index: index6, masks: masks6, wide: wide6, first: first6 } = table6;
  const { cold } = memory;
  const ownLowers = memory.column(F_A);
  const ownHighers = memory.column(F_B);
  const ownPorts = memory.column(F_PORTS);
  const ownProtocols = memory.column(F_PROTOCOL);
  const states = memory.column(F_STATE);
  const lastSeconds = memory.column(F_LAST_SECONDS);
  const lastNanos = memory.column(F_LAST_NANOS);
  const packetCounts = memory.column(F_PACKETS_A);
  const byteCounts = memory.column(F_BYTES_A);
  const payloadCounts = memory.column(F_PAYLOAD_A);
  const flowMarks = memory.column(F_MARKS);
  const nextSequences = memory.column(F_SEQUENCE_A);
  const found = new Int32Array(rowsAhead);

  const lookAhead = (from: number, to: number): number => {
    const begin = from | 0;
    const count = (to | 0) - begin;
    for (let i = 0; i < count; i++) {
      const row = ((begin + i) & ROW_MASK) * ROW;
      const info = infos[row];
      const hash = hashes[row];
      const shard = shards[row];
      const region = Math.imul(shard, span);
      const tag = hash >>> 24;
      let slot: number;
      if ((info & INFO_V6) === 0) {
        const mask = masks4[shard];
        let p = hash & mask;
        let entry = index4[(region + p) | 0];
        while (entry !== 0 && entry >>> 24 !== tag) {
          p = (p + 1) & mask;
          entry = index4[(region + p) | 0];
        }
        slot = entry === 0 ? 0 : (entry & ENTRY_MASK) - 1;
      } else {
        const mask = masks6[shard];
        let p = hash & mask;
        let entry = index6[(region + p) | 0];
        while (entry !== 0 && entry >>> 24 !== tag) {
          p = (p + 1) & mask;
          entry = index6[(region + p) | 0];
        }
        slot = (first6 + (entry === 0 ? 0 : (entry & ENTRY_MASK) - 1)) | FOUND_V6;
      }
      found[i] = (info & INFO_SPECIAL) === 0 ? slot : slot | FOUND_SPECIAL;
    }
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const entry = found[i];
      const slot = entry & SLOT_MASK;
      const state = states[slot << HOT_SHIFT];
      sum ^= state;
      if ((entry & FOUND_V6) !== 0) sum ^= wide6[slot * WIDE];
      // It may lie across two cache lines.
      if (((entry & FOUND_SPECIAL) | (state & S_WATCH)) !== 0)
        sum ^= cold[slot * COLD_WORDS] ^ cold[slot * COLD_WORDS + LAST_COLD_WORD];
    }
    return sum;
  };

  const count = (at: number, to: number, from: number): number => {
    const interval = arrears.current;
    const first = from | 0;
    const end = to | 0;
    let others = 0;
    let r = at | 0;
    for (; r < end; r++) {
      const row = (r & ROW_MASK) * ROW;
      if (!ownsAll && owned[shards[row]] === 0) {
        others++;
        continue;
      }
      const info = infos[row];
      const isV6 = (info & INFO_V6) !== 0;
      let slot = found[(r - first) & FOUND_MASK] & SLOT_MASK;
      let base = slot << HOT_SHIFT;
      if (
        ownLowers[base] !== lowers[row] ||
        ownHighers[base] !== highers[row] ||
        ownPorts[base] !== portPairs[row] ||
        ownProtocols[base] !== protocols[row] ||
        (isV6 && !table6.sameWide(slot, wide, r * WIDE))
      ) {
        // A new flow, one whose tag another one has that comes first, or one that has begun since.
        slot = (isV6 ? table6 : table4).find(rows, row, wide, r * WIDE);
        base = (slot & SLOT_MASK) << HOT_SHIFT;
      }
      found[(r - first) & FOUND_MASK] = slot;
      if (slot < 0 || (info & UNUSUAL) !== 0) break;
      const side = info & INFO_REVERSE;
      const marks = marksOf[row];
      const length = payloadLengths[row];
      const state = states[base];
      // The flow owes a report of the interval before.
      if (((state ^ interval) & S_INTERVAL) !== 0) break;
      if ((info & INFO_TCP) !== 0) {
        if ((state & (S_SEQUENCE_A << side)) === 0 || (state & S_WATCH) !== 0) break;
        const next = nextSequences[base + side];
        if (length !== 0) {
          if (sequences[row] !== next) break;
          nextSequences[base + side] = next + length;
        }
        if (wantsPackets) {
          place.sequenceBefore[side] = next;
          place.sequenceBeforeKnown[side] = true;
        }
      }
      const packet = packetsOf[row];
      const seconds = secondsOf[packet];
      const nanos = nanosOf[packet];
      const last = lastSeconds[base] >>> 0;
      if (seconds > last) {
        lastSeconds[base] = seconds;
        lastNanos[base] = nanos;
      } else if (seconds === last && nanos > lastNanos[base]) lastNanos[base] = nanos;
      // Modulo 2^32: what wraps is told to be an integer, or V8 looks for it.
      const packets = (packetCounts[base + side] + 1) | 0;
      packetCounts[base + side] = packets;
      if (packets === 0) carry(isV6 ? table6 : table4, base, side);
      const wire = wireLength[packet] | 0;
      const bytes = (byteCounts[base + side] + wire) | 0;
      byteCounts[base + side] = bytes;
      if (bytes >>> 0 < wire >>> 0) carry(isV6 ? table6 : table4, base, 2 + side);
      if (length !== 0) {
        const payload = (payloadCounts[base + side] + length) | 0;
        payloadCounts[base + side] = payload;
        if (payload >>> 0 < length) carry(isV6 ? table6 : table4, base, 4 + side);
      }
      const before = flowMarks[base];
      if (
        (state & (S_SEEN_A << side)) === 0 ||
        ((before >>> (16 + (side << 3))) & 255) !== ((marks >>> 8) & 255) ||
        ((state >>> (S_DSCP_SHIFT + S_DSCP_BITS * side)) & 63) !== marks >>> 16
      ) {
        mark(isV6 ? table6 : table4, base, side, marks);
      } else {
        const after = before | ((marks & 255) << (side << 3));
        if (after !== before) flowMarks[base] = after;
      }
      if (wantsPackets) {
        place.row = row;
        place.extra = null;
        place.number = numbers[packet];
        place.seconds = seconds;
        place.nanos = nanos;
        handler.packet(isV6 ? table6 : table4, slot, side as 0 | 1, place);
      }
    }
    counters.packets += r - at - others + (r < end ? 1 : 0);
    return r;
  };

  return { lookAhead, count, found };
}
