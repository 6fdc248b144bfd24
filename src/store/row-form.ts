// In which form the rows of a type stand in its segments, so that they take few bytes. It follows from the declaration of the type:
//
//  - Rows are sorted by what makes them alike (transport, protocol, how they ended) and then by their time: numbers beside each other
//    are of a size, and columns that only some kinds of rows have are runs.
//  - A time that belongs to the record's own time is kept as what lies between them: a flow's start as its duration.
//  - Where all times of a batch are whole microseconds, as in most captures, so are the numbers that are kept. Such batches have segments
//    of their own.
//
// What a column's form is stands in the manifest (`StoreColumn`); `file-columns.ts` makes and undoes it, `sql/stored-columns.ts` tells SQL.

import type { Column, ColumnBatch } from '../records/columns.ts';
import type { Field } from '../records/field.ts';
import { isNothing } from '../records/nothing.ts';
import { columnName, isRest, type RecordType, restName } from '../records/record.ts';
import type { StoreColumn } from './parquet/row-group.ts';
import { timeColumn } from './partition.ts';

/** Plain data: it crosses to the writer thread. */
export interface RowForm {
  readonly type: string;
  /** Columns of few values by which rows are sorted before their time; none: rows stay in their order. */
  readonly order: readonly string[];
  /** Columns of times that are kept as their distance before the record's own. */
  readonly before: readonly string[];
  /** Columns of integers that are ns. */
  readonly durations: readonly string[];
  /** Columns of integers over many magnitudes: as doubles with their bytes apart they may be smaller. */
  readonly magnitudes: readonly string[];
}

/** `plain`: rows as they are, for times that are too far apart. */
export type Unit = 'plain' | 'ns' | 'us';

/** What makes flows alike, from the coarsest to the finest. */
const FLOW_ORDER = [
  'network.transport',
  'network.protocol',
  'network.type',
  'netscribe.flow.reason',
  'netscribe.tcp.state',
];
const MAGNITUDES = new Set(['bytes', 'packets', 'ns']);
/** Chosen anew for each flow out of thousands: no dictionary pays, and differences are a bit longer than the numbers. */
const RANDOM = 'source.port';
/** Distances are exact integers of doubles, and so are sums of two of them: 52 days. */
const LARGEST_DISTANCE = 2 ** 52;

export function rowForm(type: RecordType): RowForm {
  const fields = Object.values(type.fields);
  const columns = (some: readonly Field[]): string[] =>
    some.map((field) => (isRest(type, field) ? restName(field) : columnName(field)));
  const own = fields.find(({ kind }) => kind === 'time');
  // Transactions come nearly in the order in which they end, so that the differences of their ends are small.
  const isFlow = type.family === 'flow';
  const durations = fields.filter(({ kind }) => kind === 'duration');
  return {
    type: type.name,
    order: isFlow ? columns(fields.filter(({ paths }) => FLOW_ORDER.includes(paths[0]))) : [],
    before: isFlow ? columns(fields.filter((field) => field.kind === 'time' && field !== own)) : [],
    durations: columns(durations),
    magnitudes: columns(
      fields.filter(({ kind, unit, paths }) =>
        kind === 'int' ? MAGNITUDES.has(unit ?? '') || paths[0] === RANDOM : kind === 'duration',
      ),
    ),
  };
}

export const rowForms = (types: readonly RecordType[]): RowForm[] => types.map(rowForm);

/** The unit of a batch's times. */
export function unitOf(batch: ColumnBatch, form: RowForm): Unit {
  const own = timeColumn(batch);
  let isMicros = own !== undefined;
  for (const column of batch.columns) {
    if (isNothing(column)) continue;
    if (column.kind === 'time') {
      const isTold = form.before.includes(column.name);
      if (isTold && (own === undefined || !isNear(column, own, batch.rows))) return 'plain';
      isMicros &&= areWhole(column.nanos, column.present, batch.rows);
    } else if (isMicros && column.kind === 'int' && form.durations.includes(column.name)) {
      isMicros = areWhole(column.values, column.present, batch.rows);
    }
  }
  return isMicros ? 'us' : 'ns';
}

/** The unit in which the rows of a segment may stand whose columns are these: that in which they do. */
export function unitOfColumns(columns: readonly StoreColumn[], { before }: RowForm): Unit {
  if (columns.some(({ isMicros }) => isMicros)) return 'us';
  const isPlain = columns.some((column) => before.includes(column.name) && column.before === undefined);
  return isPlain ? 'plain' : 'ns';
}

type Times = Extract<Column, { kind: 'time' }>;

function isNear(column: Times, own: Times, rows: number): boolean {
  const { seconds, present } = column;
  for (let row = 0; row < rows; row++) {
    if (present !== undefined && present[row] === 0) continue;
    const ownSeconds = own.present !== undefined && own.present[row] === 0 ? 0 : own.seconds[row];
    if (Math.abs(ownSeconds - seconds[row]) * 1e9 > LARGEST_DISTANCE) return false;
  }
  return true;
}

function areWhole(values: Uint32Array | Float64Array, present: Uint8Array | undefined, rows: number): boolean {
  for (let row = 0; row < rows; row++) {
    if (values[row] % 1000 !== 0 && (present === undefined || present[row] !== 0)) return false;
  }
  return true;
}
