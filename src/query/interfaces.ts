// The list of interfaces with what went over each: goQuery's `list`.

import { resolveColumns } from './columns.ts';
import type { Draft } from './draft.ts';
import { QueryError } from './error.ts';
import type { Plan } from './plan.ts';
import { COUNT, type Counter, counter, planGroups } from './plan-groups.ts';
import { timeRange } from './time-range.ts';
import type { Vocabulary } from './vocabulary.ts';

export interface InterfaceListOptions {
  interfaces?: readonly string[];
  first?: string;
  last?: string;
  sort?: string;
  ascending?: boolean;
  limit?: number;
  /** Both directions, and IPv4 and IPv6, apart. */
  isDetailed?: boolean;
  /** As for a query. */
  hasSums?: boolean;
}

const count = (name: string, label: string, sql: string): Counter => ({
  name,
  label,
  kind: 'count',
  sql,
  hasTotal: true,
});
const moment = (name: string, label: string, sql: string): Counter => ({
  name,
  label,
  kind: 'time',
  sql: `epoch_ns(${sql})`,
  hasTotal: false,
});

const FLOWS = count('flows', 'flows', COUNT);
const TIMES = [moment('first', 'first', 'min(t0)'), moment('last', 'last', 'max(t1)')];
const SUMS = [
  FLOWS,
  counter('packets', 'packets', 'packets', 'ps + pr'),
  counter('bytes', 'bytes', 'bytes', 'bs + br'),
];
const DETAILS = [
  FLOWS,
  count('flows_ipv4', 'IPv4 flows', 'CAST(coalesce(sum(n) FILTER (WHERE v4), 0) AS BIGINT)'),
  count('flows_ipv6', 'IPv6 flows', 'CAST(coalesce(sum(n) FILTER (WHERE NOT v4), 0) AS BIGINT)'),
  counter('packets_sent', 'packets sent', 'packets', 'ps'),
  counter('packets_received', 'packets received', 'packets', 'pr'),
  counter('bytes_sent', 'bytes sent', 'bytes', 'bs'),
  counter('bytes_received', 'bytes received', 'bytes', 'br'),
];

/** The interfaces by name. A flow counts once per flow document: per interval that it lasts. Throws QueryError. */
export function planInterfaces(options: InterfaceListOptions, vocabulary: Vocabulary): Plan {
  const types = vocabulary.types.filter((type) => type.family === 'flow');
  if (types.length === 0) throw new QueryError('there are no flow records here');
  const { first, last } = timeRange(options.first, options.last, vocabulary);
  const interfaces = options.interfaces ?? [];
  const draft: Draft = {
    types,
    filter: { condition: undefined, first, last, interfaces },
    vocabulary,
    limit: options.limit,
    sort: options.sort?.toLowerCase() ?? 'iface',
    isAscending: options.ascending,
    direction: 'sum',
    hasSums: options.hasSums === true,
  };
  const counters = [...(options.isDetailed === true ? DETAILS : SUMS), ...TIMES];
  return {
    ...planGroups(resolveColumns(['iface'], types, vocabulary), draft, counters),
    mode: 'groups',
    types,
    understood: undefined,
    condition: undefined,
    limit: options.limit,
    direction: 'sum',
    firstNs: first,
    lastNs: last,
    interfaces,
    bucketNs: undefined,
  };
}
