// Finding the flows of coming packets, many at a time: the memory accesses overlap instead of waiting for each other.

import * as layout from './layout.ts';
import * as stageWords from './stage.ts';
import type { FlowTable } from './table.ts';
import * as tableWords from './table.ts';

// A module's own constants become part of its machine code, imported ones are read each time, with checks: see docs/decisions.md.
const { COLD_WORDS, F_STATE, HOT_SHIFT, S_WATCH } = layout;
const { INFO_SPECIAL, INFO_V6, ROW, ROW_HASH, ROW_INFO, ROW_MASK, ROW_SHARD, WIDE } = stageWords;
const { SLOT_MASK } = tableWords;

/** Staged rows looked at together; a power of two. */
export const AHEAD = 64;
/** The row is one of the table for IPv6. */
const FOUND_V6 = SLOT_MASK + 1;
/** The packet begins, ends or stops something: the flow's cold row is needed too. */
const FOUND_SPECIAL = FOUND_V6 << 1;
const LAST_COLD_WORD = COLD_WORDS - 1;

/**
 * Puts into `found` which row of its table each of the staged rows [from, to) may belong to, by its hash: in the low 24 bits the first that
 * comes into question, whose key has to be compared, or 0, nobody's row. Reads of each of these what `FlowTracker` is going to need (measured: a
 * quarter to a third less per packet above the cache's size). Gives something that depends on all of it, so that it is read.
 */
export function lookAhead(
  v4: FlowTable,
  v6: FlowTable,
  rows: Int32Array,
  from: number,
  to: number,
  found: Int32Array,
): number {
  const { index: index4, masks: masks4, words: words4, cold: cold4 } = v4;
  const { index: index6, masks: masks6, words: words6, cold: cold6, wide } = v6;
  // Integers of known ranges: V8 takes arguments and properties for tagged values, and checks each sum for overflow.
  const span = v4.region | 0;
  const begin = from | 0;
  const count = ((to | 0) - begin) & (2 * AHEAD - 1);
  for (let i = 0; i < count; i++) {
    const row = ((begin + i) & ROW_MASK) * ROW;
    const info = rows[row + ROW_INFO];
    const isV6 = (info & INFO_V6) !== 0;
    const index = isV6 ? index6 : index4;
    const hash = rows[row + ROW_HASH];
    const shard = rows[row + ROW_SHARD];
    const mask = isV6 ? masks6[shard] : masks4[shard];
    const region = Math.imul(shard, span);
    const tag = hash >>> 24;
    let p = hash & mask;
    let entry = index[(region + p) | 0];
    while (entry !== 0 && entry >>> 24 !== tag) {
      p = (p + 1) & mask;
      entry = index[(region + p) | 0];
    }
    const slot = entry === 0 ? 0 : (entry & SLOT_MASK) - 1;
    found[i] = (isV6 ? slot | FOUND_V6 : slot) | ((info & INFO_SPECIAL) !== 0 ? FOUND_SPECIAL : 0);
  }
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const entry = found[i];
    const slot = entry & SLOT_MASK;
    const isV6 = (entry & FOUND_V6) !== 0;
    const state = (isV6 ? words6 : words4)[(slot << HOT_SHIFT) + F_STATE];
    sum ^= state;
    if (isV6) sum ^= wide[slot * WIDE];
    if (((entry & FOUND_SPECIAL) | (state & S_WATCH)) !== 0) {
      const cold = isV6 ? cold6 : cold4;
      // It may lie across two cache lines.
      sum ^= cold[slot * COLD_WORDS] ^ cold[slot * COLD_WORDS + LAST_COLD_WORD];
    }
  }
  return sum;
}
