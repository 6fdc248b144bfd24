// Runs a plan and reads the answer into plain cells.

import { Address } from '../records/address.ts';
import type { CellKind } from './columns.ts';
import type { PlanColumn } from './draft.ts';
import { QueryError } from './error.ts';
import type { Plan } from './plan.ts';

/** What can run SQL: the store's reader. Rows are arrays in the order of the columns. */
export interface Executor {
  query(sql: string, params: unknown[]): Promise<{ columns: { name: string; type: string }[]; rows: unknown[][] }>;
}

/** Times are Unix ns as bigint; integers above 2^53 are bigint; JSON columns stay text. */
export type Cell = string | number | bigint | boolean | null;

export interface QueryResult {
  readonly plan: Plan;
  readonly rows: readonly (readonly Cell[])[];
  /** One per column, null where there is nothing to add up. */
  readonly totals: readonly Cell[];
  /** Groups or records that match, shown or not. */
  readonly hits: number;
  /** List queries: how many of the hits have status Error. */
  readonly errors: number | undefined;
  /** Times of the first and the last record that match. */
  readonly firstNs: bigint | undefined;
  readonly lastNs: bigint | undefined;
  /** Records of the asked types, counted when nothing matches. */
  readonly population:
    | { readonly records: number; readonly firstNs: bigint | undefined; readonly lastNs: bigint | undefined }
    | undefined;
  readonly elapsedMs: number;
}

/** Answers the plan. Rejects with QueryError where the database refuses a value, else with the executor's own error. */
export async function runQuery(executor: Executor, plan: Plan): Promise<QueryResult> {
  const began = performance.now();
  const raw = await ask(executor, plan.rows);
  const rows = raw.map((row) => readRow(plan.columns, row));
  const width = plan.columns.reduce((n, column) => n + cellsOf(column), 0);
  let hits = rows.length;
  let errors: number | undefined;
  let span: [bigint | undefined, bigint | undefined] = [undefined, undefined];
  // Nothing adds up to nothing, not to what is not known.
  const isNothing = plan.totals === undefined && raw.length === 0;
  const totals: Cell[] = plan.columns.map((column) =>
    isNothing && column.role === 'counter' && column.hasTotal ? 0 : null,
  );
  if (plan.totals !== undefined) {
    const [row] = await ask(executor, plan.totals);
    hits = Number(row[0]);
    span = [nanos(row[1]), nanos(row[2])];
    errors = Number(row[3]);
  } else if (raw.length > 0) {
    const tail = raw[0].slice(width);
    let at = 0;
    plan.columns.forEach((column, i) => {
      if (column.role === 'counter') totals[i] = integer(tail[at++]);
    });
    hits = Number(tail[at]);
    span = [nanos(tail[at + 1]), nanos(tail[at + 2])];
  }
  let population: QueryResult['population'];
  if (hits === 0) {
    const [row] = await ask(executor, plan.population);
    population = { records: Number(row[0] ?? 0), firstNs: nanos(row[1]), lastNs: nanos(row[2]) };
  }
  return {
    plan,
    rows,
    totals,
    hits,
    errors,
    firstNs: span[0],
    lastNs: span[1],
    population,
    elapsedMs: performance.now() - began,
  };
}

async function ask(executor: Executor, statement: { sql: string; params: readonly unknown[] }): Promise<unknown[][]> {
  try {
    return (await executor.query(statement.sql, [...statement.params])).rows;
  } catch (error) {
    // RE2 has the last word about an expression; all else that users type was checked before.
    const text = error instanceof Error ? error.message : String(error);
    if (text.includes('Out of Memory Error'))
      throw new QueryError(
        'the answer needs more memory than it may take',
        'Narrow the time (-f, -l) or the columns, or allow more: --memory 80',
      );
    const regex = /Invalid Input Error: (.*)/.exec(text);
    if (regex !== null) throw new QueryError(`the database refuses an expression: ${regex[1].slice(0, 200)}`);
    throw error;
  }
}

const cellsOf = (column: PlanColumn): number => (column.role === 'key' && column.key.kind === 'ip' ? 2 : 1);

function readRow(columns: readonly PlanColumn[], row: readonly unknown[]): Cell[] {
  const cells: Cell[] = [];
  let at = 0;
  for (const column of columns) {
    if (column.role === 'counter') cells.push(integer(row[at]));
    else if (column.key.kind === 'ip') cells.push(address(row[at], row[at + 1]));
    else cells.push(readCell(column.key.kind, row[at]));
    at += cellsOf(column);
  }
  return cells;
}

function readCell(kind: CellKind, value: unknown): Cell {
  if (value === null || value === undefined) return null;
  switch (kind) {
    case 'time':
      return nanos(value) ?? null;
    case 'int':
    case 'duration':
      return integer(value);
    case 'float':
      return Number(value);
    case 'bool':
      return Boolean(value);
    default:
      return String(value);
  }
}

function integer(value: unknown): Cell {
  if (value === null || value === undefined) return null;
  const big = typeof value === 'number' ? BigInt(Math.round(value)) : BigInt(String(value));
  const number = Number(big);
  return Number.isSafeInteger(number) ? number : big;
}

function nanos(value: unknown): bigint | undefined {
  return value === null || value === undefined ? undefined : BigInt(String(value));
}

/** The address of the two halves that the store keeps; IPv4 stands there as ::ffff:a.b.c.d. */
function address(highValue: unknown, lowValue: unknown): Cell {
  if (highValue === null || highValue === undefined || lowValue === null || lowValue === undefined) return null;
  const high = BigInt(String(highValue));
  const low = BigInt(String(lowValue));
  const found = new Address();
  if (high === 0n && low >> 32n === 0xffffn) return found.setV4(Number(low & 0xffffffffn)).toString();
  return found
    .setV6(Number(high >> 32n), Number(high & 0xffffffffn), Number(low >> 32n), Number(low & 0xffffffffn))
    .toString();
}
