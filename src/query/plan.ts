// A query → statements. Grouped queries (goQuery's) add up counters per combination of columns; list queries show records.

import type { RecordType } from '../records/record.ts';
import { columnWords, resolveColumns } from './columns.ts';
import type { Direction, Draft, PlanColumn } from './draft.ts';
import { QueryError } from './error.ts';
import { parseCondition } from './grammar.ts';
import { meansSeveral } from './interface-list.ts';
import type { Statement } from './params.ts';
import { planGroups } from './plan-groups.ts';
import { planList } from './plan-list.ts';
import { QUERY_TYPES } from './query-types.ts';
import { renderCondition } from './render.ts';
import { checkFields, chooseTypes } from './scope.ts';
import type { SourceFilter } from './source-filter.ts';
import { timeRange, timeResolution } from './time-range.ts';
import type { Vocabulary } from './vocabulary.ts';

export const DEFAULT_LIMIT = 1000;

export interface QueryOptions {
  /** Column list or query type: `sip,dport`, `talk_conv`. Absent: default columns. */
  columns?: string;
  condition?: string;
  /** `eth0`, `any`, `!eth2`, `/eth\d/`. */
  interfaces?: readonly string[];
  /** Times as `parseTime` takes them. */
  first?: string;
  last?: string;
  /** bytes, packets, time, count, duration, or a column. */
  sort?: string;
  ascending?: boolean;
  limit?: number;
  /** One figure for both directions, or only one direction: `out` was sent by the source, `in` by the destination. */
  sum?: boolean;
  in?: boolean;
  out?: boolean;
  /** Names of record types; absent: what the condition asks for. */
  types?: readonly string[];
  /** Width of time buckets: `5m`, `1h`, `auto`. */
  timeResolution?: string;
  /** How long the records last, for `auto` where no range is asked for. */
  spanNs?: bigint;
  /** What will answer keeps sums per minute and hour beside the records: the store's reader does. */
  hasSums?: boolean;
  /** Records instead of sums, with these columns. */
  isList?: boolean;
}

export interface Plan {
  readonly mode: 'groups' | 'list';
  readonly types: readonly RecordType[];
  readonly columns: readonly PlanColumn[];
  /** What is read: records, or the sums that the store keeps of them. */
  readonly sources: readonly string[];
  /** Rows; grouped queries carry the totals in each row, in the order of `totalNames` after the columns. */
  readonly rows: Statement;
  /** Totals of a list query: records, first time, last time, errors. */
  readonly totals?: Statement;
  /** How many records there are at all, asked when nothing matches. */
  readonly population: Statement;
  readonly understood: string | undefined;
  readonly condition: string | undefined;
  readonly sortedBy: string;
  /** Percentiles are the middles of buckets of durations: at most a 32nd of their value off. */
  readonly isBucketed?: boolean;
  readonly limit: number | undefined;
  readonly direction: Direction;
  readonly firstNs: bigint | undefined;
  readonly lastNs: bigint | undefined;
  readonly interfaces: readonly string[];
  readonly bucketNs: number | undefined;
}

/** The statements that answer a query. Throws QueryError, and ConditionError for the condition. */
export function planQuery(options: QueryOptions, vocabulary: Vocabulary): Plan {
  const text = options.condition?.trim() ?? '';
  const condition = text === '' ? undefined : parseCondition(text, vocabulary);
  const isFlowType = options.columns?.split(',').some((word) => QUERY_TYPES.has(word.trim().toLowerCase())) === true;
  const flows = vocabulary.types.filter((type) => type.family === 'flow');
  const types =
    options.types !== undefined && options.types.length > 0
      ? namedTypes(options.types, vocabulary)
      : isFlowType
        ? flows
        : chooseTypes(condition, columnWords(options.columns ?? ''), vocabulary);
  if (types.length === 0)
    throw new QueryError('there are no flow records here', 'Name a record type: netscribe records lists them');
  if (condition !== undefined) checkFields(condition, types, isFlowType, vocabulary);
  const limit = options.limit ?? DEFAULT_LIMIT;
  if (!Number.isInteger(limit) || limit < 1) throw new QueryError(`the limit ${limit} is not a number of rows`);
  const filter: SourceFilter = {
    condition,
    ...timeRange(options.first, options.last, vocabulary),
    interfaces: options.interfaces ?? [],
  };
  const isAllFlows = types.every((type) => type.family === 'flow');
  const isList = options.isList === true || (options.columns === undefined && !isAllFlows);
  let words = columnWords(options.columns ?? (isList ? '' : 'agg_talk_port'));
  const hasInterface = types.some((type) => vocabulary.resolve('iface')?.operands(type).length);
  // raw means all that there is: no interface, no such column.
  if (options.columns !== undefined && /(^|,)\s*raw\s*(,|$)/i.test(options.columns))
    words = words.filter((word) => word !== 'iface' || hasInterface);
  // Sums over several interfaces say of which each is, as goQuery's do.
  if (!isList && hasInterface && meansSeveral(filter.interfaces) && !words.includes('iface'))
    words.splice(words[0] === 'time' ? 1 : 0, 0, 'iface');
  const span = filter.first === undefined || filter.last === undefined ? options.spanNs : filter.last - filter.first;
  const bucketNs = timeResolution(options.timeResolution, span);
  const keys = resolveColumns(words, types, vocabulary).map((key) =>
    key.kind === 'time' && !isList ? { ...key, bucketNs } : key,
  );
  const hasTime = keys.some((key) => key.kind === 'time');
  const draft: Draft = {
    types,
    filter,
    vocabulary,
    // goQuery shows all of a time series unless told otherwise.
    limit: hasTime && !isList && options.limit === undefined ? undefined : limit,
    sort: options.sort?.toLowerCase(),
    isAscending: options.ascending,
    direction: directionOf(options),
    hasSums: options.hasSums === true,
  };
  const parts = isList ? planList(keys, draft) : planGroups(keys, draft);
  return {
    ...parts,
    mode: isList ? 'list' : 'groups',
    types,
    understood: condition === undefined ? undefined : renderCondition(condition),
    condition: text === '' ? undefined : text,
    limit: draft.limit,
    direction: draft.direction,
    firstNs: filter.first,
    lastNs: filter.last,
    interfaces: filter.interfaces,
    bucketNs: hasTime && !isList ? bucketNs : undefined,
  };
}

function namedTypes(names: readonly string[], vocabulary: Vocabulary): RecordType[] {
  return names.map((name) => {
    const type = vocabulary.typeNamed(name);
    if (type === undefined)
      throw new QueryError(`no record type ${name}`, `There are ${vocabulary.types.map((t) => t.name).join(', ')}`);
    return type;
  });
}

function directionOf(options: QueryOptions): Direction {
  if (options.sum === true || (options.in === true && options.out === true)) return 'sum';
  if (options.in === true) return 'in';
  return options.out === true ? 'out' : 'both';
}
