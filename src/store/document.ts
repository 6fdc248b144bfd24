// A row of the store as the ECS document that the NDJSON of the same record would have been: all names of every field, the
// constants of the declaration, and what is derived from other columns.

import { formatV4, formatV6 } from '../records/address.ts';
import type { Field, JsonValue } from '../records/field.ts';
import { columnName, type RecordType } from '../records/record.ts';
import type { SqlValue } from './sql/values.ts';
import { columnKind } from './sql/views.ts';

/** As JSON has it; integers beyond 2^53 are bigint. */
export type DocumentValue = JsonValue | bigint | readonly DocumentValue[] | { readonly [name: string]: DocumentValue };
export type Document = { [name: string]: DocumentValue };

/** The value of a row's column; null or undefined when there is none. */
export type RowReader = (column: string) => SqlValue | undefined;

export interface DocumentOptions {
  /** Community ID of a row's flow: it has no column. Without this function, documents have none. */
  readonly communityId?: (row: RowReader) => string | undefined;
}

/** The document of a row; `row` has the values by the names of columns, as `SELECT *` of the type's view gives them. */
export function rowToDocument(
  type: RecordType,
  row: ReadonlyMap<string, SqlValue> | { readonly [column: string]: SqlValue },
  options: DocumentOptions = {},
): Document {
  const read: RowReader =
    row instanceof Map ? (column) => row.get(column) : (column) => (row as { [column: string]: SqlValue })[column];
  return documentOf(type, read, options);
}

/** For many rows of one query: makes documents from rows as arrays in the order of `columns`. */
export function documentMaker(
  type: RecordType,
  columns: readonly { readonly name: string }[],
  options: DocumentOptions = {},
): (row: readonly SqlValue[]) => Document {
  const places = new Map(columns.map(({ name }, i) => [name, i]));
  return (row) => documentOf(type, (column) => row[places.get(column) ?? -1], options);
}

function documentOf(type: RecordType, read: RowReader, options: DocumentOptions): Document {
  const document: Document = {};
  for (const field of Object.values(type.fields)) {
    const value = fieldValue(field, read, options);
    if (value === undefined || value === null) continue;
    for (const path of field.paths) put(document, path, value);
  }
  return document;
}

function fieldValue(field: Field, read: RowReader, options: DocumentOptions): DocumentValue | undefined {
  if (field.kind === 'constant') return field.sub as JsonValue;
  if (field.isDerived) return derived(field.paths[0], read, options);
  const name = columnName(field);
  const kind = columnKind(field);
  const value = kind === 'ip' ? addressText(name, read) : read(name);
  if (value === undefined || value === null) return undefined;
  if (kind === 'text' && field.kind !== 'text' && field.kind !== 'slice') return parseJson(String(value), field);
  return value as DocumentValue;
}

function parseJson(text: string, field: Field): DocumentValue {
  let value: DocumentValue;
  try {
    value = JSON.parse(text, exactInteger) as DocumentValue;
  } catch {
    return text;
  }
  return field.isSingle && Array.isArray(value) && value.length === 1 ? value[0] : value;
}

/** An integer that a double cannot hold is taken from its digits. */
function exactInteger(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || context?.source === undefined) return value;
  return /^-?\d+$/.test(context.source) ? BigInt(context.source) : value;
}

function derived(path: string, read: RowReader, options: DocumentOptions): DocumentValue | undefined {
  switch (path) {
    case 'network.bytes':
      return total(read('source_bytes'), read('destination_bytes'));
    case 'network.packets':
      return total(read('source_packets'), read('destination_packets'));
    case 'network.community_id':
      return options.communityId?.(read);
    case 'related.ip': {
      // Both ends, and what a DNS answer resolved to.
      const resolved = read('dns_resolved_ip');
      const more = typeof resolved === 'string' ? (JSON.parse(resolved) as string[]) : [];
      const all = [addressText('source_ip', read), addressText('destination_ip', read), ...more];
      return [...new Set(all.filter((address) => address !== undefined))];
    }
    case 'event.type':
      // Of flows: the last document of a flow says that it ended.
      return read('flow_final') === true ? ['connection', 'end'] : ['connection'];
    default:
      return undefined;
  }
}

function total(a: SqlValue | undefined, b: SqlValue | undefined): number | undefined {
  if ((a === null || a === undefined) && (b === null || b === undefined)) return undefined;
  return Number(a ?? 0) + Number(b ?? 0);
}

function addressText(name: string, read: RowReader): string | undefined {
  const text = read(name);
  // The columns keep ::ffff:10.0.0.1 and 10.0.0.1 as the same number: the flow's type tells which it was.
  if (typeof text === 'string') return read('network_type') === 'ipv6' && !text.includes(':') ? `::ffff:${text}` : text;
  const [high, low] = [read(`${name}_hi`), read(`${name}_lo`)];
  if (high === null || high === undefined || low === null || low === undefined) return undefined;
  const word = (half: SqlValue, shift: bigint) => Number((BigInt(half as number) >> shift) & 0xffffffffn);
  const isV4 = word(high, 32n) === 0 && word(high, 0n) === 0 && word(low, 32n) === 0xffff;
  if (isV4 && read('network_type') !== 'ipv6') return formatV4(word(low, 0n));
  return formatV6(word(high, 32n), word(high, 0n), word(low, 32n), word(low, 0n));
}

/** Sets `a.b.c`. Paths come from declarations, never from the wire. */
function put(document: Document, path: string, value: DocumentValue): void {
  const names = path.split('.');
  let at = document;
  for (const name of names.slice(0, -1)) at = (at[name] ??= {}) as Document;
  at[names[names.length - 1]] = value;
}
