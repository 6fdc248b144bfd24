// Which roll-ups there are of a record type: sums per minute or hour (of the record's own time, UTC) and per combination of some
// of its columns. They follow from the declaration. `choose.ts` says which one answers a question exactly, `views.ts` how SQL sees
// them, `aggregate.ts` how they are made; they stand beside the segment whose rows they sum up.

import { columnName, type RecordType } from '../../records/record.ts';
import type { StoreColumn } from '../parquet/row-group.ts';
import type { RowForm } from '../row-form.ts';
import { columnKind } from '../sql/views.ts';

export const MINUTE_SECONDS = 60;
export const HOUR_SECONDS = 3600;

/** Columns that every roll-up has beside its keys and the time of its bucket. */
export const ROWS = 'rows';
export const ENDED = 'ended';
export const DURATION_SUM = 'duration_sum';
export const DURATION_ROWS = 'duration_rows';
export const DURATION_BUCKET = 'duration_bucket';
export const FIRST = 'first_time';
export const LAST = 'last_time';
/** Which table a row of a roll-up file belongs to: its signature. */
export const TABLE = 'rollup';

export interface RollupTable {
  /** Name of the record type. */
  readonly type: string;
  /** What it is by: `source`, `service`, … */
  readonly cut: string;
  readonly seconds: typeof MINUTE_SECONDS | typeof HOUR_SECONDS;
  /** The columns that it keeps apart, named as in the type's own view. */
  readonly keys: readonly StoreColumn[];
  /** Rows are kept apart by the logarithm of their duration, too (`histogram.ts`). */
  readonly hasHistogram: boolean;
  /** Name and keys: a file made when the keys were others is not taken for this table. */
  readonly signature: string;
}

/** The roll-ups of one record type, as plain data: it crosses to the writer thread. */
export interface RollupSpec {
  readonly type: string;
  /** Column of the record's own time, which says the bucket. */
  readonly time: string;
  /** Columns of the first and the last moment that a record is about; the record's own time where there is none. */
  readonly first: string;
  readonly last: string;
  /** Column of the duration; it is `last` minus `first` where segments do not keep it. */
  readonly duration: string | undefined;
  /** Column that is true on the last document of a flow. */
  readonly ended: string | undefined;
  /** Columns that are added up: bytes and packets both ways. */
  readonly sums: readonly string[];
  readonly tables: readonly RollupTable[];
}

interface Cut {
  readonly name: string;
  readonly keys: readonly string[];
  readonly seconds: readonly RollupTable['seconds'][];
  readonly hasHistogram: boolean;
}

const INTERFACE = 'observer.ingress.interface.name';
const BOTH = [MINUTE_SECONDS, HOUR_SECONDS] as const;
const SERVICE = ['destination.port', 'network.transport', 'network.protocol', 'network.direction', 'network.type'];

/** ECS names; those that a type does not have are left out. A cut with addresses per minute would be as large as the rows. */
const FLOW_CUTS: readonly Cut[] = [
  { name: 'source', keys: ['source.ip', 'network.type', INTERFACE], seconds: BOTH, hasHistogram: false },
  { name: 'destination', keys: ['destination.ip', 'network.type', INTERFACE], seconds: BOTH, hasHistogram: false },
  { name: 'service', keys: [...SERVICE, INTERFACE], seconds: BOTH, hasHistogram: true },
  {
    name: 'conversation',
    keys: ['source.ip', 'destination.ip', ...SERVICE, INTERFACE],
    seconds: [HOUR_SECONDS],
    hasHistogram: false,
  },
];

/** `dimensions`: what the declaration marks as such (status codes, methods). */
const transactionCuts = (dimensions: readonly string[]): readonly Cut[] => [
  { name: 'service', keys: ['status', ...SERVICE, ...dimensions, INTERFACE], seconds: BOTH, hasHistogram: true },
  { name: 'server', keys: ['status', 'destination.ip', INTERFACE], seconds: [HOUR_SECONDS], hasHistogram: true },
  { name: 'client', keys: ['status', 'source.ip', INTERFACE], seconds: [HOUR_SECONDS], hasHistogram: true },
];

const SUMS = ['source.packets', 'source.bytes', 'destination.packets', 'destination.bytes'];

/** The roll-ups of a type; undefined for types that have none (audit records, TCP states, losses). */
export function rollupSpec(type: RecordType): RollupSpec | undefined {
  const column = (path: string): StoreColumn | undefined => {
    const field = Object.values(type.fields).find(({ paths }) => paths.includes(path));
    const kind = field === undefined ? undefined : columnKind(field);
    return kind === undefined ? undefined : { name: columnName(field!), kind };
  };
  const time = column('@timestamp');
  if (time?.kind !== 'time' || (type.family !== 'flow' && type.family !== 'transaction')) return undefined;
  const dimensions = Object.values(type.fields).filter((field) => field.isDimension);
  const cuts = type.family === 'flow' ? FLOW_CUTS : transactionCuts(dimensions.map(({ paths }) => paths[0]));
  const tables = cuts.flatMap(({ name, keys, seconds, hasHistogram }) => {
    const columns = keys.map(column).filter((key) => key !== undefined);
    const unique = columns.filter((key, i) => columns.findIndex((other) => other.name === key.name) === i);
    return seconds.map((size) => tableOf(type.name, name, size, unique, hasHistogram));
  });
  return {
    type: type.name,
    time: time.name,
    first: column('event.start')?.name ?? time.name,
    last: column('event.end')?.name ?? time.name,
    duration: column('event.duration')?.name,
    ended: type.family === 'flow' ? column('flow.final')?.name : undefined,
    sums: SUMS.map((path) => column(path)?.name).filter((name) => name !== undefined),
    tables,
  };
}

function tableOf(
  type: string,
  cut: string,
  seconds: RollupTable['seconds'],
  keys: readonly StoreColumn[],
  hasHistogram: boolean,
): RollupTable {
  const names = keys.map(({ name, kind }) => `${name}:${kind}`).join(',');
  const signature = `${cut}/${seconds}${hasHistogram ? '/histogram' : ''}(${names})`;
  return { type, cut, seconds, keys, hasHistogram, signature };
}

/** The roll-ups of all types that have some. */
export function rollupSpecs(types: readonly RecordType[]): RollupSpec[] {
  return types.map(rollupSpec).filter((spec) => spec !== undefined);
}

/** Name of the view over a table: `flow_source_hour`. */
export const rollupView = ({ type, cut, seconds }: RollupTable): string =>
  `${type}_${cut}_${seconds === HOUR_SECONDS ? 'hour' : 'minute'}`.replace(/[^A-Za-z0-9]+/g, '_');

/** Name of the view that shows a type's own rows in the form of its roll-ups, each row as a sum of one. */
export const rowsView = (type: string): string => `${type}_rows`.replace(/[^A-Za-z0-9]+/g, '_');

/** How its sums stand in their file. */
export const rollupForm = (spec: RollupSpec): RowForm => ({
  type: spec.type,
  order: [],
  before: [FIRST, LAST],
  durations: [DURATION_SUM],
  magnitudes: [...spec.sums, DURATION_SUM, ROWS],
});
