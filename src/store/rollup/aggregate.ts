// Makes the roll-ups of one segment while its rows pass by. Per cut, rows are summed up per minute, and the minutes' groups per hour.
// Memory is bounded: a table that is full is written out and begins anew (sums of sums are sums), or, when it is hardly smaller than
// its rows, given up: queries then read the rows.

import type { Column, ColumnBatch } from '../../records/columns.ts';
import {
  FIRST_NANOS,
  FIRST_SECONDS,
  GroupTable,
  LAST_NANOS,
  LAST_SECONDS,
  type RowValues,
  SUM_DURATION,
  SUM_DURATION_ROWS,
  SUM_ENDED,
  SUM_ROWS,
  SUMS,
} from './group-table.ts';
import { durationBucket } from './histogram.ts';
import { type KeyCodes, keyCodes } from './key-codes.ts';
import {
  DURATION_BUCKET,
  DURATION_ROWS,
  DURATION_SUM,
  ENDED,
  FIRST,
  LAST,
  ROWS,
  type RollupSpec,
  type RollupTable,
  TABLE,
} from './tables.ts';

/** A table with fewer rows per group than this is not worth its bytes. */
const ROWS_PER_GROUP = 4;
/** Groups of a table in memory, at most: with keys and sums about 5 MB. */
const MOST_GROUPS = 1 << 15;
/** Memory of the values of keys; beyond, all is written out and begins anew. */
const MOST_CODES_BYTES = 8 * 1024 * 1024;
/** Rows between two looks at the size of a table. */
const STEP_ROWS = 4096;

interface Level {
  readonly table: RollupTable;
  readonly groups: GroupTable;
  isGivenUp: boolean;
}

/** The tables of one cut, the finest first. */
type Chain = Level[];

const EMPTY_BYTES = new Uint8Array(0);
const EMPTY_DOUBLES = new Float64Array(0);

export class RollupBuilder {
  readonly #spec: RollupSpec;
  readonly #chains: Chain[];
  readonly #keys = new Map<string, { codes: KeyCodes; values: Uint32Array }>();
  #addresses = keyCodes('ip');
  readonly #written: (batch: ColumnBatch) => void;
  #time = new Uint32Array(0);
  #buckets = new Uint32Array(0);
  #ended = EMPTY_BYTES;
  #hasDuration = EMPTY_BYTES;
  #duration = EMPTY_DOUBLES;
  #zeros = EMPTY_DOUBLES;

