// Grouped queries: counters per combination of the key columns, with the totals of all groups in every row.

import type { RecordType } from '../records/record.ts';
import { DURATION_SUM, FIRST, LAST, ROWS } from '../store/rollup/tables.ts';
import { type KeyColumn, keyExpressions } from './columns.ts';
import { type CounterKind, type Draft, type PlanColumn, sortKey } from './draft.ts';
import { QueryError } from './error.ts';
import { type GroupSource, recordSource, summedSource } from './group-source.ts';
import { quoted } from './operand.ts';
import { type Param, Params, type Statement } from './params.ts';
import { populationStatement, timeColumn } from './source-filter.ts';

export interface Counter {
  readonly name: string;
  readonly label: string;
  readonly kind: CounterKind;
  /** The aggregate over the columns of `base`. */
  readonly sql: string;
  readonly hasTotal: boolean;
}

/** What every row of a grouped statement ends with, after its columns and one total per counter. */
export const TOTAL_TAIL = ['hits', 'first', 'last'] as const;

export const total = (expression: string): string => `CAST(sum(${expression}) AS BIGINT)`;

/** Records, of which a row may stand for many. */
export const COUNT = 'CAST(sum(n) AS BIGINT)';

const FLOW_COUNTERS: Record<Draft['direction'], readonly Counter[]> = {
  both: [
    counter('packets_sent', 'packets sent', 'packets', 'ps'),
    counter('packets_received', 'packets received', 'packets', 'pr'),
    counter('bytes_sent', 'bytes sent', 'bytes', 'bs'),
    counter('bytes_received', 'bytes received', 'bytes', 'br'),
  ],
  sum: [counter('packets', 'packets', 'packets', 'ps + pr'), counter('bytes', 'bytes', 'bytes', 'bs + br')],
  in: [
    counter('packets_received', 'packets received', 'packets', 'pr'),
    counter('bytes_received', 'bytes received', 'bytes', 'br'),
  ],
  out: [counter('packets_sent', 'packets sent', 'packets', 'ps'), counter('bytes_sent', 'bytes sent', 'bytes', 'bs')],
};

const TRANSACTION_COUNTERS: readonly Counter[] = [
  { name: 'count', label: 'count', kind: 'count', sql: COUNT, hasTotal: true },
  { name: 'errors', label: 'errors', kind: 'count', sql: 'count(*) FILTER (WHERE failed)', hasTotal: true },
  { name: 'duration_p50', label: 'p50', kind: 'duration', sql: 'quantile_disc(dur, 0.5)', hasTotal: false },
  { name: 'duration_p95', label: 'p95', kind: 'duration', sql: 'quantile_disc(dur, 0.95)', hasTotal: false },
];

export function counter(name: string, label: string, kind: CounterKind, expression: string): Counter {
  return { name, label, kind, sql: total(expression), hasTotal: true };
}

function columnOf(type: RecordType, path: string, nothing: string, draft: Draft): string {
  const operand = draft.vocabulary.resolve(path)?.operands(type)[0];
  return operand?.shape === 'value' ? operand.sql : nothing;
}

/** Inputs of the counters, of one record type; NULL where it lacks them. `n` is how many records a row stands for. */
function inputs(type: RecordType, isFlow: boolean, isSummed: boolean, draft: Draft): string[] {
  const value = (path: string, nothing: string) => columnOf(type, path, nothing, draft);
  const count = (path: string) => `coalesce(${value(path, '0')}, 0)::BIGINT`;
  const time = timeColumn(type);
  const bytes = [`${count('source.bytes')} AS bs`, `${count('destination.bytes')} AS br`];
  const times = isSummed
    ? [`${quoted(DURATION_SUM)} AS dur`, `${quoted(FIRST)} AS t0`, `${quoted(LAST)} AS t1`, `${quoted(ROWS)} AS n`]
    : [
        `${value('event.duration', 'NULL::BIGINT')} AS dur`,
        `coalesce(${value('event.start', 'NULL')}, ${time}) AS t0`,
        `coalesce(${value('event.end', 'NULL')}, ${time}) AS t1`,
        '1::BIGINT AS n',
      ];
  return isFlow
    ? [`${count('source.packets')} AS ps`, `${count('destination.packets')} AS pr`, ...bytes, ...times]
    : [...bytes, `coalesce(${value('status', "''")} = 'Error', FALSE) AS failed`, ...times];
}

