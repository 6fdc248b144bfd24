// A view per record type over its segments: the declared columns with their declared types, whether any segment has them or
// not, and for each address a text column beside its halves, which DuckDB computes only when it is selected.

import type { Field } from '../../records/field.ts';
import { columnName, isComputed, type RecordType, restName } from '../../records/record.ts';
import type { StoreColumn } from '../parquet/row-group.ts';
import { COMPUTED } from './computed.ts';
import { storedRows, type ViewFiles } from './stored-columns.ts';
import { identifier, viewName } from './text.ts';

type ColumnKind = StoreColumn['kind'];

export const SQL_TYPES: Record<Exclude<ColumnKind, 'ip'>, string> = {
  time: 'TIMESTAMP_NS',
  int: 'BIGINT',
  float: 'DOUBLE',
  bool: 'BOOLEAN',
  keyword: 'VARCHAR',
  text: 'VARCHAR',
};

/** The kind of column that a field has in the store; undefined: it has none. */
export function columnKind(field: Field): ColumnKind | undefined {
  if (field.isDerived) return undefined;
  switch (field.kind) {
    case 'constant':
      return undefined;
    case 'time':
    case 'ip':
    case 'int':
    case 'float':
    case 'bool':
    case 'keyword':
      return field.kind;
    case 'duration':
      return 'int';
    default:
      return 'text';
  }
}

/** The columns that the declaration says. */
export function declaredColumns(type: RecordType): StoreColumn[] {
  const columns: StoreColumn[] = [];
  for (const field of Object.values(type.fields)) {
    const kind = columnKind(field);
    if (kind !== undefined) columns.push({ name: columnName(field), kind });
  }
  return columns;
}

/** Derived totals: the sum of both directions, where one is known. */
const TOTALS = new Map([
  ['network_bytes', ['source_bytes', 'destination_bytes']],
  ['network_packets', ['source_packets', 'destination_packets']],
]);

/** SQL that makes the view of a type; `declared` is undefined for a type that this program does not know (any more). */
export function createView(type: string, declared: RecordType | undefined, files: ViewFiles): string {
  return `CREATE OR REPLACE VIEW ${identifier(viewName(type))} AS ${selectRows(declared, files)}`;
}

/** SQL of all rows of these segments with the declared columns. */
export function selectRows(declared: RecordType | undefined, files: ViewFiles): string {
  const stored = new Map(files.schemas.flat().map((column) => [column.name, column]));
  const columns = new Map<string, StoreColumn>();
  for (const column of declared === undefined ? [] : declaredColumns(declared)) columns.set(column.name, column);
  for (const column of stored.values()) if (!columns.has(column.name)) columns.set(column.name, column);
  const select: string[] = [];
  for (const { name, kind } of columns.values()) {
    const computed = declared === undefined ? undefined : computedColumn(declared, name, stored);
    if (isRestOf(declared, name)) continue;
    if (computed === undefined) select.push(...columnSql(name, kind, stored.get(name)?.kind));
    else
      select.push(
        `${stored.has(name) ? `coalesce(${identifier(name)}, ${computed})` : computed} AS ${identifier(name)}`,
      );
  }
  for (const [total, [a, b]] of TOTALS) {
    if (columns.has(total) || columns.get(a)?.kind !== 'int' || columns.get(b)?.kind !== 'int') continue;
    const [x, y] = [a, b].map((name) => (stored.has(name) ? identifier(name) : 'NULL::BIGINT'));
    select.push(
      `CASE WHEN ${x} IS NOT NULL OR ${y} IS NOT NULL THEN coalesce(${x}, 0) + coalesce(${y}, 0) END AS ${total}`,
    );
  }
  if (select.length === 0) select.push('NULL AS nothing');
  return `SELECT ${select.join(', ')} FROM ${storedRows(files)}`;
}

/** SQL of a column that segments do not keep because it follows from others; undefined for all that they do keep. */
function computedColumn(type: RecordType, name: string, stored: ReadonlyMap<string, StoreColumn>): string | undefined {
  const field = Object.values(type.fields).find((one) => columnName(one) === name);
  if (field?.near !== undefined) return stored.has(restName(field)) ? sumOf(type, field) : undefined;
  if (field?.inputs === undefined || !isComputed(type, field)) return undefined;
  const inputs = field.inputs.map((property) => columnName(type.fields[property]));
  return inputs.every((input) => stored.has(input)) ? COMPUTED.get(field.paths[0])?.(inputs) : undefined;
}

/** A kept difference and what it is the difference from. */
function sumOf(type: RecordType, field: Field): string {
  const parts = Object.entries(field.near ?? {}).map(
    ([name, factor]) => `${factor} * coalesce(${identifier(columnName(type.fields[name]))}, 0)`,
  );
  return [identifier(restName(field)), ...parts].join(' + ');
}

/** Whether a column is the difference that another one is made from: no column of the view. */
function isRestOf(type: RecordType | undefined, name: string): boolean {
  return Object.values(type?.fields ?? {}).some((field) => field.near !== undefined && restName(field) === name);
}

function columnSql(name: string, kind: ColumnKind, storedAs: ColumnKind | undefined): string[] {
  const has = storedAs === kind || (storedAs !== undefined && storedAs !== 'ip' && kind !== 'ip');
  if (kind === 'ip') {
    const hi = identifier(`${name}_hi`);
    const lo = identifier(`${name}_lo`);
    if (has) return [hi, lo, `ip(${hi}, ${lo}) AS ${identifier(name)}`];
    return [`NULL::UBIGINT AS ${hi}`, `NULL::UBIGINT AS ${lo}`, `NULL::VARCHAR AS ${identifier(name)}`];
  }
  const column = identifier(name);
  if (!has) return [`NULL::${SQL_TYPES[kind]} AS ${column}`];
  // A column whose kind has changed since the segment was written is cast; what cannot be is null.
  return [
    SQL_TYPES[kind] === SQL_TYPES[storedAs as 'int']
      ? column
      : `TRY_CAST(${column} AS ${SQL_TYPES[kind]}) AS ${column}`,
  ];
}
