// The dictionaries of a column chunk: distinct 64-bit numbers or byte strings, numbered as they come.
// Values come from the wire, so a sender may choose them to collide: a look-up takes a bounded number of steps, and a
// dictionary that would need more gives up (-1), upon which the column is written without one.

/** Dictionaries above this size stop paying: the indices need more than 16 bits. */
export const LARGEST_DICTIONARY = 1 << 16;

const MOST_STEPS = 64;
const SMALLEST_TABLE = 256;

function tableSize(expected: number): number {
  let size = SMALLEST_TABLE;
  while (size < expected * 2 && size < LARGEST_DICTIONARY * 2) size *= 2;
  return size;
}

export class WordDictionary {
  /** Entry c is the 64-bit number (high[c], low[c]). */
  readonly high = new Uint32Array(LARGEST_DICTIONARY);
  readonly low = new Uint32Array(LARGEST_DICTIONARY);
  count = 0;
  readonly #slots = new Int32Array(LARGEST_DICTIONARY * 2);
  #shift = 0;
  #mask = 0;
  #limit = 0;

  /** Empties it for up to `limit` entries. */
  reset(limit: number): void {
    this.#limit = Math.min(limit, LARGEST_DICTIONARY);
    const size = tableSize(this.#limit);
    this.#slots.fill(-1, 0, size);
    this.#mask = size - 1;
    this.#shift = Math.clz32(size - 1);
    this.count = 0;
  }

  /** The number of an entry, new or known; -1: the dictionary does not pay. */
  add(high: number, low: number): number {
    const { high: highs, low: lows } = this;
    let slot = Math.imul(low ^ Math.imul(high ^ (high >>> 15), 0x85ebca6b), 0x9e3779b1) >>> this.#shift;
    for (let step = 0; step < MOST_STEPS; step++) {
      const code = this.#slots[slot];
      if (code < 0) {
        const next = this.count;
        if (next >= this.#limit) return -1;
        highs[next] = high;
        lows[next] = low;
        this.#slots[slot] = next;
        this.count = next + 1;
        return next;
      }
      if (lows[code] === low && highs[code] === high) return code;
      slot = (slot + 1) & this.#mask;
    }
    return -1;
  }
}

export class BytesDictionary {
  /** Entry c is bytes[offsets[c], offsets[c + 1]). */
  bytes = new Uint8Array(1 << 14);
  readonly offsets = new Uint32Array(LARGEST_DICTIONARY + 1);
  count = 0;
  readonly #hashes = new Int32Array(LARGEST_DICTIONARY);
  readonly #slots = new Int32Array(LARGEST_DICTIONARY * 2);
  #shift = 0;
  #mask = 0;
  #limit = 0;
  #bytesLimit = 0;

  /** Empties it for up to `limit` entries of together `bytesLimit` bytes. */
  reset(limit: number, bytesLimit: number): void {
    this.#limit = Math.min(limit, LARGEST_DICTIONARY);
    this.#bytesLimit = bytesLimit;
    const size = tableSize(this.#limit);
    this.#slots.fill(-1, 0, size);
    this.#mask = size - 1;
    this.#shift = Math.clz32(size - 1);
    this.count = 0;
  }

  /** The number of the entry source[from, to), new or known; -1: the dictionary does not pay. */
  add(source: Uint8Array, from: number, to: number): number {
    let hash = 0x811c9dc5 ^ (to - from);
    for (let i = from; i < to; i++) hash = Math.imul(hash ^ source[i], 0x01000193);
    let slot = Math.imul(hash ^ (hash >>> 15), 0x9e3779b1) >>> this.#shift;
    for (let step = 0; step < MOST_STEPS; step++) {
      const code = this.#slots[slot];
      if (code < 0) {
        if (!this.#append(source, from, to)) return -1;
        this.#hashes[this.count] = hash;
        this.#slots[slot] = this.count;
        return this.count++;
      }
      if (this.#hashes[code] === hash && this.#equals(code, source, from, to)) return code;
      slot = (slot + 1) & this.#mask;
    }
    return -1;
  }

  #equals(code: number, source: Uint8Array, from: number, to: number): boolean {
    let at = this.offsets[code];
    if (this.offsets[code + 1] - at !== to - from) return false;
    for (let i = from; i < to; i++) if (this.bytes[at++] !== source[i]) return false;
    return true;
  }

  #append(source: Uint8Array, from: number, to: number): boolean {
    const at = this.offsets[this.count];
    const end = at + to - from;
    if (this.count >= this.#limit || end > this.#bytesLimit) return false;
    if (end > this.bytes.length) {
      const larger = new Uint8Array(Math.max(end, this.bytes.length * 2));
      larger.set(this.bytes.subarray(0, at));
      this.bytes = larger;
    }
    for (let i = from, to2 = at; i < to; i++) this.bytes[to2++] = source[i];
    this.offsets[this.count + 1] = end;
    return true;
  }
}
