// Values of key columns as small numbers, so that a combination of keys is a few words: 0 is no value; addresses and keywords are
// numbered as they come; numbers below 2^31 - 1 are themselves plus one.

import type { Column } from '../../records/columns.ts';

const FIRST_SLOTS = 1024;
/** Numbers that are negative or too large are interned; their codes begin here. */
const RARE = 0x8000_0000;

/** Turns values of one kind of key into codes and back. */
export interface KeyCodes {
  /** Codes of `rows` rows of a column (undefined: a batch without it), valid until the next call. */
  codes(column: Column | undefined, rows: number, into: Uint32Array): void;
  /** The column of these codes. */
  column(name: string, codes: Uint32Array): Column;
  readonly bytes: number;
}

export function keyCodes(kind: Column['kind']): KeyCodes {
  switch (kind) {
    case 'ip':
      return new AddressCodes();
    case 'keyword':
      return new KeywordCodes();
    case 'int':
      return new NumberCodes();
    case 'bool':
      return new BooleanCodes();
    default:
      throw new Error(`a column of kind ${kind} is no key of a roll-up`);
  }
}

const presence = (codes: Uint32Array): Uint8Array | undefined =>
  codes.includes(0) ? Uint8Array.from(codes, (code) => (code === 0 ? 0 : 1)) : undefined;

class AddressCodes implements KeyCodes {
  #words = new Uint32Array(FIRST_SLOTS * 2);
  #slots = new Int32Array(FIRST_SLOTS).fill(-1);
  #count = 0;
  /** Addresses are chosen by others: a salt keeps them from choosing collisions. */
  readonly #salt = (Math.random() * 0x1_0000_0000) | 0;

  get bytes(): number {
    return this.#words.byteLength + this.#slots.byteLength;
  }

  codes(column: Column | undefined, rows: number, into: Uint32Array): void {
    if (column?.kind !== 'ip') {
      into.fill(0, 0, rows);
      return;
    }
    const { words, present } = column;
    for (let row = 0; row < rows; row++) {
      const at = row * 4;
      into[row] =
        present !== undefined && present[row] === 0
          ? 0
          : this.#code(words[at], words[at + 1], words[at + 2], words[at + 3]) + 1;
    }
  }

