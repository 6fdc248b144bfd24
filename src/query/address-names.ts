// Names of the addresses in an answer, asked of DNS (PTR records, RFC 1035 section 3.5; ip6.arpa, RFC 3596) when the user wants
// them. The names are of now, not of when the packets passed, and who owns an address owns its name.

import { Resolver } from 'node:dns/promises';
import type { PlanColumn } from './draft.ts';
import type { Cell, QueryResult } from './run.ts';

export interface NameOptions {
  /** Only addresses of the first rows are asked for. */
  readonly maxRows: number;
  /** What has not come by then has no name. */
  readonly timeoutMs: number;
  /** `192.0.2.1` or `192.0.2.1:5353`; the system's servers otherwise. */
  readonly servers?: readonly string[];
}

export const DEFAULT_NAME_ROWS = 25;
export const DEFAULT_NAME_TIMEOUT_MS = 1000;

/** Names by address, of the addresses in the first rows. Never rejects: an address without a name is not in the map. */
export async function namesOfAddresses(
  result: QueryResult,
  options: NameOptions,
): Promise<ReadonlyMap<string, string>> {
  const addresses = new Set<string>();
  for (const row of result.rows.slice(0, options.maxRows))
    result.plan.columns.forEach((column, i) => {
      if (isAddress(column) && row[i] !== null) addresses.add(String(row[i]));
    });
  const names = new Map<string, string>();
  const resolver = new Resolver({ timeout: options.timeoutMs, tries: 1 });
  if (options.servers !== undefined) resolver.setServers(options.servers);
  const timer = setTimeout(() => resolver.cancel(), options.timeoutMs);
  await Promise.all(
    [...addresses].map((address) =>
      resolver.reverse(address).then(
        ([name]) => void (name && names.set(address, name)),
        () => undefined,
      ),
    ),
  );
  clearTimeout(timer);
  return names;
}

const isAddress = (column: PlanColumn): boolean => column.role === 'key' && column.key.kind === 'ip';

/** For eyes: the name in place of its address. */
export function nameInPlace(result: QueryResult, names: ReadonlyMap<string, string>): QueryResult {
  const { columns } = result.plan;
  const named = (cell: Cell, i: number) => (isAddress(columns[i]) ? (names.get(String(cell)) ?? cell) : cell);
  return { ...result, rows: result.rows.map((row) => row.map(named)) };
}

/** For programs: the address as it is and a column `<column>.domain` behind it. */
export function nameBeside(result: QueryResult, names: ReadonlyMap<string, string>): QueryResult {
  const { columns } = result.plan;
  const beside = <T>(cells: readonly T[], name: (cell: T, column: PlanColumn) => T): T[] =>
    cells.flatMap((cell, i) => (isAddress(columns[i]) ? [cell, name(cell, columns[i])] : [cell]));
  const withNames = beside<PlanColumn>(columns, (column) =>
    column.role === 'key'
      ? { role: 'key', key: { ...column.key, label: `${column.key.label}.domain`, kind: 'text' } }
      : column,
  );
  return {
    ...result,
    plan: { ...result.plan, columns: withNames },
    rows: result.rows.map((row) => beside(row, (cell) => names.get(String(cell)) ?? null)),
    totals: beside(result.totals, () => null),
  };
}
