// Columns in the making: values are put into rows as records complete, and taken as one batch of typed arrays. A row without a value is not
// mentioned: what was not put is zero, and a column without any costs nothing at all. Code that is made for a type (`columnar.ts`) has the
// statements that put values in it (`code`): calls for forty columns were a third of what a document costs.

import type { Column } from './columns.ts';
import { isNothing, type Nothing } from './nothing.ts';

/** Rows that a builder begins with; it doubles as needed. */
export const FIRST_ROWS = 256;

type Values = Uint8Array | Uint32Array | Float64Array;

export abstract class Builder {
  readonly name: string;
  /** Rows up to the last value: as the code says that puts optional values, all of them where each row has one. */
  rows = 0;
  /** Rows that there is room for. */
  capacity = FIRST_ROWS;
  /** 1 where the row has a value; undefined where each has one. */
  present: Uint8Array | undefined = undefined;

  constructor(name: string, optional: boolean) {
    this.name = name;
    if (optional) this.present = new Uint8Array(FIRST_ROWS);
  }

  /** Columns of that many rows. */
  protected abstract resize(capacity: number): void;
  /** The first `rows` rows are zero again. */
  protected abstract erase(rows: number): void;
  /** The first `rows` rows, as views. */
  protected abstract column(rows: number, present: Uint8Array | undefined): Column;
  protected abstract nothing(none: Nothing): Column;
  /** Bytes held, roughly. */
  abstract get bytes(): number;

  /** Row `row` is about to have a value. */
  protected mention(row: number): void {
    this.reach(row);
    if (this.present !== undefined) this.present[row] = 1;
    this.rows = row + 1;
  }

  /** Makes room for row `row`. */
  reach(row: number): void {
    if (row < this.capacity) return;
    while (row >= this.capacity) this.capacity *= 2;
    if (this.present !== undefined) this.present = enlarged(this.present, this.capacity);
    this.resize(this.capacity);
  }

  /**
   * The column of `rows` rows, as a view of what the builder has: until `clear`, or a value is put. `none` makes the columns of this batch that
   * have no value.
   */
  lend(rows: number, none: Nothing): Column {
    if (this.rows === 0 && this.present !== undefined) return this.nothing(none);
    this.reach(rows - 1);
    return this.column(rows, this.present?.subarray(0, rows));
  }

  /** The builder begins anew. */
  clear(): void {
    // What each row has is written over.
    if (this.rows > 0 && this.present !== undefined) {
      this.present.fill(0, 0, this.rows);
      this.erase(this.rows);
    }
    this.rows = 0;
  }

  /** The column of `rows` rows in memory of its own; the builder begins anew. */
  take(rows: number, none: Nothing): Column {
    const column = copied(this.lend(rows, none));
    this.clear();
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
  seconds = new Uint32Array(FIRST_ROWS);
  nanos = new Uint32Array(FIRST_ROWS);

  /** The statements that put a time into row `n` of the builder of that name. Words as integers: V8 would make doubles of them first. */
  static code(builder: string, seconds: string, nanos: string): string {
    return `${builder}.seconds[n]=${seconds}|0;${builder}.nanos[n]=${nanos}|0;`;
  }
  put(row: number, seconds: number, nanos: number): void {
    this.mention(row);
    this.seconds[row] = seconds;
    this.nanos[row] = nanos;
  }
  protected resize(capacity: number): void {
    this.seconds = enlarged(this.seconds, capacity);
    this.nanos = enlarged(this.nanos, capacity);
  }
  protected erase(rows: number): void {
    this.seconds.fill(0, 0, rows);
    this.nanos.fill(0, 0, rows);
  }
  protected column(rows: number, present: Uint8Array | undefined): Column {
    const { name } = this;
    return {
      name,
      kind: 'time',
      seconds: this.seconds.subarray(0, rows),
      nanos: this.nanos.subarray(0, rows),
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
  values = new Float64Array(FIRST_ROWS);

  constructor(name: string, optional: boolean, kind: 'int' | 'float') {
    super(name, optional);
    this.#kind = kind;
  }
  static code(builder: string, value: string): string {
    return `${builder}.values[n]=${value};`;
  }
  put(row: number, value: number): void {
    this.mention(row);
    this.values[row] = value;
  }
  protected resize(capacity: number): void {
    this.values = enlarged(this.values, capacity);
  }
  protected erase(rows: number): void {
    this.values.fill(0, 0, rows);
  }
  protected column(rows: number, present: Uint8Array | undefined): Column {
    return { name: this.name, kind: this.#kind, values: this.values.subarray(0, rows), present };
  }
  protected nothing(none: Nothing): Column {
    return none.column(this.name, this.#kind);
  }
  get bytes(): number {
    return this.rows * 8;
  }
}

export class BoolBuilder extends Builder {
  values = new Uint8Array(FIRST_ROWS);

  static code(builder: string, value: string): string {
    return `${builder}.values[n]=${value}===true?1:0;`;
  }
  put(row: number, value: boolean): void {
    this.mention(row);
    this.values[row] = value ? 1 : 0;
  }
  protected resize(capacity: number): void {
    this.values = enlarged(this.values, capacity);
  }
  protected erase(rows: number): void {
    this.values.fill(0, 0, rows);
  }
  protected column(rows: number, present: Uint8Array | undefined): Column {
    return { name: this.name, kind: 'bool', values: this.values.subarray(0, rows), present };
  }
  protected nothing(none: Nothing): Column {
    return none.column(this.name, 'bool');
  }
  get bytes(): number {
    return this.rows;
  }
}

export class AddressBuilder extends Builder {
  words = new Uint32Array(FIRST_ROWS * 4);

  /** `address`: the name of what is an `Address`. */
  static code(builder: string, address: string): string {
    const third = `${address}.v6===true?${address}.w2|0:0xffff`;
    const words = [`${address}.w0|0`, `${address}.w1|0`, third, `${address}.w3|0`];
    return `{const w=${builder}.words,i=n<<2;${words.map((word, k) => `w[i+${k}]=${word};`).join('')}}`;
  }
  protected resize(capacity: number): void {
    this.words = enlarged(this.words, capacity * 4);
  }
  protected erase(rows: number): void {
    this.words.fill(0, 0, rows * 4);
  }
  protected column(rows: number, present: Uint8Array | undefined): Column {
    return { name: this.name, kind: 'ip', words: this.words.subarray(0, rows * 4), present };
  }
  protected nothing(none: Nothing): Column {
    return none.column(this.name, 'ip');
  }
  get bytes(): number {
    return this.rows * 16;
  }
}