/** `counters` replaces the usual ones; they may use `v4`, true for IPv4, beside the usual inputs of flows. */
export function planGroups(
  keys: readonly KeyColumn[],
  draft: Draft,
  special?: readonly Counter[],
): {
  columns: PlanColumn[];
  sources: string[];
  rows: Statement;
  population: Statement;
  sortedBy: string;
} {
  const params = new Params();
  const isFlow = draft.types.every((type) => type.family === 'flow');
  const counters = special ?? (isFlow ? FLOW_COUNTERS[draft.direction] : TRANSACTION_COUNTERS);
  const names: string[][] = keys.map((key, i) => (key.kind === 'ip' ? [`k${i}h`, `k${i}l`] : [`k${i}`]));
  const buckets = new Map<number, string>();
  const sources: string[] = [];
  const bases = draft.types.map((type) => {
    const cells = keys.flatMap((key, i) =>
      keyExpressions(key, type).map((sql, part) => `${bucketed(key, sql, params, buckets)} AS ${names[i][part]}`),
    );
    const needsVersion = counters.some((c) => /\bv4\b/.test(c.sql));
    const version = columnOf(type, 'network.type', "''", draft);
    if (needsVersion) cells.push(`coalesce(${version} = 'ipv4', FALSE) AS v4`);
    const source = sourceOf(type, keys, needsVersion ? [version] : [], isFlow, draft, params);
    sources.push(...source.names);
    return `SELECT ${[...cells, ...inputs(type, isFlow, source.isSummed, draft)].join(', ')} ${source.from}`;
  });
  const flat = names.flat();
  const sorted = order(keys, names, isFlow, draft);
  const group = `SELECT ${[
    ...flat,
    ...counters.map((c, i) => `${c.sql} AS c${i}`),
    `${sorted.sql} AS s`,
    'min(t0) AS t0',
    'max(t1) AS t1',
  ].join(', ')}\n  FROM (${bases.join('\n  UNION ALL ')}) base\n  GROUP BY ${flat.join(', ')}`;
  const totals = [
    ...counters.map((c, i) => `${c.hasTotal ? total(`c${i}`) : 'NULL'} AS total${i}`),
    'count(*) AS hits',
    'CAST(epoch_ns(min(t0)) AS VARCHAR) AS first_ns',
    'CAST(epoch_ns(max(t1)) AS VARCHAR) AS last_ns',
  ];
  const cells = [
    ...keys.flatMap((key, i) => names[i].map((name) => shown(key, name))),
    ...counters.map((_, i) => `c${i}`),
    ...counters.map((_, i) => `total${i}`),
    'hits',
    'first_ns',
    'last_ns',
  ];
  const limit = draft.limit === undefined ? '' : ` LIMIT ${params.add(draft.limit, 'BIGINT')}`;
  const sql =
    `WITH g AS MATERIALIZED (${group})\nSELECT ${cells.join(', ')}\nFROM g CROSS JOIN (SELECT ${totals.join(', ')} FROM g) t` +
    `\nORDER BY s ${sorted.isAscending ? 'ASC' : 'DESC'} NULLS LAST, ${flat.map((name) => `g.${name} ASC NULLS LAST`).join(', ')}${limit}`;
  return {
    columns: [
      ...keys.map((key): PlanColumn => ({ role: 'key', key })),
      ...counters.map(
        (c): PlanColumn => ({ role: 'counter', name: c.name, label: c.label, kind: c.kind, hasTotal: c.hasTotal }),
      ),
    ],
    sources,
    rows: { sql, params: params.values as Param[] },
    population: populationStatement(draft.types),
    sortedBy: sorted.label,
  };
}

