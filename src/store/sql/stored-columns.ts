// SQL over segment files that undoes the forms of their columns (row-form.ts): what it selects has the declared names and types.

import { fileName, isPlain } from '../file-columns.ts';
import type { StoreColumn } from '../parquet/row-group.ts';
import { identifier, literal } from './text.ts';

export interface ViewFiles {
  /** Absolute paths. */
  readonly paths: readonly string[];
  /** The columns of each kind of segment among them. */
  readonly schemas: readonly (readonly StoreColumn[])[];
}

/** What stands behind FROM for all rows of these files. */
export function storedRows({ paths, schemas }: ViewFiles): string {
  if (paths.length === 0) return '(SELECT 1 WHERE false)';
  const union = schemas.length > 1 ? ', union_by_name = true' : '';
  const read = `read_parquet([${paths.map(literal).join(', ')}], hive_partitioning = false${union})`;
  if (schemas.every((columns) => columns.every(isPlain))) return read;
  const forms = Map.groupBy(schemas.flat(), ({ name }) => name);
  return `(SELECT ${[...forms].flatMap(([name, some]) => columnOf(name, some)).join(', ')} FROM ${read})`;
}

/** A column, from all forms that it has in some file: a row has one of them. */
function columnOf(name: string, forms: readonly StoreColumn[]): string[] {
  if (forms.some(({ kind }) => kind === 'ip')) return [identifier(`${name}_hi`), identifier(`${name}_lo`)];
  if (forms.every(isPlain)) return [identifier(name)];
  const values = new Set(forms.map(formSql));
  const all = [...values].join(', ');
  return [`${values.size === 1 ? all : `coalesce(${all})`} AS ${identifier(name)}`];
}

/** A form as its declared type. DuckDB takes a cast time for a reason to skip row groups, as it does a bare one. */
function formSql(column: StoreColumn): string {
  const { kind, before, isMicros } = column;
  const stored = identifier(fileName(column));
  if (kind === 'time' && before === undefined) return `CAST(${stored} AS TIMESTAMP_NS)`;
  if (kind !== 'time' && kind !== 'int') return stored;
  const ns = `CAST(${stored} AS BIGINT)${isMicros ? ' * 1000' : ''}`;
  // A time that is not there counts as 0, as in `toFile`.
  return before === undefined ? ns : `make_timestamp_ns(coalesce(epoch_ns(${identifier(before)}), 0) - ${ns})`;
}
