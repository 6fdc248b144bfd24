// Columns of strings in the making: with a dictionary, as most are, or one behind the other.
// Measured choices: short strings by a loop over their characters, longer ones by utf8Write; the few keywords that a field has most of the
// time are found by comparing with the last one in the same place of a small table, before the dictionary is asked.

import { Builder, enlarged, FIRST_ROWS } from './column-builder.ts';
import type { Column } from './columns.ts';
import type { Nothing } from './nothing.ts';
import { wireText } from './text.ts';

/** Up to this many bytes a loop beats the call of `set`. */
const SHORT_COPY = 64;
/** Below this many characters a loop beats the call of utf8Write. */
const SHORT_STRING = 24;

/** UTF-8 texts one behind the other. */
class Heap {
  bytes = Buffer.allocUnsafeSlow(4096);
  length = 0;

  append(text: string): void {
    const { length } = text;
    this.#reserve(length * 3);
    if (length < SHORT_STRING) {
      const { bytes } = this;
      let at = this.length;
      let seen = 0;
      for (let i = 0; i < length; i++) {
        const c = text.charCodeAt(i);
        seen |= c;
        bytes[at++] = c;
      }
      if (seen < 128) {
        this.length = at;
        return;
      }
    }
    this.length += this.bytes.utf8Write(text, this.length);
  }
  appendBytes(source: Uint8Array, from: number, to: number): void {
    const length = to - from;
    this.#reserve(length);
    if (length > SHORT_COPY) this.bytes.set(source.subarray(from, to), this.length);
    else for (let i = 0; i < length; i++) this.bytes[this.length + i] = source[from + i];
    this.length += length;
  }
  #reserve(room: number): void {
    if (this.length + room <= this.bytes.length) return;
    let capacity = this.bytes.length * 2;
    while (capacity < this.length + room) capacity *= 2;
    const bigger = Buffer.allocUnsafeSlow(capacity);
    this.bytes.copy(bigger, 0, 0, this.length);
    this.bytes = bigger;
  }
  /** All of it, as a view. */
  get texts(): Uint8Array {
    return new Uint8Array(this.bytes.buffer, 0, this.length);
  }
}

/** A column is judged when it has this many entries … */
const TRIAL_ENTRIES = 512;
/** … and is varied when they are more than this share of its rows. */
const VARIED_SHARE = 0.7;
/** Longer texts get entries of their own: to hash them costs as much as to copy them. */
const LONGEST_LOOKED_UP = 256;
/** Keywords that are found without the dictionary. */
const NEAR = 16;

/** Strings that may repeat: keywords, names, paths. */
export class KeywordBuilder extends Builder {
  codes = new Uint32Array(FIRST_ROWS);
  /** What was put last, and its entry; -1 when nothing was. */
  last = '';
  lastCode = -1;
  readonly #dictionary = new Map<string, number>();
  #entries = 0;
  #offsets = new Uint32Array(FIRST_ROWS);
  readonly #heap = new Heap();
  readonly #near: (string | undefined)[] = new Array(NEAR).fill(undefined);
  readonly #nearCodes = new Uint32Array(NEAR);
  /** Hardly a value came twice (ids): looking each up costs more than entries that stand twice. */
  #isVaried = false;

