// Columns of a segment as its file has them, and back: see row-form.ts for why.

import type { Column, ColumnBatch } from '../records/columns.ts';
import { isNothing } from '../records/nothing.ts';
import type { FileColumn, StoreColumn } from './parquet/row-group.ts';

type Times = Extract<Column, { kind: 'time' }>;
type Integers = Extract<Column, { kind: 'int' }>;

const NANOS = 1_000_000_000;
const MICROS = 1_000_000;

/** Name of a column in files: that it holds something else than its name says is in its name. */
export function fileName({ name, kind, before, isMicros }: StoreColumn): string {
  if (before === undefined && kind === 'time') return name;
  return `${name}${before === undefined ? '' : '_before'}${isMicros ? '_us' : ''}`;
}

export function fileColumns(columns: readonly StoreColumn[]): FileColumn[] {
  return columns.map((column): FileColumn => {
    const { kind, before, isMicros, isDouble } = column;
    const name = fileName(column);
    if (kind === 'time' && before === undefined) return isMicros ? { name, kind: 'int', as: 'micros' } : { name, kind };
    if (kind !== 'time' && kind !== 'int') return { name, kind };
    return { name, kind: 'int', as: isDouble ? 'double' : undefined };
  });
}

/** The names and kinds without their form. */
export const plainColumns = (columns: readonly StoreColumn[]): StoreColumn[] =>
  columns.map(({ name, kind }) => ({ name, kind }));

export const isPlain = ({ before, isMicros, isDouble }: StoreColumn): boolean =>
  before === undefined && isMicros === undefined && isDouble === undefined;

/** A column as its file has it. `own` is the record's own time, for times that are kept as distances from it. */
export function toFile(column: Column, own: Times | undefined, stored: StoreColumn, rows: number): Column {
  const { before, isMicros } = stored;
  if (isNothing(column)) return { ...column, name: fileName(stored) };
  if (column.kind === 'time') {
    if (before === undefined && !isMicros) return column;
    const values = new Float64Array(rows);
    const { seconds, nanos, present } = column;
    if (before === undefined) for (let i = 0; i < rows; i++) values[i] = seconds[i] * MICROS + nanos[i] / 1000;
    else {
      const scale = isMicros ? 1000 : 1;
      for (let i = 0; i < rows; i++) {
        const has = own !== undefined && (own.present === undefined || own.present[i] !== 0);
        const distance = has
          ? (own.seconds[i] - seconds[i]) * NANOS + own.nanos[i] - nanos[i]
          : -(seconds[i] * NANOS + nanos[i]);
        values[i] = present === undefined || present[i] !== 0 ? distance / scale : 0;
      }
    }
    return { name: fileName(stored), kind: 'int', values, present };
  }
  if (column.kind === 'int' && isMicros) {
    // Sums of durations above 2^53 are rounded, and then need not be whole.
    const values = column.values.map((value) => Math.round(value / 1000));
    return { name: fileName(stored), kind: 'int', values, present: column.present };
  }
  return column;
}

/** A batch of a file's columns (`fileColumns`) as rows of these columns. */
export function fromFile(batch: ColumnBatch, columns: readonly StoreColumn[]): ColumnBatch {
  const { rows } = batch;
  const done = new Map<string, Column>();
  const restore = (stored: StoreColumn, i: number): Column => {
    const column = batch.columns[i];
    const { name, kind, before, isMicros } = stored;
    if (column.kind !== 'int') return column;
    if (kind === 'int') {
      return { ...column, name, values: isMicros ? column.values.map((value) => value * 1000) : column.values };
    }
    return before === undefined
      ? momentsOf(name, column, rows)
      : distancesFrom(name, column, done.get(before) as Times | undefined, isMicros ? 1000 : 1, rows);
  };
  // A time is restored before those that are told from it.
  const first = columns.findIndex(({ kind, before }) => kind === 'time' && before === undefined);
  if (first >= 0) done.set(columns[first].name, restore(columns[first], first));
  return { ...batch, columns: columns.map((stored, i) => (i === first ? done.get(stored.name)! : restore(stored, i))) };
}

function momentsOf(name: string, { values, present }: Integers, rows: number): Times {
  const seconds = new Uint32Array(rows);
  const nanos = new Uint32Array(rows);
  for (let i = 0; i < rows; i++) {
    const whole = Math.floor(values[i] / MICROS);
    seconds[i] = whole;
    nanos[i] = (values[i] - whole * MICROS) * 1000;
  }
  return { name, kind: 'time', seconds, nanos, present };
}

function distancesFrom(
  name: string,
  { values, present }: Integers,
  own: Times | undefined,
  scale: number,
  rows: number,
): Times {
  const seconds = new Uint32Array(rows);
  const nanos = new Uint32Array(rows);
  for (let i = 0; i < rows; i++) {
    if (present !== undefined && present[i] === 0) continue;
    const has = own !== undefined && (own.present === undefined || own.present[i] !== 0);
    const distance = values[i] * scale;
    const whole = Math.floor(distance / NANOS);
    let second = (has ? own.seconds[i] : 0) - whole;
    let nano = (has ? own.nanos[i] : 0) - (distance - whole * NANOS);
    if (nano < 0) {
      nano += NANOS;
      second--;
    }
    seconds[i] = second;
    nanos[i] = nano;
  }
  return { name, kind: 'time', seconds, nanos, present };
}
