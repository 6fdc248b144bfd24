// Bytes by source and destination address, for the summary's top talkers.

import { networkBytes } from '../flow/document.ts';
import * as layout from '../flow/layout.ts';
import type { FlowTable } from '../flow/table.ts';
import * as tableWords from '../flow/table.ts';
import { formatV4, formatV6 } from '../records/address.ts';
import { type PackedPairs, PairBytes } from './pair-bytes.ts';

const { F_A, F_B, F_STATE, HOT_SHIFT, S_INITIATOR_B, WIDE_WORDS } = layout;
const { SLOT_MASK } = tableWords;

/** Pairs of either family that are kept: of more, the half with fewer bytes is forgotten. */
const MAX_PAIRS = 1 << 17;
const V4 = 1;
const V6 = 4;

export interface Talker {
  source: string;
  destination: string;
  bytes: number;
}

/** As they travel between threads. */
export interface PackedTalkers {
  v4: PackedPairs;
  v6: PackedPairs;
  isPartial: boolean;
}

export class Talkers {
  readonly #v4: PairBytes;
  readonly #v6: PairBytes;
  #othersArePartial = false;

  constructor(most = MAX_PAIRS) {
    this.#v4 = new PairBytes(V4, most);
    this.#v6 = new PairBytes(V6, most);
  }

  /** There were more pairs than are kept: the small ones are not all there. */
  get isPartial(): boolean {
    return this.#v4.isPartial || this.#v6.isPartial || this.#othersArePartial;
  }

  /** A flow's document is made: its bytes since the one before, from who began it to the other end. */
  add(table: FlowTable, slot: number): void {
    const row = slot & SLOT_MASK;
    const base = row << HOT_SHIFT;
    const { words, wide, v6 } = table;
    const swap = (words[base + F_STATE] & S_INITIATOR_B) !== 0;
    const bytes = networkBytes(table, slot);
    const a = v6 ? row * WIDE_WORDS : base + F_A;
    const b = v6 ? a + V6 : base + F_B;
    (v6 ? this.#v6 : this.#v4).add(v6 ? wide : words, swap ? b : a, swap ? a : b, bytes);
  }

  addAll({ v4, v6, isPartial }: PackedTalkers): void {
    this.#v4.addAll(v4);
    this.#v6.addAll(v6);
    if (isPartial) this.#othersArePartial = true;
  }

  packed(): PackedTalkers {
    return { v4: this.#v4.packed(), v6: this.#v6.packed(), isPartial: this.isPartial };
  }

  /** The `n` with the most bytes; of equals, those whose addresses as text come first. */
  top(n: number): Talker[] {
    return [...topOf(this.#v4.packed(), V4, n), ...topOf(this.#v6.packed(), V6, n)].sort(byBytes).slice(0, n);
  }
}

function topOf({ words, bytes }: PackedPairs, half: number, n: number): Talker[] {
  // Texts only for those that can be among them: thousands of pairs may have the same bytes.
  const least = bytes.length > n ? bytes.slice().sort()[bytes.length - n] : 0;
  const found: Talker[] = [];
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] < least) continue;
    const at = 2 * half * i;
    found.push({ source: text(words, at, half), destination: text(words, at + half, half), bytes: bytes[i] });
  }
  return found.sort(byBytes).slice(0, n);
}

function text(words: Int32Array, at: number, half: number): string {
  if (half === V4) return formatV4(words[at]);
  return formatV6(words[at] >>> 0, words[at + 1] >>> 0, words[at + 2] >>> 0, words[at + 3] >>> 0);
}

function byBytes(a: Talker, b: Talker): number {
  return b.bytes - a.bytes || compare(a.source, b.source) || compare(a.destination, b.destination);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
