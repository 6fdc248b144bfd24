// A query as JSON, to be asked again: goQuery's names of its arguments, of all its versions (`sort_by`, `SortBy`), and ours.

import { z } from 'zod';
import { QueryError } from './error.ts';
import { suggestion } from './nearest.ts';
import type { QueryOptions } from './plan.ts';

/** What is stored besides what `QueryOptions` has. */
export interface StoredQuery extends QueryOptions {
  format?: string;
  /** The list of interfaces instead of a query. */
  isInterfaceList?: boolean;
  resolve?: { isEnabled: boolean; maxRows?: number; timeoutMs?: number };
}

const time = z.union([z.string(), z.number()]).transform(String);
/** goQuery's durations are ns, in its older versions seconds; no timeout is a microsecond or an hour. */
const timeout = z
  .number()
  .positive()
  .transform((n) => (n < 1e4 ? n * 1000 : n / 1e6));

const shape = z.object({
  query: z.string().optional(),
  condition: z.string().optional(),
  ifaces: z.string().optional(),
  first: time.optional(),
  last: time.optional(),
  in: z.boolean().optional(),
  out: z.boolean().optional(),
  sum: z.boolean().optional(),
  format: z.string().optional(),
  sortby: z.string().optional(),
  sortascending: z.boolean().optional(),
  numresults: z.int().nonnegative().optional(),
  list: z.boolean().optional(),
  timeresolution: z.string().optional(),
  records: z.array(z.string()).optional(),
  rows: z.boolean().optional(),
  dnsresolution: z
    .object({ enabled: z.boolean().optional(), maxrows: z.int().positive().optional(), timeout: timeout.optional() })
    .optional(),
  resolve: z.boolean().optional(),
  resolverows: z.int().positive().optional(),
  resolvetimeout: timeout.optional(),
});

/** Arguments of goQuery that ask nothing here: where its database is, who asks, how much memory it takes. */
const IGNORED = new Set(
  'hostname hostid queryhosts queryhostsresolvertype queryhostsresolvertypeargs external output version dbpath maxmempct lowmem caller querytimeout keepalive live'.split(
    ' ',
  ),
);

/** Reads one query. Throws QueryError with the key that is wrong. */
export function readStoredQuery(text: string): StoredQuery {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new QueryError(`the stored query is not JSON: ${(error as Error).message}`);
  }
  // goQuery's own test data keep their one query in a list.
  if (Array.isArray(value) && value.length === 1) value = value[0];
  const parsed = shape.safeParse(plainKeys(value));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new QueryError(`the stored query is not right: ${issue.path.join('.') || 'it'}: ${issue.message}`);
  }
  const given = parsed.data;
  const isNamed = given.dnsresolution?.enabled ?? given.resolve;
  return {
    columns: given.query || undefined,
    condition: given.condition || undefined,
    ...(given.ifaces ? { interfaces: [given.ifaces] } : {}),
    first: given.first || undefined,
    last: given.last || undefined,
    in: given.in,
    out: given.out,
    sum: given.sum,
    format: given.format || undefined,
    sort: given.sortby || undefined,
    ascending: given.sortascending,
    limit: given.numresults || undefined,
    types: given.records,
    isList: given.rows,
    isInterfaceList: given.list,
    timeResolution: given.timeresolution || undefined,
    ...(isNamed === undefined
      ? {}
      : {
          resolve: {
            isEnabled: isNamed,
            maxRows: given.dnsresolution?.maxrows ?? given.resolverows,
            timeoutMs: given.dnsresolution?.timeout ?? given.resolvetimeout,
          },
        }),
  };
}

/** Keys without case and underscores; those that ask nothing are gone. A Map keeps `__proto__` a key like others. */
function plainKeys(value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  const plain = new Map<string, unknown>();
  for (const [key, inner] of Object.entries(value)) {
    const name = key.toLowerCase().replace(/[^a-z]/g, '');
    if (IGNORED.has(name)) continue;
    if (!Object.hasOwn(shape.shape, name) && !['enabled', 'maxrows', 'timeout'].includes(name))
      throw new QueryError(`a stored query has no ${key}`, suggestion(key, Object.keys(shape.shape)));
    plain.set(name, plainKeys(inner));
  }
  return Object.fromEntries(plain);
}

/** The query as JSON with goQuery's present names. */
export function storedQueryText(query: StoredQuery): string {
  const { resolve } = query;
  const value = {
    query: query.columns,
    records: query.types,
    condition: query.condition,
    ifaces: query.interfaces?.join(','),
    first: query.first,
    last: query.last,
    in: query.in,
    out: query.out,
    sum: query.sum,
    rows: query.isList,
    list: query.isInterfaceList,
    format: query.format,
    sort_by: query.sort,
    sort_ascending: query.ascending,
    num_results: query.limit,
    time_resolution: query.timeResolution,
    dns_resolution:
      resolve === undefined
        ? undefined
        : {
            enabled: resolve.isEnabled,
            max_rows: resolve.maxRows,
            timeout: resolve.timeoutMs === undefined ? undefined : resolve.timeoutMs * 1e6,
          },
  };
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
