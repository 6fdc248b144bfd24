// Grouped queries: counters per combination of the key columns, with the totals of all groups in every row.
//
// Percentiles of durations come from the records, or from the store's counts per bucket of durations (`rollup/histogram.ts`): then
// groups are made in two steps, the first one per bucket, and a percentile is the middle of the bucket in which its share is reached.

import type { RecordType } from '../records/record.ts';
import { DURATION_BUCKET, DURATION_SUM, FIRST, LAST, ROWS } from '../store/rollup/tables.ts';
import { type KeyColumn, keyExpressions } from './columns.ts';
import { type CounterKind, type Draft, type PlanColumn, sortKey } from './draft.ts';
import { QueryError } from './error.ts';
import { failed } from './failed.ts';
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

const ERRORS = 'CAST(coalesce(sum(n) FILTER (WHERE failed), 0) AS BIGINT)';

/** What comes out of counts per bucket is in the bucket of what the records would give. */
const percentile = (percent: number, isBucketed: boolean): string =>
  isBucketed
    ? `bucket_duration(min(b) FILTER (WHERE below * 100 >= ${percent} * known))`
    : `quantile_disc(dur, ${percent / 100})`;

const transactionCounters = (isBucketed: boolean): readonly Counter[] => [
  { name: 'count', label: 'count', kind: 'count', sql: COUNT, hasTotal: true },
  { name: 'errors', label: 'errors', kind: 'count', sql: ERRORS, hasTotal: true },
  { name: 'duration_p50', label: 'p50', kind: 'duration', sql: percentile(50, isBucketed), hasTotal: false },
  { name: 'duration_p95', label: 'p95', kind: 'duration', sql: percentile(95, isBucketed), hasTotal: false },
];

export function counter(name: string, label: string, kind: CounterKind, expression: string): Counter {
  return { name, label, kind, sql: total(expression), hasTotal: true };
}

function columnOf(type: RecordType, path: string, nothing: string, draft: Draft): string {
  const operand = draft.vocabulary.resolve(path)?.operands(type)[0];
  return operand?.shape === 'value' ? operand.sql : nothing;
}

/**
 * Inputs of the counters, of one record type; NULL where it lacks them. `n` is how many records a row stands for. With `isBucketed` a
 * duration is the number `b` of its bucket.
 */
function inputs(type: RecordType, isFlow: boolean, isSummed: boolean, isBucketed: boolean, draft: Draft): string[] {
  const value = (path: string, nothing: string) => columnOf(type, path, nothing, draft);
  const count = (path: string) => `coalesce(${value(path, '0')}, 0)::BIGINT`;
  const time = timeColumn(type);
  const bytes = [`${count('source.bytes')} AS bs`, `${count('destination.bytes')} AS br`];
  const duration = value('event.duration', 'NULL::BIGINT');
  const durations = isSummed
    ? `${isBucketed ? `${quoted(DURATION_BUCKET)} AS b` : `${quoted(DURATION_SUM)} AS dur`}`
    : `${isBucketed ? `CAST(duration_bucket(${duration}) AS BIGINT) AS b` : `${duration} AS dur`}`;
  const times = isSummed
    ? [durations, `${quoted(FIRST)} AS t0`, `${quoted(LAST)} AS t1`, `${quoted(ROWS)} AS n`]
    : [
        durations,
        `coalesce(${value('event.start', 'NULL')}, ${time}) AS t0`,
        `coalesce(${value('event.end', 'NULL')}, ${time}) AS t1`,
        '1::BIGINT AS n',
      ];
  return isFlow
    ? [`${count('source.packets')} AS ps`, `${count('destination.packets')} AS pr`, ...bytes, ...times]
    : [...bytes, `${failed(type, draft.vocabulary)} AS failed`, ...times];
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
  isBucketed: boolean;
} {
  const params = new Params();
  const isFlow = draft.types.every((type) => type.family === 'flow');
  const names: string[][] = keys.map((key, i) => (key.kind === 'ip' ? [`k${i}h`, `k${i}l`] : [`k${i}`]));
  const buckets = new Map<number, string>();
  const sources: string[] = [];
  const needsVersion = special?.some((c) => /\bv4\b/.test(c.sql)) === true;
  const read = draft.types.map((type) => {
    const cells = keys.flatMap((key, i) =>
      keyExpressions(key, type).map((sql, part) => `${bucketed(key, sql, params, buckets)} AS ${names[i][part]}`),
    );
    const more = needsVersion ? [columnOf(type, 'network.type', "''", draft)] : [];
    if (needsVersion) cells.push(`coalesce(${more[0]} = 'ipv4', FALSE) AS v4`);
    if (!isFlow) more.push(columnOf(type, 'status', "''", draft));
    const source = sourceOf(type, keys, more, isFlow, draft, params);
    sources.push(...source.names);
    return { type, cells, source };
  });
  const isBucketed = !isFlow && read.some(({ source }) => source.isSummed);
  const counters = special ?? (isFlow ? FLOW_COUNTERS[draft.direction] : transactionCounters(isBucketed));
  const bases = read.map(({ type, cells, source }) => {
    const all = [...cells, ...inputs(type, isFlow, source.isSummed, isBucketed, draft)];
    return `SELECT ${all.join(', ')} ${source.from}`;
  });
  const flat = names.flat();
  const sorted = order(keys, names, isFlow, isBucketed, draft);
  const base = `(${bases.join('\n  UNION ALL ')}) base`;
  const group = `SELECT ${[
    ...flat,
    ...counters.map((c, i) => `${c.sql} AS c${i}`),
    `${sorted.sql} AS s`,
    'min(t0) AS t0',
    'max(t1) AS t1',
  ].join(', ')}\n  FROM ${isBucketed ? perBucket(flat, base) : base}\n  GROUP BY ${flat.join(', ')}`;
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
    isBucketed,
  };
}

/**
 * The rows of `base` added up per bucket of durations, with what was reached up to each bucket of the records of the same keys whose
 * duration is known.
 */
function perBucket(keys: readonly string[], base: string): string {
  const list = keys.join(', ');
  const sums = ['bs', 'br', 'n'].map((name) => `sum(${name}) AS ${name}`).join(', ');
  const perKey = `PARTITION BY ${list}`;
  return `(SELECT *, sum(n) FILTER (WHERE b IS NOT NULL) OVER (${perKey} ORDER BY b NULLS LAST) AS below,
    sum(n) FILTER (WHERE b IS NOT NULL) OVER (${perKey}) AS known
    FROM (SELECT ${list}, failed, b, ${sums}, min(t0) AS t0, max(t1) AS t1
    FROM ${base}
    GROUP BY ${list}, failed, b) counted) reached`;
}

/** Records are read where the store's sums do not know as much. */
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
  const question = { cells: [...cells, ...more], bucketNs, needsHistogram: !isFlow };
  const summed = hasSums ? summedSource(type, question, filter, vocabulary, params) : undefined;
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
  isBucketed: boolean,
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
      if (!isFlow) return { sql: ERRORS, label: 'errors', isAscending };
      break;
    case 'duration':
      return isFlow
        ? { sql: total('dur'), label: 'total duration', isAscending }
        : { sql: percentile(95, isBucketed), label: '95th percentile of the duration', isAscending };
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
