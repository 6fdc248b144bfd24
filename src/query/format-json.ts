// `-e json`: one object shaped like goQuery's result; `-e ndjson`: one object per row. Names of columns are ours or ECS's, never
// taken from records, so the text is put together here, with integers above 2^53 exact.

import { cellJson, machineName } from './machine.ts';
import type { QueryResult } from './run.ts';
import { isoTime } from './times.ts';

/** One JSON object per row. */
export function* ndjsonLines(result: QueryResult): Generator<string> {
  const { columns } = result.plan;
  const names = columns.map((column) => JSON.stringify(machineName(column)));
  for (const row of result.rows)
    yield `{${row.map((cell, i) => `${names[i]}:${cellJson(columns[i], cell)}`).join(',')}}\n`;
}

/** goQuery's counters: bytes and packets, received and sent. */
const SHORT_COUNTERS: ReadonlyMap<string, string> = new Map([
  ['bytes_received', 'br'],
  ['bytes_sent', 'bs'],
  ['packets_received', 'pr'],
  ['packets_sent', 'ps'],
]);
/** goQuery tells labels (where and when) from attributes (who and what). */
const LABELS: ReadonlyMap<string, string> = new Map([
  ['time', 'timestamp'],
  ['iface', 'iface'],
  ['hostname', 'host'],
]);

/** The whole answer as one object: status, summary, query, rows. */
export function jsonText(result: QueryResult, lacking: readonly string[] = []): string {
  const { plan } = result;
  const time = (ns: bigint | undefined) => (ns === undefined ? 'null' : `"${isoTime(ns)}"`);
  const totals = plan.columns.flatMap((column, i) =>
    column.role === 'counter' && column.hasTotal
      ? [member(SHORT_COUNTERS.get(column.name) ?? column.name, cellJson(column, result.totals[i]))]
      : [],
  );
  if (result.errors !== undefined)
    totals.push(member('count', String(result.hits)), member('errors', String(result.errors)));
  const names = plan.columns.filter((column) => column.role === 'key').map(machineName);
  return `{${[
    member('status', result.hits === 0 ? '{"code":"empty"}' : '{"code":"ok"}'),
    member(
      'summary',
      `{${[
        member('interfaces', JSON.stringify(plan.interfaces)),
        member('time_first', time(result.firstNs)),
        member('time_last', time(result.lastNs)),
        member('totals', `{${totals.join(',')}}`),
        member('timings', `{"query_duration_ns":${Math.round(result.elapsedMs * 1e6)}}`),
        member('hits', `{"displayed":${result.rows.length},"total":${result.hits}}`),
        member('data_available', String(result.hits > 0 || (result.population?.records ?? 0) > 0)),
        ...(lacking.length > 0 ? [member('lacking', JSON.stringify(lacking))] : []),
      ].join(',')}}`,
    ),
    member(
      'query',
      `{${[
        member('types', JSON.stringify(plan.types.map((type) => type.name))),
        member('attributes', JSON.stringify(names)),
        member('condition', JSON.stringify(plan.condition ?? null)),
        member('understood', JSON.stringify(plan.understood ?? null)),
        member('sort', JSON.stringify(plan.sortedBy)),
        member('direction', JSON.stringify(plan.direction)),
        ...(plan.isBucketed === true ? [member('percentile_error', '0.03125')] : []),
      ].join(',')}}`,
    ),
    member('rows', `[${[...jsonRows(result)].join(',')}]`),
  ].join(',')}}\n`;
}

function* jsonRows(result: QueryResult): Generator<string> {
  const { columns } = result.plan;
  for (const row of result.rows) {
    const labels: string[] = [];
    const attributes: string[] = [];
    const counters: string[] = [];
    row.forEach((cell, i) => {
      const column = columns[i];
      const name = machineName(column);
      const json = cellJson(column, cell);
      if (column.role === 'counter') counters.push(member(SHORT_COUNTERS.get(name) ?? name, json));
      else if (result.plan.mode === 'groups' && LABELS.has(name)) labels.push(member(LABELS.get(name)!, json));
      else attributes.push(member(name, json));
    });
    const parts = [member('labels', `{${labels.join(',')}}`), member('attributes', `{${attributes.join(',')}}`)];
    if (result.plan.mode === 'groups') parts.push(member('counters', `{${counters.join(',')}}`));
    yield `{${parts.join(',')}}`;
  }
}

const member = (name: string, json: string): string => `${JSON.stringify(name)}:${json}`;
