// A hash table from flow keys to counters, in typed arrays: rows do not move while the table grows its index, and nothing is made per
// packet. The hash is salted, so nobody who chooses addresses can choose collisions.

import { randomBytes } from 'node:crypto';
import { KEY_WORDS_V4, KEY_WORDS_V6 } from './ep-hash.ts';

const FIRST_ROWS = 1024;
const DEAD = -1;

/** Bits of a row's state. */
export const ROW_CONFIDENT = 1;

/** Counters of a row, in this order. */
export const BYTES_RCVD = 0;
export const BYTES_SENT = 1;
export const PACKETS_RCVD = 2;
export const PACKETS_SENT = 3;
export const COUNTERS = 4;

const SALT = randomBytes(4).readInt32LE();

export class KeyTable {
  readonly isV4: boolean;
  /** Words of a key. */
  readonly width: number;
  /** Keys, `width` words a row. */
  words: Int32Array;
  /** `COUNTERS` numbers a row. */
  counters: Float64Array;
  state: Uint8Array;
  /** Rows in use. */
  size = 0;
  /** Row + 1 by hash; 0 empty, `DEAD` removed. */
  #index: Int32Array;
  #used = 0;
  #fresh = 0;
  /** Rows that were removed: free to be used again. */
  readonly #free: number[] = [];
  readonly #limit: number;

  /** `limit`: rows at most. */
  constructor(isV4: boolean, limit = Number.POSITIVE_INFINITY, rows = FIRST_ROWS) {
    this.isV4 = isV4;
    this.width = isV4 ? KEY_WORDS_V4 : KEY_WORDS_V6;
    this.#limit = limit;
    this.words = new Int32Array(rows * this.width);
    this.counters = new Float64Array(rows * COUNTERS);
    this.state = new Uint8Array(rows);
    this.#index = new Int32Array(rows * 2);
  }

  /** One more than the highest row that was ever in use: rows below it hold a flow or, when removed, a key of nothing. */
  get rows(): number {
    return this.#fresh;
  }

  isLive(row: number): boolean {
    return this.state[row] !== REMOVED;
  }

  /** The row of a key, -1 when there is none. `reverse`: of the same flow seen from the other side. */
  find(key: Int32Array, at: number, reverse: boolean): number {
    const index = this.#index;
    const mask = index.length - 1;
    const { words, width } = this;
    for (let p = this.#hash(key, at, reverse) & mask; ; p = (p + 1) & mask) {
      const entry = index[p];
      if (entry === 0) return -1;
      if (entry === DEAD) continue;
      const row = entry - 1;
      if (this.isV4 ? same4(words, row * width, key, at, reverse) : same6(words, row * width, key, at, reverse))
        return row;
    }
  }

  /** A row with counters of zero for a key that is not there; -1 when the table is full. */
  insert(key: Int32Array, at: number, reverse: boolean): number {
    if (this.size >= this.#limit) return -1;
    if ((this.#used + 1) * 2 > this.#index.length) this.#reindex();
    const row = this.#free.pop() ?? this.#fresh++;
    if ((row + 1) * this.width > this.words.length) this.#grow();
    this.#write(row * this.width, key, at, reverse);
    this.counters.fill(0, row * COUNTERS, (row + 1) * COUNTERS);
    this.state[row] = 0;
    this.#place(row);
    this.size++;
    return row;
  }

  remove(row: number): void {
    const index = this.#index;
    const mask = index.length - 1;
    for (let p = this.#hash(this.words, row * this.width, false) & mask; ; p = (p + 1) & mask) {
      if (index[p] !== row + 1) continue;
      index[p] = DEAD;
      break;
    }
    this.state[row] = REMOVED;
    this.#free.push(row);
    this.size--;
  }

  #write(to: number, key: Int32Array, at: number, reverse: boolean): void {
    const { words, width } = this;
    const half = this.isV4 ? 1 : 4;
    const source = reverse ? at + half : at;
    const destination = reverse ? at : at + half;
    for (let i = 0; i < half; i++) {
      words[to + i] = key[source + i];
      words[to + half + i] = key[destination + i];
    }
    const ports = key[at + 2 * half];
    words[to + width - 2] = reverse ? (ports << 16) | (ports >>> 16) : ports;
    words[to + width - 1] = key[at + width - 1];
  }

  #hash(key: Int32Array, at: number, reverse: boolean): number {
    let h = SALT;
    if (this.isV4) {
      h = mix(h, key[reverse ? at + 1 : at]);
      h = mix(h, key[reverse ? at : at + 1]);
    } else {
      const source = reverse ? at + 4 : at;
      const destination = reverse ? at : at + 4;
      for (let i = 0; i < 4; i++) h = mix(h, key[source + i]);
      for (let i = 0; i < 4; i++) h = mix(h, key[destination + i]);
    }
    const ports = key[at + this.width - 2];
    h = mix(h, reverse ? (ports << 16) | (ports >>> 16) : ports);
    h = mix(h, key[at + this.width - 1]);
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    return h ^ (h >>> 13);
  }

  #place(row: number): void {
    const index = this.#index;
    const mask = index.length - 1;
    let p = this.#hash(this.words, row * this.width, false) & mask;
    while (index[p] > 0) p = (p + 1) & mask;
    if (index[p] === 0) this.#used++;
    index[p] = row + 1;
  }

  #reindex(): void {
    let length = this.#index.length;
    while ((this.size + 1) * 4 > length) length *= 2;
    this.#index = new Int32Array(length);
    this.#used = 0;
    for (let row = 0; row < this.#fresh; row++) if (this.state[row] !== REMOVED) this.#place(row);
  }

  #grow(): void {
    const rows = (this.words.length / this.width) * 2;
    const words = new Int32Array(rows * this.width);
    words.set(this.words);
    this.words = words;
    const counters = new Float64Array(rows * COUNTERS);
    counters.set(this.counters);
    this.counters = counters;
    const state = new Uint8Array(rows);
    state.set(this.state);
    this.state = state;
  }
}

const REMOVED = 255;

function mix(h: number, word: number): number {
  const x = Math.imul(h ^ word, 0x9e3779b1);
  return x ^ (x >>> 15);
}

function same4(words: Int32Array, row: number, key: Int32Array, at: number, reverse: boolean): boolean {
  if (words[row + 3] !== key[at + 3]) return false;
  if (!reverse) return words[row] === key[at] && words[row + 1] === key[at + 1] && words[row + 2] === key[at + 2];
  const ports = key[at + 2];
  return (
    words[row] === key[at + 1] && words[row + 1] === key[at] && words[row + 2] === ((ports << 16) | (ports >>> 16))
  );
}

function same6(words: Int32Array, row: number, key: Int32Array, at: number, reverse: boolean): boolean {
  if (words[row + 9] !== key[at + 9]) return false;
  const ports = key[at + 8];
  if (words[row + 8] !== (reverse ? (ports << 16) | (ports >>> 16) : ports)) return false;
  const source = reverse ? at + 4 : at;
  const destination = reverse ? at : at + 4;
  for (let i = 0; i < 4; i++) {
    if (words[row + i] !== key[source + i] || words[row + 4 + i] !== key[destination + i]) return false;
  }
  return true;
}