  /** The statements that put a string into row `n` of the builder of that name; `value`: the name of the string. */
  static code(builder: string, value: string): string {
    return `if(${builder}.lastCode<0||${value}!==${builder}.last)${builder}.look(${value});${builder}.codes[n]=${builder}.lastCode;`;
  }
  /** Makes `value` the last one. */
  look(value: string): void {
    this.lastCode = this.#isVaried || value.length > LONGEST_LOOKED_UP ? this.#enter(value) : this.#codeOf(value);
    this.last = value;
  }
  #codeOf(value: string): number {
    // Hardly any words of a vocabulary (states, methods, kinds, query types) want the same place.
    const { length } = value;
    const mixed = value.charCodeAt(0) * 2 + value.charCodeAt(length >> 1) * 14 + value.charCodeAt(length - 1);
    const place = (mixed + length * 11) & (NEAR - 1);
    if (this.#near[place] === value) return this.#nearCodes[place];
    const code = this.#dictionary.get(value) ?? this.#enter(value);
    this.#near[place] = value;
    this.#nearCodes[place] = code;
    return code;
  }
  #enter(value: string): number {
    const code = this.#entries++;
    if (!this.#isVaried && value.length <= LONGEST_LOOKED_UP) {
      this.#dictionary.set(value, code);
      // An entry that stands twice does no harm.
      if (code >= TRIAL_ENTRIES && code > this.rows * VARIED_SHARE) this.#isVaried = true;
    }
    this.#heap.append(value);
    if (code + 1 === this.#offsets.length) this.#offsets = enlarged(this.#offsets, this.#offsets.length * 2);
    this.#offsets[code + 1] = this.#heap.length;
    return code;
  }
  protected resize(capacity: number): void {
    this.codes = enlarged(this.codes, capacity);
  }
  protected erase(rows: number): void {
    this.codes.fill(0, 0, rows);
  }
  protected column(rows: number, present: Uint8Array | undefined): Column {
    return {
      name: this.name,
      kind: 'keyword',
      codes: this.codes.subarray(0, rows),
      dictionaryBytes: this.#heap.texts,
      dictionaryOffsets: this.#offsets.subarray(0, this.#entries + 1),
      present,
    };
  }
  override clear(): void {
    super.clear();
    if (this.#entries === 0) return;
    this.#heap.length = 0;
    this.#dictionary.clear();
    this.#near.fill(undefined);
    this.#entries = 0;
    this.lastCode = -1;
    this.#isVaried = false;
  }
  protected nothing(none: Nothing): Column {
    return none.column(this.name, 'keyword');
  }
  get bytes(): number {
    return this.rows * 4 + this.#heap.length;
  }
}

/** Bytes that are not looked up: JSON texts, bytes from the wire. */
export class TextBuilder extends Builder {
  readonly #json: boolean;
  #offsets = new Uint32Array(FIRST_ROWS + 1);
  readonly #heap = new Heap();

  constructor(name: string, optional: boolean, json: boolean) {
    super(name, optional);
    this.#json = json;
  }
  put(row: number, value: string): void {
    this.#begin(row);
    this.#heap.append(value);
    this.#end(row);
  }
  /** UTF-8 as it is. */
  putBytes(row: number, bytes: Uint8Array, from: number, to: number): void {
    this.#begin(row);
    this.#heap.appendBytes(bytes, from, to);
    this.#end(row);
  }
  /** Bytes from the wire, made safe as `wireText` does. */
  putWire(row: number, bytes: Uint8Array, from: number, to: number): void {
    this.put(row, wireText(bytes, from, to));
  }
  #begin(row: number): void {
    this.#skip(row);
    this.mention(row);
  }
  #end(row: number): void {
    this.#offsets[row + 1] = this.#heap.length;
  }
  /** The rows up to `row` that were not mentioned have no value. */
  #skip(row: number): void {
    this.reach(row - 1);
    if (row > this.rows) this.#offsets.fill(this.#heap.length, this.rows + 1, row + 1);
  }
  protected resize(capacity: number): void {
    this.#offsets = enlarged(this.#offsets, capacity + 1);
  }
  /** Offsets are written as rows are skipped. */
  protected erase(): void {}
  protected column(rows: number, present: Uint8Array | undefined): Column {
    this.#skip(rows);
    const offsets = this.#offsets.subarray(0, rows + 1);
    return { name: this.name, kind: 'text', json: this.#json, bytes: this.#heap.texts, offsets, present };
  }
  override clear(): void {
    super.clear();
    this.#heap.length = 0;
  }
  protected nothing(none: Nothing): Column {
    return none.column(this.name, 'text', this.#json);
  }
  get bytes(): number {
    return this.rows * 4 + this.#heap.length;
  }
}
