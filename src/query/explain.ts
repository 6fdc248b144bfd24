// How a query was understood, for --explain.

import type { Plan } from './plan.ts';
import { shownText } from './shown-text.ts';
import { isoTime } from './times.ts';

/** How exact percentiles of durations are that come from counts per bucket. */
export const BUCKETED = 'at most 3.2 % off, from counts of durations (--no-sums: exact, from the records)';

/** The plan in words, then each statement with its parameters. */
export function explain(plan: Plan): string {
  const columns = plan.columns.map((column) => (column.role === 'key' ? column.key.path : column.name));
  const lines = [
    `condition   ${plan.understood === undefined ? '(none: all records)' : shownText(plan.understood)}`,
    `records     ${plan.types.map((type) => type.name).join(', ')}`,
    `read from   ${plan.sources.join(', ')}`,
    `${plan.mode === 'groups' ? 'grouped by' : 'columns   '}  ${columns.join(', ')}`,
    `from        ${plan.firstNs === undefined ? 'the first record' : isoTime(plan.firstNs)}`,
    `until       ${plan.lastNs === undefined ? 'the last record' : isoTime(plan.lastNs)}`,
    `sorted by   ${plan.sortedBy}`,
    `limit       ${plan.limit ?? 'none'}`,
    ...(plan.isBucketed === true ? [`percentiles ${BUCKETED}`] : []),
    '',
    plan.rows.sql,
    ...parameters(plan.rows.params),
  ];
  if (plan.totals !== undefined) lines.push('', plan.totals.sql, ...parameters(plan.totals.params));
  return lines.join('\n');
}

const parameters = (params: readonly unknown[]): string[] =>
  params.map((value, i) => `  $${i + 1} = ${shownText(JSON.stringify(value))}`);
