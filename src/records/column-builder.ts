// Columns in the making: values are appended as records complete, and taken as one batch of typed arrays.

import type { Address } from './address.ts';
import type { Column } from './columns.ts';
import { wireText } from './text.ts';

/** Rows that a builder begins with; it doubles as needed. */
const FIRST_ROWS = 256;
/** Up to this many bytes a loop beats the call of `set`. */
const SHORT_COPY = 64;

abstract class Builder {
  readonly name: string;
  rows = 0;
  protected capacity = FIRST_ROWS;
  protected present: Uint8Array | undefined = undefined;

  constructor(name: string, optional: boolean) {
    this.name = name;
    if (optional) this.present = new Uint8Array(FIRST_ROWS);
  }

  /** Appends a row without a value. */
  none(): void {
    if (this.rows === this.capacity) this.grow();
    this.rows++;
  }

  protected abstract resize(capacity: number): void;
  abstract take(): Column;
  /** Bytes held, roughly. */
  abstract get bytes(): number;

  protected grow(): void {
    this.capacity *= 2;
    if (this.present !== undefined) this.present = enlarged(this.present, this.capacity);
    this.resize(this.capacity);
  }

  protected takePresent(): Uint8Array | undefined {
    const present = this.present?.slice(0, this.rows);
    if (this.present !== undefined) this.present = new Uint8Array(this.capacity);
    return present;
  }
}

function enlarged<T extends Uint8Array | Uint32Array | Float64Array>(array: T, length: number): T {
  const bigger = new (array.constructor as new (length: number) => T)(length);
  bigger.set(array);
  return bigger;
}

export class TimeBuilder extends Builder {
  #seconds = new Uint32Array(FIRST_ROWS);
  #nanos = new Uint32Array(FIRST_ROWS);

  push(seconds: number, nanos: number): void {
    if (this.rows === this.capacity) this.grow();
    this.#seconds[this.rows] = seconds;
    this.#nanos[this.rows] = nanos;
    if (this.present !== undefined) this.present[this.rows] = 1;
    this.rows++;
  }
  protected resize(capacity: number): void {
    this.#seconds = enlarged(this.#seconds, capacity);
    this.#nanos = enlarged(this.#nanos, capacity);
  }
  override none(): void {
    if (this.rows === this.capacity) this.grow();
    this.#seconds[this.rows] = 0;
    this.#nanos[this.rows] = 0;
    this.rows++;
  }
  take(): Column {
    const column: Column = {
      name: this.name,
      kind: 'time',
      seconds: this.#seconds.slice(0, this.rows),
      nanos: this.#nanos.slice(0, this.rows),
      present: this.takePresent(),
    };
    this.rows = 0;
    return column;
  }
  get bytes(): number {
    return this.rows * 8;
  }
}

export class NumberBuilder extends Builder {
  readonly #kind: 'int' | 'float';
  #values = new Float64Array(FIRST_ROWS);

  constructor(name: string, optional: boolean, kind: 'int' | 'float') {
    super(name, optional);
    this.#kind = kind;
  }
  push(value: number): void {
    if (this.rows === this.capacity) this.grow();
    this.#values[this.rows] = value;
    if (this.present !== undefined) this.present[this.rows] = 1;
    this.rows++;
  }
  protected resize(capacity: number): void {
    this.#values = enlarged(this.#values, capacity);
  }
  override none(): void {
    if (this.rows === this.capacity) this.grow();
    this.#values[this.rows] = 0;
    this.rows++;
  }
  take(): Column {
    const column: Column = {
      name: this.name,
      kind: this.#kind,
      values: this.#values.slice(0, this.rows),
      present: this.takePresent(),
    };
    this.rows = 0;
    return column;
  }
  get bytes(): number {
    return this.rows * 8;
  }
}

export class BoolBuilder extends Builder {
  #values = new Uint8Array(FIRST_ROWS);

  push(value: boolean): void {
    if (this.rows === this.capacity) this.grow();
    this.#values[this.rows] = value ? 1 : 0;
    if (this.present !== undefined) this.present[this.rows] = 1;
    this.rows++;
  }
  protected resize(capacity: number): void {
    this.#values = enlarged(this.#values, capacity);
  }
  take(): Column {
    const column: Column = {
      name: this.name,
      kind: 'bool',
      values: this.#values.slice(0, this.rows),
      present: this.takePresent(),
    };
    this.rows = 0;
    return column;
  }
  get bytes(): number {
    return this.rows;
  }
}

export class AddressBuilder extends Builder {
  #words = new Uint32Array(FIRST_ROWS * 4);