  #hash(a: number, b: number, c: number, d: number): number {
    let h = Math.imul(d ^ this.#salt, 0x9e3779b1) ^ Math.imul(c, 0x85ebca77);
    h = Math.imul(h ^ (h >>> 15) ^ b, 0xc2b2ae3d) ^ Math.imul(a ^ this.#salt, 0x27d4eb2f);
    h = Math.imul(h ^ (h >>> 13), 0x297a2d39);
    return h ^ (h >>> 16);
  }

  #code(a: number, b: number, c: number, d: number): number {
    const slots = this.#slots;
    const words = this.#words;
    const mask = slots.length - 1;
    let slot = this.#hash(a, b, c, d) & mask;
    for (;;) {
      const code = slots[slot];
      if (code < 0) break;
      const at = code * 4;
      if (words[at + 3] === d && words[at + 2] === c && words[at + 1] === b && words[at] === a) return code;
      slot = (slot + 1) & mask;
    }
    const code = this.#count++;
    slots[slot] = code;
    words.set([a, b, c, d], code * 4);
    if (this.#count * 2 >= slots.length) this.#grow();
    return code;
  }

  #grow(): void {
    const words = new Uint32Array(this.#words.length * 2);
    words.set(this.#words);
    const slots = new Int32Array(this.#slots.length * 2).fill(-1);
    const mask = slots.length - 1;
    for (let code = 0; code < this.#count; code++) {
      const at = code * 4;
      let slot = this.#hash(words[at], words[at + 1], words[at + 2], words[at + 3]) & mask;
      while (slots[slot] >= 0) slot = (slot + 1) & mask;
      slots[slot] = code;
    }
    this.#words = words;
    this.#slots = slots;
  }

  column(name: string, codes: Uint32Array): Column {
    const words = new Uint32Array(codes.length * 4);
    for (let row = 0; row < codes.length; row++) {
      const from = (codes[row] - 1) * 4;
      if (from >= 0) for (let i = 0; i < 4; i++) words[row * 4 + i] = this.#words[from + i];
    }
    return { name, kind: 'ip', words, present: presence(codes) };
  }
}

class KeywordCodes implements KeyCodes {
  readonly #codes = new Map<string, number>();
  readonly #entries: Buffer[] = [];
  #mapped = new Int32Array(0);

  get bytes(): number {
    return this.#entries.length * 200;
  }

  codes(column: Column | undefined, rows: number, into: Uint32Array): void {
    if (column?.kind !== 'keyword') {
      into.fill(0, 0, rows);
      return;
    }
    const { codes, dictionaryBytes, dictionaryOffsets, present } = column;
    const entries = dictionaryOffsets.length - 1;
    if (this.#mapped.length < entries) this.#mapped = new Int32Array(entries);
    const mapped = this.#mapped.fill(-1, 0, entries);
    for (let row = 0; row < rows; row++) {
      if (present !== undefined && present[row] === 0) {
        into[row] = 0;
        continue;
      }
      const own = codes[row];
      if (mapped[own] < 0) {
        mapped[own] = this.#code(dictionaryBytes.subarray(dictionaryOffsets[own], dictionaryOffsets[own + 1]));
      }
      into[row] = mapped[own];
    }
  }

  #code(bytes: Uint8Array): number {
    const entry = Buffer.from(bytes);
    const text = entry.toString('latin1');
    let code = this.#codes.get(text);
    if (code === undefined) {
      code = this.#entries.push(entry);
      this.#codes.set(text, code);
    }
    return code;
  }

  column(name: string, codes: Uint32Array): Column {
    // Only the entries that are used, in the order in which rows use them.
    const used = new Map<number, number>();
    const own = Uint32Array.from(codes, (code) => {
      if (code === 0) return 0;
      let place = used.get(code);
      if (place === undefined) used.set(code, (place = used.size));
      return place;
    });
    const entries = [...used.keys()].map((code) => this.#entries[code - 1]);
    const offsets = new Uint32Array(entries.length + 1);
    for (const [i, { length }] of entries.entries()) offsets[i + 1] = offsets[i] + length;
    const dictionaryBytes = new Uint8Array(Buffer.concat(entries));
    return { name, kind: 'keyword', codes: own, dictionaryBytes, dictionaryOffsets: offsets, present: presence(codes) };
  }
}

class NumberCodes implements KeyCodes {
  readonly #codes = new Map<number, number>();
  readonly #rare: number[] = [];

  get bytes(): number {
    return this.#rare.length * 100;
  }

  codes(column: Column | undefined, rows: number, into: Uint32Array): void {
    if (column?.kind !== 'int') {
      into.fill(0, 0, rows);
      return;
    }
    const { values, present } = column;
    for (let row = 0; row < rows; row++) {
      const value = values[row];
      if (present !== undefined && present[row] === 0) into[row] = 0;
      else into[row] = value >= 0 && value < RARE - 1 ? value + 1 : this.#rareCode(value);
    }
  }

  #rareCode(value: number): number {
    let code = this.#codes.get(value);
    if (code === undefined) {
      code = RARE + this.#rare.push(value) - 1;
      this.#codes.set(value, code);
    }
    return code;
  }

  column(name: string, codes: Uint32Array): Column {
    const values = Float64Array.from(codes, (code) =>
      code === 0 ? 0 : code < RARE ? code - 1 : this.#rare[code - RARE],
    );
    return { name, kind: 'int', values, present: presence(codes) };
  }
}

class BooleanCodes implements KeyCodes {
  readonly bytes = 0;

  codes(column: Column | undefined, rows: number, into: Uint32Array): void {
    if (column?.kind !== 'bool') {
      into.fill(0, 0, rows);
      return;
    }
    const { values, present } = column;
    for (let row = 0; row < rows; row++) {
      into[row] = present !== undefined && present[row] === 0 ? 0 : values[row] === 0 ? 1 : 2;
    }
  }

  column(name: string, codes: Uint32Array): Column {
    const values = Uint8Array.from(codes, (code) => (code === 2 ? 1 : 0));
    return { name, kind: 'bool', values, present: presence(codes) };
  }
}
