// The flow table: open addressing over rows of words. The index is one array with a region per logical shard, so that growing one
// costs little and limits belong to a shard whatever the number of workers. An index entry is the row's number in its table + 1 with eight bits
// of its hash on top, so most misses are seen without touching the row. Rows never move; their memory is committed by the system as
// it is touched. A table's first row is nobody's: entries of flows that are gone point to it, and no key is equal to its key.

import { foldV6, SHARDS, tableHash } from './hash.ts';
import * as layout from './layout.ts';
import { coldAt } from './layout.ts';
import { FlowRows } from './rows.ts';
import { SideRows } from './side-rows.ts';
import * as stageWords from './stage.ts';
import { TCP_EVENT_BIT, type TcpEvent } from './tcp-events.ts';

// A module's own constants become part of its machine code, imported ones are read each time, with checks: see docs/decisions.md.
const {
  C_EXTENSION,
  C_HANDSHAKE,
  C_NEXT,
  C_SHARD,
  COLD_WORDS,
  E_EVENTS,
  EXTENSION_WORDS,
  F_A,
  F_B,
  F_PACKETS_A,
  F_PACKETS_B,
  F_PORTS,
  F_PROTOCOL,
  HANDSHAKE_WORDS,
  HOT_SHIFT,
  WIDE_WORDS,
} = layout;
const { ROW_A, ROW_B, ROW_HASH, ROW_PORTS, ROW_PROTOCOL, ROW_SHARD } = stageWords;

/** The part of an index entry that names a row. */
export const ENTRY_MASK = 0xffffff;
/** Numbers of rows, of both tables that share memory, are below: V8 knows then that what is added to a row's place cannot overflow. */
export const SLOT_MASK = 0x1ffffff;
/** Entry of a flow that is gone: it points to the table's first row. */
const TOMBSTONE = 1;
/** A protocol word that no packet has. */
const NOBODY = -1;
/** Rows a table can number. */
export const MAX_ROWS = ENTRY_MASK - 1;
const FIRST_CAPACITY = 64;
const CACHE_LINE_ENTRIES = 16;
/** Entries whose rows are read together when an index is built anew. */
const REBUILT_TOGETHER = 64;

export class FlowTable {
  readonly v6: boolean;
  /** Number of its first row: rows are numbered through the memory that it shares. */
  readonly first: number;
  /** Hot rows, cold rows, whole IPv6 addresses (empty for IPv4); see `layout.ts`. */
  readonly words: Int32Array;
  readonly cold: Int32Array;
  readonly wide: Int32Array;
  /** Flows in the table and in each shard. */
  count = 0;
  readonly shardCount = new Int32Array(SHARDS);
  /** What `note` counted. */
  readonly noted = new Map<TcpEvent, number>();
  /** Behind its last row. */
  readonly #end: number;
  /** Entries: the row's number in the table + 1 with the top eight bits of its hash above. Those of a shard begin at `shard * region`. */
  readonly index: Uint32Array;
  /** Entries from one shard's first to the next one's. */
  readonly region: number;
  /** Length of each shard's part that is in use, less 1: it grows inside its region. */
  readonly masks = new Int32Array(SHARDS).fill(FIRST_CAPACITY - 1);
  /** Entries in use or dead, per shard: what fills an index. */
  readonly #used = new Int32Array(SHARDS);
  /** Entries that a shard may use. */
  readonly #largest: number;
  readonly #salt0: number;
  readonly #salt1: number;
  #free = 0;
  /** Of no meaning: what was read ahead is used, so that it is read. */
  #readAhead = 0;
  #fresh: number;

  /** What a handshake told, and what few flows have: see `layout.ts`. */
  readonly handshakes: SideRows;
  readonly extensions: SideRows;