  push(address: Address): void {
    if (this.rows === this.capacity) this.grow();
    const words = this.#words;
    const at = this.rows * 4;
    words[at] = address.w0;
    words[at + 1] = address.w1;
    words[at + 2] = address.v6 ? address.w2 : 0xffff;
    words[at + 3] = address.w3;
    if (this.present !== undefined) this.present[this.rows] = 1;
    this.rows++;
  }
  protected resize(capacity: number): void {
    this.#words = enlarged(this.#words, capacity * 4);
  }
  take(): Column {
    const column: Column = {
      name: this.name,
      kind: 'ip',
      words: this.#words.slice(0, this.rows * 4),
      present: this.takePresent(),
    };
    this.rows = 0;
    return column;
  }
  get bytes(): number {
    return this.rows * 16;
  }
}

/** UTF-8 texts one behind the other. */
class Heap {
  bytes = Buffer.allocUnsafeSlow(4096);
  length = 0;

  append(text: string): void {
    this.#reserve(text.length * 3);
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
  take(): Uint8Array {
    const taken = new Uint8Array(this.length);
    taken.set(this.bytes.subarray(0, this.length));
    this.length = 0;
    return taken;
  }
}

/** A column is judged when it has this many entries … */
const TRIAL_ENTRIES = 512;
/** … and is varied when they are more than this share of its rows. */
const VARIED_SHARE = 0.7;

export class KeywordBuilder extends Builder {
  #codes = new Uint32Array(FIRST_ROWS);
  #dictionary = new Map<string, number>();
  #offsets: number[] = [0];
  readonly #heap = new Heap();
  #last = '';
  #lastCode = -1;
  /** Hardly a value came twice (ids): looking each up costs more than entries that stand twice. */
  #isVaried = false;

  push(value: string): void {
    if (this.rows === this.capacity) this.grow();
    let code: number | undefined = this.#lastCode;
    if (code < 0 || value !== this.#last) {
      code = this.#isVaried ? undefined : this.#dictionary.get(value);
      if (code === undefined) code = this.#enter(value);
      this.#last = value;
      this.#lastCode = code;
    }
    this.#codes[this.rows] = code;
    if (this.present !== undefined) this.present[this.rows] = 1;
    this.rows++;
  }
  #enter(value: string): number {
    const code = this.#offsets.length - 1;
    if (!this.#isVaried) {
      this.#dictionary.set(value, code);
      // An entry that stands twice does no harm.
      if (code >= TRIAL_ENTRIES && code > this.rows * VARIED_SHARE) this.#isVaried = true;
    }
    this.#heap.append(value);
    this.#offsets.push(this.#heap.length);
    return code;
  }
  protected resize(capacity: number): void {
    this.#codes = enlarged(this.#codes, capacity);
  }
  override none(): void {
    if (this.rows === this.capacity) this.grow();
    this.#codes[this.rows] = 0;
    this.rows++;
  }
  take(): Column {
    const column: Column = {
      name: this.name,
      kind: 'keyword',
      codes: this.#codes.slice(0, this.rows),
      dictionaryBytes: this.#heap.take(),
      dictionaryOffsets: Uint32Array.from(this.#offsets),
      present: this.takePresent(),
    };
    this.rows = 0;
    this.#dictionary = new Map();
    this.#offsets = [0];
    this.#lastCode = -1;
    this.#isVaried = false;
    return column;
  }
  get bytes(): number {
    return this.rows * 4 + this.#heap.length;
  }
}

export class TextBuilder extends Builder {
  readonly #json: boolean;
  #offsets = new Uint32Array(FIRST_ROWS + 1);
  readonly #heap = new Heap();

  constructor(name: string, optional: boolean, json: boolean) {
    super(name, optional);
    this.#json = json;
  }
  push(value: string): void {
    if (this.rows === this.capacity) this.grow();
    this.#heap.append(value);
    if (this.present !== undefined) this.present[this.rows] = 1;
    this.#offsets[++this.rows] = this.#heap.length;
  }
  /** UTF-8 as it is. */
  append(bytes: Uint8Array, from: number, to: number): void {
    if (this.rows === this.capacity) this.grow();
    this.#heap.appendBytes(bytes, from, to);
    if (this.present !== undefined) this.present[this.rows] = 1;
    this.#offsets[++this.rows] = this.#heap.length;
  }
  /** Bytes from the wire, made safe as `wireText` does. */
  slice(bytes: Uint8Array, from: number, to: number): void {
    this.push(wireText(bytes, from, to));
  }
  override none(): void {
    if (this.rows === this.capacity) this.grow();
    this.#offsets[++this.rows] = this.#heap.length;
  }
  protected resize(capacity: number): void {
    this.#offsets = enlarged(this.#offsets, capacity + 1);
  }
  take(): Column {
    const column: Column = {
      name: this.name,
      kind: 'text',
      json: this.#json,
      bytes: this.#heap.take(),
      offsets: this.#offsets.slice(0, this.rows + 1),
      present: this.takePresent(),
    };
    this.rows = 0;
    return column;
  }
  get bytes(): number {
    return this.rows * 4 + this.#heap.length;
  }
}
