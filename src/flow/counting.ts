// What a packet adds to its flow's row: counters modulo 2^32 with a carry, the time of the last packet, TTL, flags and DSCP.

import * as layout from './layout.ts';
import { coldAt } from './layout.ts';
import type { FlowTable } from './table.ts';

// A module's own constants become part of its machine code, imported ones are read each time, with checks: see docs/decisions.md.
const {
  C_TTL,
  E_HIGH,
  E_ICMP_ERRORS,
  E_RETRANSMITS_A,
  F_BYTES_A,
  F_LAST_NANOS,
  F_LAST_SECONDS,
  F_MARKS,
  F_PACKETS_A,
  F_PAYLOAD_A,
  F_STATE,
  S_DSCP_BITS,
  S_DSCP_SHIFT,
  S_SEEN_A,
} = layout;

/** Counters of a document: packets, bytes and payload of each side. */
const COUNTERS = 6;

/** `packets` packets of `frameBytes` with `payload` bytes in them, sent by `side`. */
export function count(
  table: FlowTable,
  base: number,
  side: number,
  packets: number,
  frameBytes: number,
  payload: number,
): void {
  add(table, base, F_PACKETS_A + side, packets);
  add(table, base, F_BYTES_A + side, frameBytes);
  add(table, base, F_PAYLOAD_A + side, payload);
}

function add(table: FlowTable, base: number, counter: number, n: number): void {
  const before = table.words[base + counter] >>> 0;
  table.words[base + counter] = before + n;
  if (before + n > 0xffffffff) carry(table, base, counter - F_PACKETS_A);
}

/** Counter `index` (packets, bytes and payload, each of A and B) ran over. */
export function carry(table: FlowTable, base: number, index: number): void {
  const e = table.extensions.of(base);
  table.extensions.words[e + E_HIGH + index]++;
}

/** The flow's last packet, unless a later one came before it. */
export function lastAt(words: Int32Array, base: number, seconds: number, nanos: number): void {
  const last = words[base + F_LAST_SECONDS] >>> 0;
  if (seconds > last || (seconds === last && nanos > words[base + F_LAST_NANOS])) {
    words[base + F_LAST_SECONDS] = seconds;
    words[base + F_LAST_NANOS] = nanos;
  }
}

/**
 * Last TTL, TCP flags and DSCP of a side, and the range of its TTLs where they differ: most never do, and the cold row need not be touched.
 */
export function mark(table: FlowTable, base: number, side: number, marks: number): void {
  const { words } = table;
  const ttl = (marks >>> 8) & 255;
  const state = words[base + F_STATE];
  const before = words[base + F_MARKS];
  const ttlShift = 16 + (side << 3);
  const last = (before >>> ttlShift) & 255;
  if (ttl !== last && (state & (S_SEEN_A << side)) !== 0) widen(table, base, side, last, ttl);
  const dscpShift = S_DSCP_SHIFT + S_DSCP_BITS * side;
  words[base + F_STATE] = (state & ~(63 << dscpShift)) | (((marks >>> 16) & 63) << dscpShift) | (S_SEEN_A << side);
  words[base + F_MARKS] = (before & ~(255 << ttlShift)) | (ttl << ttlShift) | ((marks & 255) << (side << 3));
}

/** The side's TTL was `last`, and is another one now. */
function widen(table: FlowTable, base: number, side: number, last: number, ttl: number): void {
  const { cold } = table;
  const at = coldAt(base) + C_TTL;
  const shift = side << 4;
  const range = (cold[at] >>> shift) & 0xffff;
  const min = range === 0 ? last : range & 255;
  const max = range === 0 ? last : range >>> 8;
  cold[at] = (cold[at] & ~(0xffff << shift)) | ((Math.min(min, ttl) | (Math.max(max, ttl) << 8)) << shift);
}

/** Smallest and largest TTL of a side that was seen, as min | max << 8. */
export function ttlRange(table: FlowTable, base: number, side: number): number {
  const range = (table.cold[coldAt(base) + C_TTL] >>> (side << 4)) & 0xffff;
  if (range !== 0) return range;
  const last = (table.words[base + F_MARKS] >>> (16 + (side << 3))) & 255;
  return last | (last << 8);
}

/** After a document: what it told is not told again. */
export function resetCounters(table: FlowTable, base: number): void {
  // Stores: for six words the call of `fill` costs more than they do.
  const rows = table.words;
  rows[base + F_PACKETS_A] = 0;
  rows[base + F_PACKETS_A + 1] = 0;
  rows[base + F_BYTES_A] = 0;
  rows[base + F_BYTES_A + 1] = 0;
  rows[base + F_PAYLOAD_A] = 0;
  rows[base + F_PAYLOAD_A + 1] = 0;
  const e = table.extensions.find(base);
  if (e < 0) return;
  const { words } = table.extensions;
  words.fill(0, e + E_HIGH, e + E_HIGH + COUNTERS);
  words.fill(0, e + E_RETRANSMITS_A, e + E_ICMP_ERRORS + 1);
}
