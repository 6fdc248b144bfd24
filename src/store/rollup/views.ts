// Views over the roll-ups of a type: for each table the sums that stand beside segments, and for segments without that table the
// records themselves in the same form, so that a view is always whole.

import type { RecordType } from '../../records/record.ts';
import type { Manifest, Rollup, Segment } from '../manifest.ts';
import { storedRows, type ViewFiles } from '../sql/stored-columns.ts';
import { identifier, literal } from '../sql/text.ts';
import { declaredColumns, SQL_TYPES, selectRows } from '../sql/views.ts';
import { sourceColumns } from './choose.ts';
import { type RollupSpec, type RollupTable, rollupSpec, rollupView, rowsView, TABLE } from './tables.ts';

const NANOS = 1_000_000_000;

export interface ViewOverFiles {
  /** The statement that makes it. */
  readonly statement: () => string;
  readonly files: readonly (Segment | Rollup)[];
}

/** The roll-up views of a type, by name, over these segments. */
export function rollupViews(
  type: RecordType,
  segments: readonly Segment[],
  manifest: Manifest,
  directory: string,
): Map<string, ViewOverFiles> {
  const views = new Map<string, ViewOverFiles>();
  const spec = rollupSpec(type);
  if (spec === undefined) return views;
  const add = (name: string, over: readonly (Segment | Rollup)[], select: () => string) =>
    views.set(name, { statement: () => `CREATE OR REPLACE VIEW ${identifier(name)} AS ${select()}`, files: over });
  const files = (some: readonly { path: string; schema: string }[]): ViewFiles => ({
    paths: some.map(({ path }) => `${directory}/${path}`),
    schemas: [...new Set(some.map(({ schema }) => schema))].map((key) => manifest.schemas[key] ?? []),
  });
  const rows = (some: readonly Segment[], table: RollupTable | undefined): string =>
    asSums(spec, type, selectRows(type, files(some)), table);
  add(rowsView(spec.type), segments, () => rows(segments, undefined));
  const sumsOf = (table: RollupTable, having: readonly Rollup[], lacking: readonly Segment[]): string => {
    const parts: string[] = [];
    if (having.length > 0) parts.push(sums(spec, table, files(having)));
    if (lacking.length > 0 || parts.length === 0) {
      parts.push(`SELECT ${sourceColumns(spec, table).join(', ')} FROM (${rows(lacking, table)})`);
    }
    return parts.join(' UNION ALL ');
  };
  for (const table of spec.tables) {
    const has = ({ rollup }: Segment) => rollup?.tables.includes(table.signature) === true;
    const having = segments.filter(has).map(({ rollup }) => rollup!);
    const lacking = segments.filter((segment) => !has(segment));
    add(rollupView(table), [...having, ...lacking], () => sumsOf(table, having, lacking));
  }
  return views;
}

function sums(spec: RollupSpec, table: RollupTable, files: ViewFiles): string {
  const addresses = new Set(table.keys.filter(({ kind }) => kind === 'ip').map(({ name }) => identifier(name)));
  const columns = sourceColumns(spec, table).map((column) =>
    addresses.has(column) ? `ip(${half(column, 'hi')}, ${half(column, 'lo')}) AS ${column}` : column,
  );
  return `SELECT ${columns.join(', ')} FROM ${storedRows(files)}
    WHERE ${TABLE} = ${literal(table.signature)}`;
}

const half = (column: string, which: 'hi' | 'lo'): string => identifier(`${column.slice(1, -1)}_${which}`);

/** Records as sums of one: with their own time, or with that of a table's bucket. */
function asSums(spec: RollupSpec, type: RecordType, source: string, table: RollupTable | undefined): string {
  const time = identifier(spec.time);
  const size = (table?.seconds ?? 0) * NANOS;
  const bucket = table === undefined ? time : `make_timestamp_ns(epoch_ns(${time}) // ${size} * ${size}) AS ${time}`;
  const keys = new Set(spec.tables.flatMap((one) => one.keys.map(({ name }) => name)));
  const columns = declaredColumns(type).filter(({ name }) => keys.has(name));
  const select = [
    bucket,
    ...columns.flatMap(({ name, kind }) =>
      (kind === 'ip' ? [`${name}_hi`, `${name}_lo`, name] : [name]).map(identifier),
    ),
    '1::BIGINT AS rows',
    ...spec.sums.map((name) => `coalesce(${identifier(name)}, 0) AS ${identifier(name)}`),
    `coalesce(${identifier(spec.first)}, ${time}) AS first_time`,
    `coalesce(${identifier(spec.last)}, ${time}) AS last_time`,
  ];
  if (spec.ended !== undefined) select.push(`CAST(coalesce(${identifier(spec.ended)}, false) AS BIGINT) AS ended`);
  const duration = spec.duration === undefined ? `NULL::${SQL_TYPES.int}` : identifier(spec.duration);
  select.push(
    `coalesce(${duration}, 0) AS duration_sum`,
    `CAST(${duration} IS NOT NULL AS BIGINT) AS duration_rows`,
    `CAST(duration_bucket(${duration}) AS BIGINT) AS duration_bucket`,
  );
  return `SELECT ${select.join(', ')} FROM (${source})`;
}
