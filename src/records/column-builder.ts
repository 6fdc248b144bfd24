// Columns in the making: values are put into rows as records complete, and taken as one batch of typed arrays. A row without a value is not
// mentioned: what lies between two values is filled in when the second one comes, and a column without any costs nothing at all.

import type { Address } from './address.ts';
import type { Column } from './columns.ts';
import { isNothing, type Nothing } from './nothing.ts';

/** Rows that a builder begins with; it doubles as needed. */
export const FIRST_ROWS = 256;

type Values = Uint8Array | Uint32Array | Float64Array;

export abstract class Builder {
  readonly name: string;
  /** Rows up to the last value. */
  protected rows = 0;
  protected capacity = FIRST_ROWS;
  protected present: Uint8Array | undefined = undefined;

  constructor(name: string, optional: boolean) {
    this.name = name;
    if (optional) this.present = new Uint8Array(FIRST_ROWS);
  }

  /** Columns of that many rows. */
  protected abstract resize(capacity: number): void;
  /** Rows [from, to) have no value. */
  protected abstract skip(from: number, to: number): void;
  /** The first `rows` rows, as views. */
  protected abstract column(rows: number, present: Uint8Array | undefined): Column;
  protected abstract nothing(none: Nothing): Column;
  /** Bytes held, roughly. */
  abstract get bytes(): number;

  /** Makes room for row `row`; the rows before it that were not mentioned have no value. */
  protected reach(row: number): void {
    if (row >= this.capacity) {
      while (row >= this.capacity) this.capacity *= 2;
      if (this.present !== undefined) this.present = enlarged(this.present, this.capacity);
      this.resize(this.capacity);
    }
    if (row > this.rows) this.skip(this.rows, row);
  }

  /**
   * The column of `rows` rows, as a view of what the builder has: until `clear`, or a value is put. `none` makes the columns of this batch that
   * have no value.
   */
  lend(rows: number, none: Nothing): Column {
    if (this.rows === 0 && this.present !== undefined) return this.nothing(none);
    this.reach(rows);
    return this.column(rows, this.present?.subarray(0, rows));
  }

  /** The builder begins anew, after `rows` rows. */
  clear(rows: number): void {
    if (this.rows > 0) this.present?.fill(0, 0, rows);
    this.rows = 0;
  }

  /** The column of `rows` rows in memory of its own; the builder begins anew. */
  take(rows: number, none: Nothing): Column {
    const column = copied(this.lend(rows, none));
    this.clear(rows);
    return column;
  }
}

/** A column without values has no memory of its own. */
function copied(column: Column): Column {
  if (isNothing(column)) return column;
  const copy: Record<string, unknown> = { ...column };
  for (const [name, value] of Object.entries(column))
    if (ArrayBuffer.isView(value)) copy[name] = (value as Values).slice();
  return copy as Column;
}

export function enlarged<T extends Values>(array: T, length: number): T {
  const bigger = new (array.constructor as new (length: number) => T)(length);
  bigger.set(array);
  return bigger;
}

export class TimeBuilder extends Builder {
  #seconds = new Uint32Array(FIRST_ROWS);
  #nanos = new Uint32Array(FIRST_ROWS);

  put(row: number, seconds: number, nanos: number): void {
    if (row !== this.rows || row >= this.capacity) this.reach(row);
    this.#seconds[row] = seconds;
    this.#nanos[row] = nanos;
    if (this.present !== undefined) this.present[row] = 1;
    this.rows = row + 1;
  }
  protected resize(capacity: number): void {
    this.#seconds = enlarged(this.#seconds, capacity);
    this.#nanos = enlarged(this.#nanos, capacity);
  }
  protected skip(from: number, to: number): void {
    this.#seconds.fill(0, from, to);
    this.#nanos.fill(0, from, to);
  }
  protected column(rows: number, present: Uint8Array | undefined): Column {
    const { name } = this;
    return {
      name,
      kind: 'time',
      seconds: this.#seconds.subarray(0, rows),
      nanos: this.#nanos.subarray(0, rows),
      present,
    };
  }
  protected nothing(none: Nothing): Column {
    return none.column(this.name, 'time');
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
  put(row: number, value: number): void {
    if (row !== this.rows || row >= this.capacity) this.reach(row);
    this.#values[row] = value;
    if (this.present !== undefined) this.present[row] = 1;
    this.rows = row + 1;
  }
  protected resize(capacity: number): void {
    this.#values = enlarged(this.#values, capacity);
  }
  protected skip(from: number, to: number): void {
    this.#values.fill(0, from, to);
  }
  protected column(rows: number, present: Uint8Array | undefined): Column {
    return { name: this.name, kind: this.#kind, values: this.#values.subarray(0, rows), present };
  }
  protected nothing(none: Nothing): Column {
    return none.column(this.name, this.#kind);
  }
  get bytes(): number {
    return this.rows * 8;
  }
}

export class BoolBuilder extends Builder {
  #values = new Uint8Array(FIRST_ROWS);

  put(row: number, value: boolean): void {
    if (row !== this.rows || row >= this.capacity) this.reach(row);
    this.#values[row] = value ? 1 : 0;
    if (this.present !== undefined) this.present[row] = 1;
    this.rows = row + 1;
  }
  protected resize(capacity: number): void {
    this.#values = enlarged(this.#values, capacity);
  }
  protected skip(from: number, to: number): void {
    this.#values.fill(0, from, to);
  }
  protected column(rows: number, present: Uint8Array | undefined): Column {
    return { name: this.name, kind: 'bool', values: this.#values.subarray(0, rows), present };
  }
  protected nothing(none: Nothing): Column {
    return none.column(this.name, 'bool');
  }
  get bytes(): number {
    return this.rows;
  }
}

export class AddressBuilder extends Builder {
  #words = new Uint32Array(FIRST_ROWS * 4);

  put(row: number, address: Address): void {
    if (row !== this.rows || row >= this.capacity) this.reach(row);
    const words = this.#words;
    const at = row * 4;
    words[at] = address.w0;
    words[at + 1] = address.w1;
    words[at + 2] = address.v6 ? address.w2 : 0xffff;
    words[at + 3] = address.w3;
    if (this.present !== undefined) this.present[row] = 1;
    this.rows = row + 1;
  }
  protected resize(capacity: number): void {
    this.#words = enlarged(this.#words, capacity * 4);
  }
  protected skip(from: number, to: number): void {
    this.#words.fill(0, from * 4, to * 4);
  }
  protected column(rows: number, present: Uint8Array | undefined): Column {
    return { name: this.name, kind: 'ip', words: this.#words.subarray(0, rows * 4), present };
  }
  protected nothing(none: Nothing): Column {
    return none.column(this.name, 'ip');
  }
  get bytes(): number {
    return this.rows * 16;
  }
}