  /**
   * `capacity`: flows at most, `perShard`: of one shard. `salts`: the process's secret, the same that the hashes of the rows were made
   * with. `rows`: memory that it shares with others, in which its own rows begin at `first`.
   */
  constructor(
    v6: boolean,
    capacity: number,
    perShard: number,
    salts: readonly [number, number],
    rows: FlowRows = new FlowRows(rowsFor(capacity)),
    first = 0,
  ) {
    this.v6 = v6;
    this.first = first;
    this.#end = first + rowsFor(capacity);
    this.#fresh = first + 1;
    this.#largest = FIRST_CAPACITY;
    while (this.#largest < perShard * 2) this.#largest *= 2;
    // Regions a power of two apart would all begin in the same sets of the CPU's caches: a bit more spreads them.
    this.region = this.#largest + Math.max(CACHE_LINE_ENTRIES, this.#largest / SHARDS);
    this.index = new Uint32Array(SHARDS * this.region);
    this.words = rows.words;
    this.cold = rows.cold;
    this.wide = new Int32Array(v6 ? this.#end * WIDE_WORDS : 0);
    this.handshakes = new SideRows(this.cold, C_HANDSHAKE, HANDSHAKE_WORDS, rowsFor(capacity));
    this.extensions = new SideRows(this.cold, C_EXTENSION, EXTENSION_WORDS, rowsFor(capacity));
    this.#salt0 = salts[0];
    this.#salt1 = salts[1];
    this.words[(first << HOT_SHIFT) + F_PROTOCOL] = NOBODY;
  }

  /** The row behind those from `first` on that have been used so far. Those of flows that are gone have no packets. */
  get rowsEnd(): number {
    return this.#fresh;
  }

  /** What is read at random, packet by packet. */
  get memory(): readonly ArrayBufferView[] {
    const words = this.words.subarray(this.first << HOT_SHIFT, this.#end << HOT_SHIFT);
    const cold = this.cold.subarray(this.first * COLD_WORDS, this.#end * COLD_WORDS);
    return [words, this.index, cold, this.wide.subarray(this.first * WIDE_WORDS)];
  }

  /** Row number of the flow that a staged packet belongs to, -1 when there is none. */
  find(rows: Int32Array, at: number, wide: Int32Array, wideAt: number): number {
    const hash = rows[at + ROW_HASH];
    const shard = rows[at + ROW_SHARD];
    const { index, words } = this;
    const region = shard * this.region;
    const mask = this.masks[shard];
    const tag = hash >>> 24;
    const a = rows[at + ROW_A];
    const b = rows[at + ROW_B];
    const ports = rows[at + ROW_PORTS];
    const protocol = rows[at + ROW_PROTOCOL];
    for (let p = hash & mask; ; p = (p + 1) & mask) {
      const entry = index[region + p];
      if (entry === 0) return -1;
      if (entry >>> 24 !== tag) continue;
      const slot = this.first + (entry & ENTRY_MASK) - 1;
      const base = slot << HOT_SHIFT;
      if (
        words[base + F_A] === a &&
        words[base + F_B] === b &&
        words[base + F_PORTS] === ports &&
        words[base + F_PROTOCOL] === protocol &&
        (!this.v6 || this.sameWide(slot, wide, wideAt))
      ) {
        return slot;
      }
    }
  }

  /** Is the whole IPv6 key of this row the one that stands at `wideAt`? */
  sameWide(slot: number, wide: Int32Array, wideAt: number): boolean {
    const own = this.wide;
    const at = slot * WIDE_WORDS;
    return (
      own[at + 3] === wide[wideAt + 3] &&
      own[at + 7] === wide[wideAt + 7] &&
      own[at + 2] === wide[wideAt + 2] &&
      own[at + 6] === wide[wideAt + 6] &&
      own[at + 1] === wide[wideAt + 1] &&
      own[at + 5] === wide[wideAt + 5] &&
      own[at] === wide[wideAt] &&
      own[at + 4] === wide[wideAt + 4]
    );
  }

  /** Adds a flow with the key of a staged packet (it must not be there). -1 when the table has no row left. */
  insert(rows: Int32Array, at: number, wide: Int32Array, wideAt: number): number {
    let slot: number;
    const words = this.words;
    if (this.#free !== 0) {
      slot = this.#free - 1;
      this.#free = this.cold[slot * COLD_WORDS + C_NEXT];
      words.fill(0, slot << HOT_SHIFT, (slot + 1) << HOT_SHIFT);
      this.cold.fill(0, slot * COLD_WORDS, (slot + 1) * COLD_WORDS);
    } else if (this.#fresh < this.#end) slot = this.#fresh++;
    else return -1;
    const shard = rows[at + ROW_SHARD];
    const base = slot << HOT_SHIFT;
    words[base + F_A] = rows[at + ROW_A];
    words[base + F_B] = rows[at + ROW_B];
    words[base + F_PORTS] = rows[at + ROW_PORTS];
    words[base + F_PROTOCOL] = rows[at + ROW_PROTOCOL];
    this.cold[slot * COLD_WORDS + C_SHARD] = shard;
    if (this.v6) for (let i = 0; i < WIDE_WORDS; i++) this.wide[slot * WIDE_WORDS + i] = wide[wideAt + i];
    if ((this.#used[shard] + 1) * 5 > (this.masks[shard] + 1) * 3) this.#rebuild(shard);
    this.#place(shard, slot, rows[at + ROW_HASH]);
    this.#used[shard]++;
    this.shardCount[shard]++;
    this.count++;
    return slot;
  }

  /** Takes a flow out. Its row may be used again at once. */
  remove(slot: number): void {
    const base = slot << HOT_SHIFT;
    const shard = this.shardOfRow(base);
    const { index } = this;
    const region = shard * this.region;
    const mask = this.masks[shard];
    for (let p = this.#hashOfRow(base) & mask; ; p = (p + 1) & mask) {
      const entry = index[region + p];
      if ((entry & ENTRY_MASK) === slot - this.first + 1) {
        index[region + p] = TOMBSTONE;
        break;
      }
      if (entry === 0) break;
    }
    // Whoever looked for it before finds out, and it has nothing to report.
    this.words[base + F_PROTOCOL] = NOBODY;
    this.words[base + F_PACKETS_A] = 0;
    this.words[base + F_PACKETS_B] = 0;
    this.handshakes.release(base);
    this.extensions.release(base);
    this.cold[coldAt(base) + C_NEXT] = this.#free;
    this.#free = slot + 1;
    this.shardCount[shard]--;
    this.count--;
  }

  /** Forgets all flows. */
  clear(): void {
    for (let shard = 0; shard < SHARDS; shard++) {
      const region = shard * this.region;
      this.index.fill(0, region, region + this.masks[shard] + 1);
    }
    this.masks.fill(FIRST_CAPACITY - 1);
    this.words.fill(0, (this.first + 1) << HOT_SHIFT, this.#fresh << HOT_SHIFT);
    this.cold.fill(0, this.first * COLD_WORDS, this.#fresh * COLD_WORDS);
    this.#used.fill(0);
    this.shardCount.fill(0);
    this.count = 0;
    this.#free = 0;
    this.#fresh = this.first + 1;
    this.handshakes.clear();
    this.extensions.clear();
  }

  shardOfRow(base: number): number {
    return this.cold[coldAt(base) + C_SHARD] & (SHARDS - 1);
  }

  /** Calls `visit` with every flow, row by row: in the order in which they began, as long as no row was used twice. */
  forEach(visit: (slot: number) => void): void {
    const { words } = this;
    const fresh = this.#fresh;
    for (let slot = this.first + 1; slot < fresh; slot++)
      if (words[(slot << HOT_SHIFT) + F_PROTOCOL] !== NOBODY) visit(slot);
  }

  /** Calls `visit` with every flow of a shard. */
  forEachOf(shard: number, visit: (slot: number) => void): void {
    const { index, masks } = this;
    const region = shard * this.region;
    for (let p = region; p <= region + masks[shard]; p++) {
      const entry = index[p] & ENTRY_MASK;
      if (entry > TOMBSTONE) visit(this.first + entry - 1);
    }
  }

  /** Counts and remembers that something was noticed of a connection. */
  note(base: number, event: TcpEvent): void {
    this.noted.set(event, (this.noted.get(event) ?? 0) + 1);
    this.notice(base, TCP_EVENT_BIT[event]);
  }

  /** Remembers that something was noticed of a connection: a bit of `tcp-events.ts`. */
  notice(base: number, bit: number): void {
    const e = this.extensions.of(base);
    this.extensions.words[e + E_EVENTS] |= bit;
  }

  #hashOfRow(base: number): number {
    const w = this.words;
    const s0 = this.#salt0;
    const s1 = this.#salt1;
    if (this.v6)
      return wideHash(this.wide, (base >>> HOT_SHIFT) * WIDE_WORDS, w[base + F_PORTS], w[base + F_PROTOCOL], s0, s1);
    return tableHash(w[base + F_A], w[base + F_B], w[base + F_PORTS], w[base + F_PROTOCOL], s0, s1);
  }

  #place(shard: number, slot: number, hash: number): void {
    const { index } = this;
    const region = shard * this.region;
    const mask = this.masks[shard];
    let p = hash & mask;
    while (index[region + p] !== 0) p = (p + 1) & mask;
    index[region + p] = ((hash & 0xff000000) | (slot - this.first + 1)) >>> 0;
  }

  /** Without the dead entries and, where needed, over more of the shard's region. */
  #rebuild(shard: number): void {
    const { index } = this;
    const region = shard * this.region;
    const entries = index.slice(region, region + this.masks[shard] + 1);
    index.fill(0, region, region + entries.length);
    let capacity = FIRST_CAPACITY;
    while (capacity < (this.shardCount[shard] + 1) * 2) capacity *= 2;
    this.masks[shard] = Math.min(capacity, this.#largest) - 1;
    for (let p = 0; p < entries.length; p++) {
      if (p % REBUILT_TOGETHER === 0) this.#readAhead ^= this.#lookAhead(entries, p);
      const entry = entries[p] & ENTRY_MASK;
      if (entry <= TOMBSTONE) continue;
      const slot = this.first + entry - 1;
      this.#place(shard, slot, this.#hashOfRow(slot << HOT_SHIFT));
    }
    this.#used[shard] = this.shardCount[shard];
  }

  /** Reads of the flows of the next entries where their keys are: the memory accesses overlap. Gives something that depends on all. */
  #lookAhead(entries: Uint32Array, from: number): number {
    const { words, wide, v6 } = this;
    const to = Math.min(from + REBUILT_TOGETHER, entries.length);
    let sum = 0;
    for (let p = from; p < to; p++) {
      const slot = this.first + Math.max(0, (entries[p] & ENTRY_MASK) - 1);
      sum ^= words[slot << HOT_SHIFT];
      if (v6) sum ^= wide[slot * WIDE_WORDS];
    }
    return sum;
  }
}

/** Rows of a table for so many flows: theirs and nobody's. */
export function rowsFor(flows: number): number {
  return Math.min(flows + 1, MAX_ROWS);
}

/** Salted hash of an IPv6 key: both whole addresses go in, so that a collision of the folds is none here. */
export function wideHash(
  wide: Int32Array,
  at: number,
  ports: number,
  protocol: number,
  salt0: number,
  salt1: number,
): number {
  const a = foldV6(wide[at] ^ salt1, wide[at + 1] ^ salt0, wide[at + 2] + salt1, wide[at + 3] ^ salt0);
  const b = foldV6(wide[at + 4] ^ salt0, wide[at + 5] + salt1, wide[at + 6] ^ salt1, wide[at + 7] ^ salt0);
  return tableHash(a, b, ports, protocol, salt0, salt1);
}
