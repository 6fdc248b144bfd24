// Bytes by source and destination address: an open table of words, for it is asked once for each flow.

import { newSalts } from './salts.ts';

/** Who chooses addresses must not choose where they meet. */
const [SALT] = newSalts();
/** Little, for every result of a run has tables, and most stay empty. */
const FIRST_ROOM = 64;
/** What a number of bytes is like: sign, exponent and four bits of the fraction of a double. */
const SIZE_SHIFT = 16;
const SIZES = 1 << 16;
/** Linux hosts are little-endian. */
const HIGH_WORD = 1;

/** Pairs as they travel between threads: words of sources and destinations one behind the other, and their bytes. */
export interface PackedPairs {
  words: Int32Array;
  bytes: Float64Array;
}

export class PairBytes {
  /** The smaller half was forgotten, once or more often: what comes back of it begins anew. */
  isPartial = false;
  /** Words of an address. */
  readonly #half: number;
  readonly #most: number;
  #count = 0;
  #words: Int32Array;
  #bytes = new Float64Array(FIRST_ROOM);
  /** Number of a pair + 1, 0 none; twice as many places as pairs. */
  #places = new Int32Array(2 * FIRST_ROOM);

  /** `half`: words of an address, 1 or 4. `most`: pairs that are kept, a power of two; of more the half with fewer bytes is forgotten. */
  constructor(half: number, most: number) {
    this.#half = half;
    this.#most = most;
    this.#words = new Int32Array(2 * half * FIRST_ROOM);
  }

  /** `source` and `destination`: where the addresses begin in `from`. */
  add(from: Int32Array, source: number, destination: number, bytes: number): void {
    const half = this.#half;
    const places = this.#places;
    const mask = places.length - 1;
    for (let at = hashOf(from, source, destination, half) & mask; ; at = (at + 1) & mask) {
      const pair = places[at] - 1;
      if (pair < 0) {
        places[at] = this.#count + 1;
        this.#append(from, source, destination, bytes);
        return;
      }
      if (this.#is(pair, from, source, destination)) {
        this.#bytes[pair] += bytes;
        return;
      }
    }
  }

  addAll({ words, bytes }: PackedPairs): void {
    const half = this.#half;
    for (let i = 0; i < bytes.length; i++) this.add(words, 2 * half * i, 2 * half * i + half, bytes[i]);
  }

  packed(): PackedPairs {
    return {
      words: this.#words.slice(0, 2 * this.#half * this.#count),
      bytes: this.#bytes.slice(0, this.#count),
    };
  }

  #is(pair: number, from: Int32Array, source: number, destination: number): boolean {
    const half = this.#half;
    const words = this.#words;
    const at = 2 * half * pair;
    for (let i = 0; i < half; i++) {
      if (words[at + i] !== from[source + i] || words[at + half + i] !== from[destination + i]) return false;
    }
    return true;
  }

  #append(from: Int32Array, source: number, destination: number, bytes: number): void {
    const half = this.#half;
    const at = 2 * half * this.#count;
    for (let i = 0; i < half; i++) {
      this.#words[at + i] = from[source + i];
      this.#words[at + half + i] = from[destination + i];
    }
    this.#bytes[this.#count++] = bytes;
    if (this.#count < this.#bytes.length) return;
    if (this.#count < this.#most) this.#grow();
    else this.#forget();
  }

  #grow(): void {
    const words = new Int32Array(2 * this.#words.length);
    words.set(this.#words);
    this.#words = words;
    const bytes = new Float64Array(2 * this.#bytes.length);
    bytes.set(this.#bytes);
    this.#bytes = bytes;
    this.#places = new Int32Array(2 * bytes.length);
    this.#place();
  }

  /** Leaves the half with more bytes; of those in the middle that are alike to a sixteenth, the ones that came first. */
  #forget(): void {
    this.isPartial = true;
    const words = 2 * this.#half;
    const count = this.#count;
    const sizes = new Uint32Array(this.#bytes.buffer);
    const histogram = new Int32Array(SIZES);
    for (let pair = 0; pair < count; pair++) histogram[sizes[2 * pair + HIGH_WORD] >>> SIZE_SHIFT]++;
    let room = count >>> 1;
    let middle = SIZES - 1;
    while (histogram[middle] <= room) room -= histogram[middle--];
    let kept = 0;
    for (let pair = 0; pair < count; pair++) {
      const size = sizes[2 * pair + HIGH_WORD] >>> SIZE_SHIFT;
      if (size < middle || (size === middle && --room < 0)) continue;
      for (let i = 0; i < words; i++) this.#words[words * kept + i] = this.#words[words * pair + i];
      this.#bytes[kept++] = this.#bytes[pair];
    }
    this.#count = kept;
    this.#places.fill(0);
    this.#place();
  }

  /** Finds places for all pairs, in a table without any. */
  #place(): void {
    const half = this.#half;
    const places = this.#places;
    const mask = places.length - 1;
    for (let pair = 0; pair < this.#count; pair++) {
      let at = hashOf(this.#words, 2 * half * pair, 2 * half * pair + half, half) & mask;
      while (places[at] !== 0) at = (at + 1) & mask;
      places[at] = pair + 1;
    }
  }
}

function hashOf(from: Int32Array, source: number, destination: number, half: number): number {
  let h = SALT;
  for (let i = 0; i < half; i++) {
    h = Math.imul(h ^ from[source + i], 0x9e3779b1);
    h = Math.imul(h ^ (h >>> 15) ^ from[destination + i], 0x85ebca77);
    h ^= h >>> 13;
  }
  return h;
}
