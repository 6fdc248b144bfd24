// Column batches from plain values, and back from DuckDB: what the store's tests write and compare.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { Column, ColumnBatch } from '../../src/records/columns.ts';
import { readBatches } from '../../src/store/read-rows.ts';
import type { Store } from '../../src/store/store.ts';

export type Time = readonly [seconds: number, nanos: number];
export type Words = readonly [number, number, number, number];

type Values =
  | { kind: 'time'; values: readonly (Time | null)[] }
  | { kind: 'int' | 'float'; values: readonly (number | null)[] }
  | { kind: 'bool'; values: readonly (boolean | null)[] }
  | { kind: 'ip'; values: readonly (Words | null)[] }
  | { kind: 'keyword' | 'text'; values: readonly (string | null)[] };
export type NamedValues = Values & { name: string };

const encoder = new TextEncoder();

function joinTexts(texts: readonly string[]): { bytes: Uint8Array; offsets: Uint32Array } {
  const parts = texts.map((text) => encoder.encode(text));
  const offsets = new Uint32Array(parts.length + 1);
  for (const [i, part] of parts.entries()) offsets[i + 1] = offsets[i] + part.length;
  const bytes = new Uint8Array(offsets[parts.length]);
  for (const [i, part] of parts.entries()) bytes.set(part, offsets[i]);
  return { bytes, offsets };
}

function makeColumn(column: NamedValues): Column {
  const { name, values } = column;
  const present = values.some((value) => value === null)
    ? Uint8Array.from(values as readonly unknown[], (value) => (value === null ? 0 : 1))
    : undefined;
  switch (column.kind) {
    case 'time':
      return {
        name,
        kind: 'time',
        present,
        seconds: Uint32Array.from(column.values, (value) => value?.[0] ?? 0),
        nanos: Uint32Array.from(column.values, (value) => value?.[1] ?? 0),
      };
    case 'int':
    case 'float':
      return { name, kind: column.kind, present, values: Float64Array.from(column.values, (value) => value ?? 0) };
    case 'bool':
      return { name, kind: 'bool', present, values: Uint8Array.from(column.values, (value) => (value ? 1 : 0)) };
    case 'ip':
      return {
        name,
        kind: 'ip',
        present,
        words: Uint32Array.from(column.values.flatMap((value) => [...(value ?? [0, 0, 0, 0])])),
      };
    case 'keyword': {
      const entries = [...new Set(column.values.map((value) => value ?? ''))];
      const codeOf = new Map(entries.map((entry, code) => [entry, code]));
      const { bytes, offsets } = joinTexts(entries);
      const codes = Uint32Array.from(column.values, (value) => codeOf.get(value ?? '') ?? 0);
      return { name, kind: 'keyword', present, codes, dictionaryBytes: bytes, dictionaryOffsets: offsets };
    }
    case 'text':
      return { name, kind: 'text', json: false, present, ...joinTexts(column.values.map((value) => value ?? '')) };
  }
}

export function makeBatch(type: string, columns: readonly NamedValues[]): ColumnBatch {
  return { type, rows: columns[0].values.length, columns: columns.map(makeColumn) };
}

/** What a reader must give back for a column: for addresses, its two halves. */
export function expectedColumns(column: NamedValues): [name: string, values: unknown[]][] {
  switch (column.kind) {
    case 'time':
      return [
        [column.name, column.values.map((v) => (v === null ? null : BigInt(v[0]) * 1_000_000_000n + BigInt(v[1])))],
      ];
    case 'int':
      return [[column.name, column.values.map((v) => (v === null ? null : BigInt(v)))]];
    case 'ip': {
      const half = (at: 0 | 2) =>
        column.values.map((v) => (v === null ? null : (BigInt(v[at]) << 32n) | BigInt(v[at + 1])));
      return [
        [`${column.name}_hi`, half(0)],
        [`${column.name}_lo`, half(2)],
      ];
    }
    default:
      return [[column.name, [...column.values]]];
  }
}

let connection: Promise<DuckDBConnection> | undefined;

/** All values of a file as DuckDB reads them; times as ns, integers as BigInt. */
export async function readByDuckDb(path: string): Promise<Map<string, unknown[]>> {
  connection ??= DuckDBInstance.create(':memory:', { threads: '1' }).then((instance) => instance.connect());
  const result = await (await connection).runAndReadAll(`SELECT * FROM read_parquet('${path}')`);
  const names = result.columnNames();
  const columns = result.getColumns();
  return new Map(names.map((name, i) => [name, (columns[i] ?? []).map(plainValue)]));
}

function plainValue(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'nanos' in value ? value.nanos : value;
}

/** The numbers in column `value` of all rows of a type, in order. */
export function valuesOf(store: Store, type: string): number[] {
  const all: number[] = [];
  for (const segment of store.manifest.segments.filter((one) => one.type === type)) {
    const file = readFileSync(join(store.directory, segment.path));
    for (const { columns } of readBatches(file, type, [{ name: 'value', kind: 'int' }])) {
      if (columns[0].kind === 'int') all.push(...columns[0].values);
    }
  }
  return all.sort((a, b) => a - b);
}
