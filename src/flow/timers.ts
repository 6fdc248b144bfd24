// When flows end: lists of flows by the second they become idle. Two wheels per shard, a short one (half-open, closed, UDP and the
// rest) and a long one (established TCP), so that eviction can take the oldest half-open flow first and an established one last.
// A list says when to look again, not when to end: traffic does not move a flow, the next look does.

import { SHARDS } from './hash.ts';
import * as layout from './layout.ts';

// A module's own constants become part of its machine code, imported ones are read each time, with checks: see docs/decisions.md.
const { C_NEXT, C_PREVIOUS, COLD_WORDS } = layout;

export const SHORT_SECONDS = 1024;
export const LONG_SECONDS = 4096;

export class Timers {
  readonly #short = new Int32Array(SHARDS * SHORT_SECONDS);
  readonly #long = new Int32Array(SHARDS * LONG_SECONDS);
  /** Flows in each shard's wheel, to skip empty ones. */
  readonly #shortCount = new Int32Array(SHARDS);
  readonly #longCount = new Int32Array(SHARDS);
  readonly #words: Int32Array;
  #now = -1;

  /** `cold`: the cold rows of the table whose flows are kept here. */
  constructor(cold: Int32Array) {
    this.#words = cold;
  }

  /** The second up to which everything due was taken. */
  get now(): number {
    return this.#now;
  }

  /** Puts a flow where it will be looked at in second `due` (at the earliest one second from now, at the latest a wheel's turn). */
  add(slot: number, shard: number, long: boolean, due: number): void {
    const span = long ? LONG_SECONDS : SHORT_SECONDS;
    const now = this.#now;
    const at = due <= now ? now + 1 : due >= now + span ? now + span - 1 : due;
    const list = shard * span + (at & (span - 1));
    const heads = long ? this.#long : this.#short;
    const words = this.#words;
    const base = slot * COLD_WORDS;
    const head = heads[list];
    words[base + C_NEXT] = head;
    words[base + C_PREVIOUS] = -(list + 1);
    if (head !== 0) words[(head - 1) * COLD_WORDS + C_PREVIOUS] = slot + 1;
    heads[list] = slot + 1;
    if (long) this.#longCount[shard]++;
    else this.#shortCount[shard]++;
  }

  remove(slot: number, shard: number, long: boolean): void {
    const words = this.#words;
    const base = slot * COLD_WORDS;
    const next = words[base + C_NEXT];
    const previous = words[base + C_PREVIOUS];
    if (previous < 0) (long ? this.#long : this.#short)[-previous - 1] = next;
    else words[(previous - 1) * COLD_WORDS + C_NEXT] = next;
    if (next !== 0) words[(next - 1) * COLD_WORDS + C_PREVIOUS] = previous;
    if (long) this.#longCount[shard]--;
    else this.#shortCount[shard]--;
  }

  /** Moves on to `now` and calls `look` with every flow whose second has come; it is off its list by then. */
  advance(now: number, look: (slot: number, shard: number) => void): void {
    const before = this.#now;
    this.#now = now;
    if (before < 0) return;
    for (let shard = 0; shard < SHARDS; shard++) {
      if (this.#shortCount[shard] !== 0) this.#take(shard, false, before, now, look);
      if (this.#longCount[shard] !== 0) this.#take(shard, true, before, now, look);
    }
  }

  #take(shard: number, long: boolean, before: number, now: number, look: (slot: number, shard: number) => void): void {
    const span = long ? LONG_SECONDS : SHORT_SECONDS;
    const heads = long ? this.#long : this.#short;
    const steps = Math.min(now - before, span);
    const words = this.#words;
    for (let i = 1; i <= steps; i++) {
      const list = shard * span + ((before + i) & (span - 1));
      let entry = heads[list];
      heads[list] = 0;
      while (entry !== 0) {
        const slot = entry - 1;
        entry = words[slot * COLD_WORDS + C_NEXT];
        if (long) this.#longCount[shard]--;
        else this.#shortCount[shard]--;
        look(slot, shard);
      }
    }
  }

  /** The flow of a shard that would be looked at first, still on its list; -1 when that wheel is empty. */
  first(shard: number, long: boolean): number {
    if ((long ? this.#longCount : this.#shortCount)[shard] === 0) return -1;
    const span = long ? LONG_SECONDS : SHORT_SECONDS;
    const heads = long ? this.#long : this.#short;
    for (let i = 1; i <= span; i++) {
      const entry = heads[shard * span + ((this.#now + i) & (span - 1))];
      if (entry !== 0) return entry - 1;
    }
    return -1;
  }

  /** Forgets all flows. */
  clear(): void {
    this.#short.fill(0);
    this.#long.fill(0);
    this.#shortCount.fill(0);
    this.#longCount.fill(0);
  }

  /** A new epoch: time begins again at `now`. The lists must be empty. */
  restart(now: number): void {
    this.#now = now;
  }
}