  /** `written` takes the rows of tables that are full, and at the end of all. */
  constructor(spec: RollupSpec, written: (batch: ColumnBatch) => void) {
    this.#spec = spec;
    this.#written = written;
    const cuts = Map.groupBy(spec.tables, ({ cut }) => cut);
    this.#chains = [...cuts.values()].map((tables) =>
      [...tables]
        .sort((a, b) => a.seconds - b.seconds)
        .map((table) => {
          const width = 1 + table.keys.length + (table.hasHistogram ? 1 : 0);
          return { table, groups: new GroupTable(width, spec.sums.length), isGivenUp: false };
        }),
    );
    this.#beginCodes();
  }

  #beginCodes(): void {
    this.#addresses = keyCodes('ip');
    this.#keys.clear();
    for (const { keys } of this.#spec.tables) {
      for (const { name, kind } of keys) {
        // Both ends of flows are mostly the same addresses.
        const codes = kind === 'ip' ? this.#addresses : keyCodes(kind);
        if (!this.#keys.has(name)) this.#keys.set(name, { codes, values: new Uint32Array(0) });
      }
    }
  }

  #codesBytes(): number {
    let sum = this.#addresses.bytes;
    for (const { codes } of this.#keys.values()) if (codes !== this.#addresses) sum += codes.bytes;
    return sum;
  }

  get bytes(): number {
    let sum = this.#codesBytes();
    for (const chain of this.#chains) for (const { groups } of chain) sum += groups.bytes;
    return sum;
  }

  /** Signatures of the tables that are whole. */
  get tables(): string[] {
    return this.#chains
      .flat()
      .filter(({ isGivenUp }) => !isGivenUp)
      .map(({ table }) => table.signature);
  }

  add(batch: ColumnBatch): void {
    const { rows } = batch;
    if (this.#codesBytes() > MOST_CODES_BYTES) {
      this.drain();
      this.#beginCodes();
    }
    const columns = new Map(batch.columns.map((column) => [column.name, column]));
    const values = this.#values(columns, rows);
    for (const [name, key] of this.#keys) {
      if (key.values.length < rows) key.values = new Uint32Array(rows);
      key.codes.codes(columns.get(name), rows, key.values);
    }
    for (const chain of this.#chains) {
      for (let from = 0; from < rows; from += STEP_ROWS) {
        const to = Math.min(rows, from + STEP_ROWS);
        const level = chain.find(({ isGivenUp }) => !isGivenUp);
        if (level === undefined) break;
        this.#times(columns.get(this.#spec.time), level.table.seconds, from, to);
        level.groups.addRows(this.#keyColumns(level.table), values, from, to);
        if (level.groups.count >= MOST_GROUPS) this.#drain(chain, chain.indexOf(level));
      }
    }
  }

  #keyColumns({ keys, hasHistogram }: RollupTable): Uint32Array[] {
    const columns = [this.#time, ...keys.map(({ name }) => this.#keys.get(name)!.values)];
    return hasHistogram ? [...columns, this.#buckets] : columns;
  }

  /** Numbers of the buckets of time, plus one; 0 without a time. */
  #times(column: Column | undefined, seconds: number, from: number, to: number): void {
    if (column?.kind !== 'time') {
      this.#time.fill(0, from, to);
      return;
    }
    const { present } = column;
    for (let row = from; row < to; row++) {
      this.#time[row] = present !== undefined && present[row] === 0 ? 0 : Math.floor(column.seconds[row] / seconds) + 1;
    }
  }

  #values(columns: ReadonlyMap<string, Column>, rows: number): RowValues {
    if (this.#time.length < rows) {
      this.#time = new Uint32Array(rows);
      this.#buckets = new Uint32Array(rows);
      this.#ended = new Uint8Array(rows);
      this.#hasDuration = new Uint8Array(rows);
      this.#duration = new Float64Array(rows);
      this.#zeros = new Float64Array(rows);
    }
    const time = timesOf(columns.get(this.#spec.time), undefined, rows);
    const first = timesOf(columns.get(this.#spec.first), time, rows);
    const last = timesOf(columns.get(this.#spec.last), time, rows);
    this.#durations(columns, first, last, rows);
    const ended = this.#spec.ended === undefined ? undefined : columns.get(this.#spec.ended);
    if (ended?.kind !== 'bool') this.#ended.fill(0, 0, rows);
    else {
      const { values, present } = ended;
      for (let row = 0; row < rows; row++) {
        this.#ended[row] = values[row] !== 0 && present?.[row] !== 0 ? 1 : 0;
      }
    }
    return {
      ended: this.#ended,
      duration: this.#duration,
      hasDuration: this.#hasDuration,
      firstSeconds: first.seconds,
      firstNanos: first.nanos,
      lastSeconds: last.seconds,
      lastNanos: last.nanos,
      sums: this.#spec.sums.map((name) => numbersOf(columns.get(name), rows) ?? this.#zeros),
    };
  }

  #durations(columns: ReadonlyMap<string, Column>, first: Times, last: Times, rows: number): void {
    const [duration, has, buckets] = [this.#duration, this.#hasDuration, this.#buckets];
    const column = this.#spec.duration === undefined ? undefined : columns.get(this.#spec.duration);
    const isComputed = column?.kind !== 'int' && this.#spec.ended !== undefined;
    for (let row = 0; row < rows; row++) {
      let ns = -1;
      if (column?.kind === 'int') {
        if (column.present?.[row] !== 0) ns = column.values[row];
      } else if (isComputed) {
        const span = (last.seconds[row] - first.seconds[row]) * 1e9 + last.nanos[row] - first.nanos[row];
        ns = span > 0 ? span : 0;
      }
      has[row] = ns < 0 ? 0 : 1;
      duration[row] = ns < 0 ? 0 : ns;
      buckets[row] = ns < 0 ? 0 : durationBucket(ns) + 1;
    }
  }

  /** Writes all tables out: at the end, or to make room. */
  drain(): void {
    for (const chain of this.#chains) for (let i = 0; i < chain.length; i++) this.#drain(chain, i);
  }

  #drain(chain: Chain, index: number): void {
    const level = chain[index];
    const { groups } = level;
    if (groups.count === 0) return;
    if (groups.count * ROWS_PER_GROUP > groups.rows) level.isGivenUp = true;
    else if (!level.isGivenUp) this.#written(this.#batch(level));
    const next = chain[index + 1];
    if (next !== undefined && !next.isGivenUp) {
      next.groups.addGroups(groups, next.table.seconds / level.table.seconds);
      if (next.groups.count >= MOST_GROUPS) this.#drain(chain, index + 1);
    }
    groups.clear();
  }

  #batch({ table, groups }: Level): ColumnBatch {
    const { count, width, stride } = groups;
    const order = this.#order(table, groups);
    const word = (k: number) => Uint32Array.from(order, (group) => groups.keys[group * width + k]);
    const sum = (i: number) => Float64Array.from(order, (group) => groups.sums[group * stride + i]);
    const moment = (seconds: number, nanos: number): Times => ({
      seconds: Uint32Array.from(sum(seconds)),
      nanos: Uint32Array.from(sum(nanos)),
    });
    const codes = word(0);
    const nothing = new Uint32Array(count);
    const columns: Column[] = [
      constant(TABLE, table.signature, count),
      {
        name: this.#spec.time,
        kind: 'time',
        seconds: codes.map((code) => (code === 0 ? 0 : (code - 1) * table.seconds)),
        nanos: new Uint32Array(count),
        present: codes.includes(0) ? Uint8Array.from(codes, (code) => (code === 0 ? 0 : 1)) : undefined,
      },
    ];
    for (const [name, { codes: key }] of this.#keys) {
      const place = table.keys.findIndex((one) => one.name === name);
      columns.push(key.column(name, place < 0 ? nothing : word(1 + place)));
    }
    columns.push(NUMBERS.column(DURATION_BUCKET, table.hasHistogram ? word(width - 1) : nothing));
    columns.push(int(ROWS, sum(SUM_ROWS)));
    if (this.#spec.ended !== undefined) columns.push(int(ENDED, sum(SUM_ENDED)));
    for (const [i, name] of this.#spec.sums.entries()) columns.push(int(name, sum(SUMS + i)));
    columns.push(int(DURATION_SUM, sum(SUM_DURATION)), int(DURATION_ROWS, sum(SUM_DURATION_ROWS)));
    columns.push({ name: FIRST, kind: 'time', present: undefined, ...moment(FIRST_SECONDS, FIRST_NANOS) });
    columns.push({ name: LAST, kind: 'time', present: undefined, ...moment(LAST_SECONDS, LAST_NANOS) });
    return { type: this.#spec.type, rows: count, columns };
  }

  /** Groups in an order that compresses well: neighbours have neighbouring addresses, or else the same time. */
  #order(table: RollupTable, groups: GroupTable): Uint32Array {
    const place = 1 + table.keys.findIndex(({ kind }) => kind === 'ip');
    const codes = Uint32Array.from({ length: groups.count }, (_, i) => groups.keys[i * groups.width + place]);
    let by = codes;
    if (place > 0) {
      const column = this.#addresses.column('', codes);
      if (column.kind === 'ip') by = codes.map((_, i) => column.words[i * 4 + 3]);
    }
    // Word and number of the group in one double: MOST_GROUPS and what a batch adds stay below 2^17.
    const sortable = Float64Array.from(by, (value, i) => value * 0x2_0000 + i).sort();
    return Uint32Array.from(sortable, (value) => value % 0x2_0000);
  }
}

const NUMBERS = keyCodes('int');

const int = (name: string, values: Float64Array): Column => ({ name, kind: 'int', values, present: undefined });

function constant(name: string, text: string, rows: number): Column {
  const dictionaryBytes = new TextEncoder().encode(text);
  const dictionaryOffsets = Uint32Array.of(0, dictionaryBytes.length);
  return {
    name,
    kind: 'keyword',
    codes: new Uint32Array(rows),
    dictionaryBytes,
    dictionaryOffsets,
    present: undefined,
  };
}

interface Times {
  readonly seconds: Uint32Array;
  readonly nanos: Uint32Array;
}

/** Times of a column; those of `other` where it has none. */
function timesOf(column: Column | undefined, other: Times | undefined, rows: number): Times {
  if (column?.kind !== 'time') return other ?? { seconds: new Uint32Array(rows), nanos: new Uint32Array(rows) };
  const { seconds, nanos, present } = column;
  if (present === undefined) return { seconds, nanos };
  const result = { seconds: seconds.slice(0, rows), nanos: nanos.slice(0, rows) };
  for (let row = 0; row < rows; row++) {
    if (present[row] !== 0) continue;
    result.seconds[row] = other?.seconds[row] ?? 0;
    result.nanos[row] = other?.nanos[row] ?? 0;
  }
  return result;
}

/** A column's numbers with 0 for no value; undefined without the column. */
function numbersOf(column: Column | undefined, rows: number): Float64Array | undefined {
  if (column?.kind !== 'int') return undefined;
  const { values, present } = column;
  if (present === undefined) return values;
  const result = values.slice(0, rows);
  for (let row = 0; row < rows; row++) if (present[row] === 0) result[row] = 0;
  return result;
}
