// Pieces of a datagram or stream that wait for what is missing before them: sorted, not overlapping, each with copies of its bytes.

import { JOINS, newWins } from './overlap.ts';

export interface Piece {
  start: number;
  end: number;
  /** The bytes [start, end) stand in bytes[from, from + end - start). */
  bytes: Uint8Array;
  from: number;
  /** Extent of the piece as it arrived: what the overlap tables compare. */
  bornStart: number;
  bornEnd: number;
  /** Grows with every piece that arrives. */
  age: number;
  /** Why its receiver may not have taken it (`doubt.ts`); 0: no reason. */
  doubt: number;
  ttl: number;
  /** Time and number of the packet that brought it. */
  seconds: number;
  nanos: number;
  packet: number;
  /** How many bytes of the other direction that packet acknowledged; -1: it did not tell. */
  acknowledged: number;
}

export interface InsertResult {
  /** Bytes held now that were not before. */
  added: number;
  /** The new piece claimed bytes that were held already, and they differ. */
  conflict: boolean;
  overlapped: boolean;
  /** The conflict is with bytes that came with another TTL. */
  ttlDiffers: boolean;
}

/** What a piece costs besides its bytes: two objects and a place in the list. Many tiny pieces must not hide from limits. */
const PIECE_COST_BYTES = 192;

/** What `insert` did: valid until its next call. */
const result: InsertResult = { added: 0, conflict: false, overlapped: false, ttlDiffers: false };

export class Pieces {
  readonly list: Piece[] = [];
  /** Bytes held. */
  held = 0;
  /** Doubt, TTL, time, number and acknowledgment of the packet whose bytes are inserted next. */
  doubt = 0;
  ttl = 0;
  seconds = 0;
  nanos = 0;
  packet = 0;
  acknowledged = -1;
  /** Of the piece that is being inserted. */
  #age = 0;
  #arrived = 0;

  /** Memory in bytes, about: what limits count. */
  get cost(): number {
    return this.held + this.list.length * PIECE_COST_BYTES;
  }

  /** Inserts a copy of bytes[from, to) at `start`. `mask` says in which relations the new piece wins (see `overlap.ts`). */
  insert(start: number, bytes: Uint8Array, from: number, to: number, mask: number): InsertResult {
    result.added = 0;
    result.conflict = false;
    result.overlapped = false;
    result.ttlDiffers = false;
    const end = start + (to - from);
    if (end <= start) return result;
    const list = this.list;
    let i = this.#firstBehind(start);
    this.#arrived++;
    this.#age = this.#arrived;
    const bornStart = (mask & JOINS) !== 0 ? this.#joined(i, start, end) : start;
    let at = start;
    // Walk over the held pieces that reach into [start, end): fill the holes, and settle each overlap.
    while (at < end) {
      const held = i < list.length ? list[i] : undefined;
      if (held === undefined || held.start >= end) {
        this.#put(i, at, end, copyOf(bytes, from + at - start, to), bornStart, end);
        result.added += end - at;
        break;
      }
      if (held.start > at) {
        this.#put(i, at, held.start, copyOf(bytes, from + at - start, from + held.start - start), bornStart, end);
        result.added += held.start - at;
        at = held.start;
        i++;
        continue;
      }
      const overlapEnd = Math.min(end, held.end);
      result.overlapped = true;
      const offset = from + at - start;
      if (!same(held.bytes, held.from + at - held.start, bytes, offset, overlapEnd - at)) {
        result.conflict = true;
        if (held.ttl !== this.ttl) result.ttlDiffers = true;
      }
      // What a receiver takes for sure goes before what it may have refused. Equal bytes change hands too: whose they are decides
      // the next overlap.
      const wins =
        (held.doubt === 0) === (this.doubt === 0)
          ? newWins(mask, bornStart, end, held.bornStart, held.bornEnd)
          : this.doubt === 0;
      if (wins) {
        const copy = copyOf(bytes, offset, offset + overlapEnd - at);
        i = this.#replace(i, at, overlapEnd, copy, bornStart, end);
        at = overlapEnd;
        continue;
      }
      at = overlapEnd;
      if (overlapEnd === held.end) i++;
    }
    this.held += result.added;
    return result;
  }

