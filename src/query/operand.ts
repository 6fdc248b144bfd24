// What a name stands for in one record type: a column, a part of a JSON column, a constant, or a sum of columns.

import type { Field, Fields, JsonValue, Kind } from '../records/field.ts';
import type { RecordType } from '../records/record.ts';
import { columnName } from '../records/record.ts';

export type Operand =
  | { readonly shape: 'constant'; readonly path: string; readonly value: JsonValue }
  /** `sql` is an expression of one value; of kind `ip` it is the bare column name, for `<name>_hi`, `<name>_lo`, `<name>`. */
  | {
      readonly shape: 'value';
      readonly path: string;
      readonly kind: Kind;
      readonly unit?: string;
      readonly nameOfNumber?: (number: number) => string;
      readonly sql: string;
    }
  /** Several texts in a JSON column: its elements, one property of each element, or what stands under a key. */
  | {
      readonly shape: 'elements';
      readonly path: string;
      readonly kind: Kind;
      readonly unit?: string;
      readonly nameOfNumber?: (number: number) => string;
      readonly sql: string;
      readonly isSingle?: boolean;
      readonly property?: string;
      readonly key?: string;
    };

/** A column's name as SQL. Column names come from declarations, never from a user. */
export const quoted = (column: string): string => `"${column.replaceAll('"', '""')}"`;

/** The operand of a declared field, or undefined where the store has no column for it and none can be computed. */
export function fieldOperand(type: RecordType, field: Field): Operand | undefined {
  const path = field.paths[0];
  if (field.kind === 'constant') return { shape: 'constant', path, value: field.sub as JsonValue };
  if (field.isDerived) return sumOperand(type, path);
  const column = columnName(field);
  if (field.kind === 'ip') return { shape: 'value', path, kind: 'ip', sql: column };
  const sql = quoted(column);
  if (field.kind === 'keywords')
    return { shape: 'elements', path, kind: 'keywords', unit: field.unit, sql, isSingle: field.isSingle };
  return { shape: 'value', path, kind: field.kind, unit: field.unit, nameOfNumber: field.nameOfNumber, sql };
}

/** A sub-field of a list (`dns.answers.data`) or a key of a map (`http.request.headers.host`). */
export function partOperand(field: Field, rest: string): Operand | undefined {
  const sql = quoted(columnName(field));
  const path = `${field.paths[0]}.${rest}`;
  if (field.kind === 'map' || field.kind === 'json')
    return { shape: 'elements', path, kind: 'keywords', sql, key: rest };
  if (field.kind !== 'list') return undefined;
  for (const [property, sub] of Object.entries(field.sub as Fields)) {
    if (sub.paths.includes(rest) || property === rest)
      return {
        shape: 'elements',
        path,
        kind: sub.kind,
        unit: sub.unit,
        nameOfNumber: sub.nameOfNumber,
        sql,
        property: sub.paths[0],
      };
  }
  return undefined;
}

/** `network.bytes` and `network.packets`: both directions together; the store keeps only the parts. */
export function sumOperand(type: RecordType, path: string): Operand | undefined {
  const what = path === 'network.bytes' ? 'bytes' : path === 'network.packets' ? 'packets' : undefined;
  if (what === undefined) return undefined;
  const parts = [`source.${what}`, `destination.${what}`]
    .map((part) => Object.values(type.fields).find((field) => field.paths.includes(part)))
    .filter((field) => field !== undefined)
    .map((field) => quoted(columnName(field)));
  if (parts.length === 0) return undefined;
  const sum = parts.map((sql) => `coalesce(${sql}, 0)`).join(' + ');
  const absent = parts.map((sql) => `${sql} IS NULL`).join(' AND ');
  return { shape: 'value', path, kind: 'int', unit: what, sql: `(CASE WHEN ${absent} THEN NULL ELSE ${sum} END)` };
}