/** Flows come from the store's sums where these know as much; percentiles of transactions need the records. */
function sourceOf(
  type: RecordType,
  keys: readonly KeyColumn[],
  more: readonly string[],
  isFlow: boolean,
  { filter, vocabulary, hasSums }: Draft,
  params: Params,
): GroupSource {
  const time = timeColumn(type);
  const cells = keys.flatMap((key) => keyExpressions(key, type)).filter((sql) => sql !== time);
  const { bucketNs } = keys.find((key) => key.bucketNs !== undefined) ?? {};
  const question = { cells: [...cells, ...more], bucketNs };
  const summed = hasSums && isFlow ? summedSource(type, question, filter, vocabulary, params) : undefined;
  return summed ?? recordSource(type, filter, vocabulary, params);
}

/** A time cut to its bucket, as ns since 1970; everything else as it is. One parameter per width serves all types. */
function bucketed(key: KeyColumn, sql: string, params: Params, buckets: Map<number, string>): string {
  if (key.kind !== 'time' || key.bucketNs === undefined) return sql;
  let width = buckets.get(key.bucketNs);
  if (width === undefined) buckets.set(key.bucketNs, (width = params.add(key.bucketNs, 'BIGINT')));
  return `(epoch_ns(${sql}) // ${width}) * ${width}`;
}

/** 64-bit values leave the database as text: a reader may turn integers into doubles. */
function shown(key: KeyColumn, name: string): string {
  return key.kind === 'ip' || key.kind === 'time' || key.kind === 'int' || key.kind === 'duration'
    ? `CAST(g.${name} AS VARCHAR)`
    : `g.${name}`;
}

interface Order {
  readonly sql: string;
  readonly label: string;
  readonly isAscending: boolean;
}

function order(
  keys: readonly KeyColumn[],
  names: readonly (readonly string[])[],
  isFlow: boolean,
  draft: Draft,
): Order {
  const timeAt = keys.findIndex((key) => key.kind === 'time');
  const word = draft.sort ?? (timeAt >= 0 ? 'time' : isFlow ? 'bytes' : 'count');
  const isAscending = draft.isAscending ?? false;
  const { direction } = draft;
  const both = (sent: string, received: string) =>
    direction === 'in' ? received : direction === 'out' ? sent : `${sent} + ${received}`;
  const of = direction === 'in' ? 'received' : direction === 'out' ? 'sent' : 'sent and received';
  switch (word) {
    case 'bytes':
      return { sql: total(both('bs', 'br')), label: `bytes ${of}`, isAscending };
    case 'packets':
      if (isFlow) return { sql: total(both('ps', 'pr')), label: `packets ${of}`, isAscending };
      break;
    case 'count':
      return { sql: COUNT, label: 'count', isAscending };
    case 'errors':
      if (!isFlow) return { sql: 'count(*) FILTER (WHERE failed)', label: 'errors', isAscending };
      break;
    case 'duration':
      return isFlow
        ? { sql: total('dur'), label: 'total duration', isAscending }
        : { sql: 'quantile_disc(dur, 0.95)', label: '95th percentile of the duration', isAscending };
    case 'time':
      // A time series reads from the beginning, as goQuery forces it.
      return timeAt >= 0
        ? { sql: names[timeAt][0], label: 'time', isAscending: true }
        : { sql: 'min(t0)', label: 'time of the first record', isAscending };
  }
  const at = sortKey(word, keys, draft);
  if (at < 0)
    throw new QueryError(
      `cannot sort by ${word}`,
      `There are bytes, packets, time, count, duration and ${keys.map((key) => key.label).join(', ')}`,
    );
  const [first, second] = names[at];
  const sql = second === undefined ? first : `(${first}::HUGEINT * 18446744073709551616::HUGEINT + ${second}::HUGEINT)`;
  return {
    sql,
    label: keys[at].label,
    isAscending: draft.isAscending ?? keys[at].kind === 'text',
  };
}