  /** Are the bytes [from, to) those that are held from `start` on? */
  hold(start: number, bytes: Uint8Array, from: number, to: number): boolean {
    const end = start + to - from;
    let at = start;
    for (const piece of this.list) {
      if (piece.end <= at) continue;
      if (piece.start > at) return false;
      const stop = Math.min(end, piece.end);
      if (!same(piece.bytes, piece.from + at - piece.start, bytes, from + at - start, stop - at)) return false;
      at = stop;
      if (at >= end) return true;
    }
    return false;
  }

  /**
   * A piece [start, end) becomes one with the one that ends where it begins, unless an older one has its first byte already (Linux looks
   * at them in the order of its tree, whose root is old). The begin of the whole. `index` is the first piece behind `start`.
   */
  #joined(index: number, start: number, end: number): number {
    const { list } = this;
    const before = list[index - 1];
    if (before === undefined || before.bornEnd !== start) return start;
    const held = list[index];
    if (held !== undefined && held.bornStart <= start && held.age < before.age) return start;
    const { bornStart, age } = before;
    for (let i = index - 1; i >= 0 && list[i].end > bornStart; i--) if (list[i].age === age) list[i].bornEnd = end;
    this.#age = age;
    return bornStart;
  }

  /** Index of the first piece that ends behind `position`. */
  #firstBehind(position: number): number {
    const { list } = this;
    // Most pieces come at the end.
    if (list.length === 0 || list[list.length - 1].end <= position) return list.length;
    let low = 0;
    let high = list.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (list[middle].end > position) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #put(index: number, start: number, end: number, bytes: Uint8Array, bornStart: number, bornEnd: number): void {
    const { doubt, ttl, seconds, nanos, packet, acknowledged } = this;
    const age = this.#age;
    this.list.splice(index, 0, {
      start,
      end,
      bytes,
      from: 0,
      bornStart,
      bornEnd,
      age,
      doubt,
      ttl,
      seconds,
      nanos,
      packet,
      acknowledged,
    });
  }

  /** Replaces [start, end) of the piece at `index` by `bytes`; returns the index behind it. */
  #replace(index: number, start: number, end: number, bytes: Uint8Array, bornStart: number, bornEnd: number): number {
    const held = this.list[index];
    const parts: Piece[] = [];
    if (held.start < start) parts.push(partOf(held, held.start, start));
    const { doubt, ttl, seconds, nanos, packet, acknowledged } = this;
    const age = this.#age;
    const from = 0;
    parts.push({ start, end, bytes, from, bornStart, bornEnd, age, doubt, ttl, seconds, nanos, packet, acknowledged });
    const next = index + parts.length;
    if (held.end > end) parts.push(partOf(held, end, held.end));
    this.list.splice(index, 1, ...parts);
    return next;
  }

  /** Forgets everything before `position`. */
  dropBefore(position: number): void {
    let gone = 0;
    while (gone < this.list.length && this.list[gone].end <= position) {
      this.held -= this.list[gone].end - this.list[gone].start;
      gone++;
    }
    if (gone > 0) this.list.splice(0, gone);
    const first = this.list[0];
    if (first !== undefined && first.start < position) {
      this.held -= position - first.start;
      first.from += position - first.start;
      first.start = position;
    }
  }

  /** Takes out the piece at `index`. */
  drop(index: number): void {
    const [gone] = this.list.splice(index, 1);
    this.held -= gone.end - gone.start;
  }

  clear(): void {
    this.list.length = 0;
    this.held = 0;
  }
}

/** [start, end) of a piece. A small rest is copied, so that it does not keep the memory of all that was replaced. */
function partOf(held: Piece, start: number, end: number): Piece {
  const from = held.from + start - held.start;
  if ((end - start) * 2 > held.bytes.length) return { ...held, start, end, from };
  return { ...held, start, end, bytes: held.bytes.slice(from, from + end - start), from: 0 };
}

/** A copy, of a Buffer too, whose own `slice` makes none. */
export function copyOf(bytes: Uint8Array, from: number, to: number): Uint8Array {
  return Uint8Array.prototype.slice.call(bytes, from, to);
}

function same(a: Uint8Array, aFrom: number, b: Uint8Array, bFrom: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (a[aFrom + i] !== b[bFrom + i]) return false;
  return true;
}
