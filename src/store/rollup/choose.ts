// Whether roll-ups answer a question exactly, and where its rows come from then. For the query planner:
//
//   const choice = chooseRollup(type, { columns, measures, firstNs, lastNs, bucketNs });
//   const from = choice === undefined ? '"flow" WHERE …' : `(${rollupSource(choice, firstNs, lastNs)}) r`;
//
// The source has the keys under their usual column names (an address as `…_hi` and `…_lo`, and as text), the time column holding
// the beginning of the bucket, and in place of single records their sums: `rows` instead of count(*), sum(source_bytes) as ever,
// `ended` (flows that ended), `duration_sum` and `duration_rows`, min(first_time), max(last_time), and where there is a histogram
// `duration_bucket`, for `bucket_duration(…)` of the bucket in which the share of added-up `rows` is reached (`quantileSql`).
// A condition over keys may stand behind it as it would over the records themselves. What is not in whole buckets comes from the
// records: the answer is the same, to the row.

import type { RecordType } from '../../records/record.ts';
import { identifier } from '../sql/text.ts';
import { type RollupSpec, type RollupTable, rollupSpec, rollupView, rowsView } from './tables.ts';

const BILLION = 1_000_000_000n;

export interface RollupWish {
  /** Names of all columns that are shown, grouped or tested, but for the time column and what is added up. Addresses: the bare name. */
  readonly columns: Iterable<string>;
  /** Percentiles of the duration are wanted. */
  readonly needsHistogram?: boolean;
  /** Time is grouped into pieces of this many ns. */
  readonly bucketNs?: number;
  /** Unix time in ns, inclusive; absent: from the beginning. */
  readonly firstNs?: bigint;
  /** Exclusive. */
  readonly lastNs?: bigint;
}

export interface RollupChoice {
  readonly spec: RollupSpec;
  /** Tables of the same keys, the coarsest first: each takes the whole buckets that the ones before it left. */
  readonly tables: readonly RollupTable[];
}

/** The roll-ups that answer, or undefined when only the records do. */
export function chooseRollup(type: RecordType, wish: RollupWish): RollupChoice | undefined {
  const spec = rollupSpec(type);
  if (spec === undefined) return undefined;
  const wanted = [...new Set(wish.columns)];
  const fits = spec.tables.filter(
    (table) =>
      (!wish.needsHistogram || table.hasHistogram) &&
      (wish.bucketNs === undefined || isMultiple(wish.bucketNs, table.seconds)) &&
      hasWholeBucket(table.seconds, wish) &&
      wanted.every((name) => table.keys.some((key) => key.name === name)),
  );
  if (fits.length === 0) return undefined;
  // The fewest keys: the fewest rows.
  const best = fits.reduce((a, b) => (weight(b) < weight(a) ? b : a));
  const tables = fits.filter(({ cut }) => cut === best.cut).sort((a, b) => b.seconds - a.seconds);
  return { spec, tables };
}

/** A histogram multiplies rows as keys do; so do addresses, more than all else. */
function weight(table: RollupTable): number {
  let sum = table.hasHistogram ? 3 : 0;
  for (const { kind } of table.keys) sum += kind === 'ip' ? 10 : 1;
  return sum;
}

const isMultiple = (ns: number, seconds: number): boolean => ns % (seconds * 1e9) === 0;
const up = (ns: bigint, size: bigint): bigint => ((ns + size - 1n) / size) * size;
const down = (ns: bigint, size: bigint): bigint => (ns / size) * size;

function hasWholeBucket(seconds: number, { firstNs, lastNs }: RollupWish): boolean {
  if (firstNs === undefined || lastNs === undefined) return true;
  const size = BigInt(seconds) * BILLION;
  return up(firstNs, size) < down(lastNs, size);
}

interface Span {
  /** ns; undefined: without an end. */
  readonly from: bigint | undefined;
  readonly to: bigint | undefined;
}

/**
 * SQL of everything in [firstNs, lastNs): whole hours, then whole minutes, then single records at the edges. Numbers only go into
 * the text, no user's words.
 */
export function rollupSource(choice: RollupChoice, firstNs?: bigint, lastNs?: bigint): string {
  const { spec, tables } = choice;
  const parts: string[] = [];
  let open: Span[] = [{ from: firstNs, to: lastNs }];
  const wanted = tables[0];
  for (const table of tables) {
    const size = BigInt(table.seconds) * BILLION;
    const rest: Span[] = [];
    for (const { from, to } of open) {
      const inner = {
        from: from === undefined ? undefined : up(from, size),
        to: to === undefined ? undefined : down(to, size),
      };
      if (inner.from !== undefined && inner.to !== undefined && inner.from >= inner.to) {
        rest.push({ from, to });
        continue;
      }
      parts.push(part(spec, wanted, rollupView(table), inner));
      if (inner.from !== from) rest.push({ from, to: inner.from });
      if (inner.to !== to) rest.push({ from: inner.to, to });
    }
    open = rest;
  }
  for (const span of open) parts.push(part(spec, wanted, rowsView(spec.type), span));
  return parts.join(' UNION ALL ');
}

function part(spec: RollupSpec, table: RollupTable, view: string, { from, to }: Span): string {
  const time = identifier(spec.time);
  const tests: string[] = [];
  if (from !== undefined) tests.push(`${time} >= make_timestamp_ns(${from})`);
  if (to !== undefined) tests.push(`${time} < make_timestamp_ns(${to})`);
  const where = tests.length === 0 ? '' : ` WHERE ${tests.join(' AND ')}`;
  return `SELECT ${sourceColumns(spec, table).join(', ')} FROM ${identifier(view)}${where}`;
}

/** The columns of a source, in the order in which all its parts have them. */
export function sourceColumns(spec: RollupSpec, table: RollupTable): string[] {
  const keys = table.keys.flatMap(({ name, kind }) => (kind === 'ip' ? [`${name}_hi`, `${name}_lo`, name] : [name]));
  const histogram = table.hasHistogram ? ['duration_bucket'] : [];
  const ended = spec.ended === undefined ? [] : ['ended'];
  const measures = ['rows', ...ended, ...spec.sums, 'duration_sum', 'duration_rows', 'first_time', 'last_time'];
  return [spec.time, ...keys, ...histogram, ...measures].map(identifier);
}

/**
 * SQL over a source with a histogram: one row per combination of `keys` with the duration (ns) below which the share `quantiles[i]`
 * of the records with a duration lies, as `q0`, `q1`, …
 */
export function quantileSql(source: string, keys: readonly string[], quantiles: readonly number[]): string {
  const names = keys.map(identifier).join(', ');
  const by = names === '' ? '' : `${names}, `;
  const partition = names === '' ? '' : `PARTITION BY ${names} `;
  const group = names === '' ? '' : ` GROUP BY ${names}`;
  const picks = quantiles.map(
    (share, i) => `bucket_duration(min(b) FILTER (WHERE below >= greatest(1, ceil(${share} * total)))) AS q${i}`,
  );
  return `WITH counted AS (SELECT ${by}duration_bucket AS b, sum(rows) AS n FROM (${source}) s
    WHERE duration_bucket IS NOT NULL GROUP BY ${by}duration_bucket),
  running AS (SELECT ${by}b, sum(n) OVER (${partition}ORDER BY b) AS below, sum(n) OVER (${partition.trimEnd()}) AS total FROM counted)
  SELECT ${by}${picks.join(', ')} FROM running${group}`;
}
