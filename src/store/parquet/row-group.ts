// Column batches → the Parquet columns and chunks of one row group.

import type { Column, ColumnBatch } from '../../records/columns.ts';
import { isNothing } from '../../records/nothing.ts';
import { type Chunk, ChunkBuilder } from './chunk.ts';
import { BytesDictionary, WordDictionary } from './dictionary.ts';
import { encodeAddressHalf } from './encode-addresses.ts';
import { encodeBooleans, encodeFloats, encodeIntegers, encodeTimes } from './encode-numbers.ts';
import { encodeStrings } from './encode-strings.ts';
import type { ParquetColumn, ParquetKind } from './format.ts';
import { type ColumnOf, type Piece, Scratch } from './gather.ts';

/** Rows in a row group at most: what DuckDB's own writer uses, and the unit in which its threads read. */
export const ROW_GROUP_ROWS = 122_880;

/** A column as the store knows it: its name and its kind in a batch (`text` that is JSON is text). */
export interface StoreColumn {
  readonly name: string;
  readonly kind: Column['kind'];
}

const KINDS: Record<Exclude<Column['kind'], 'ip'>, ParquetKind> = {
  time: 'timestamp',
  int: 'int64',
  float: 'double',
  bool: 'boolean',
  keyword: 'string',
  text: 'string',
};

/** The columns of a batch, in its order. */
export function columnsOf(batch: ColumnBatch): StoreColumn[] {
  return batch.columns.map(({ name, kind }) => ({ name, kind }));
}

/** The Parquet columns of a store column: an address has two. */
export function parquetColumns(columns: readonly StoreColumn[]): ParquetColumn[] {
  return columns.flatMap(({ name, kind }): ParquetColumn[] =>
    kind === 'ip'
      ? [
          { name: `${name}_hi`, kind: 'uint64' },
          { name: `${name}_lo`, kind: 'uint64' },
        ]
      : [{ name, kind: KINDS[kind] }],
  );
}

const encoders = new Map<number, RowGroupEncoder>();

/** The encoder of this thread for zstd's compression level `level`: its scratch memory (about 6 MB) serves all files. */
export function encoderOf(level = 1): RowGroupEncoder {
  let encoder = encoders.get(level);
  if (encoder === undefined) encoders.set(level, (encoder = new RowGroupEncoder(level)));
  return encoder;
}

/** Encodes row groups, one at a time. */
export class RowGroupEncoder {
  readonly #builder: ChunkBuilder;
  readonly #scratch = new Scratch();
  readonly #words = new WordDictionary();
  readonly #strings = new BytesDictionary();

  /** `level`: zstd's compression level. */
  constructor(level = 1) {
    this.#builder = new ChunkBuilder(level);
  }

  /** The chunks of all rows of `batches`, in the order of `parquetColumns(columns)`. A column that a batch lacks is null there. */
  encode(columns: readonly StoreColumn[], batches: readonly ColumnBatch[]): { rows: number; chunks: Chunk[] } {
    let rows = 0;
    for (const batch of batches) rows += batch.rows;
    const chunks: Chunk[] = [];
    const nothing = this.#builder.nothing(rows);
    for (const [position, wanted] of columns.entries()) {
      const pieces = batches.map((batch) => ({ column: columnAt(batch, position, wanted), rows: batch.rows }));
      if (pieces.some(({ column }) => column !== undefined)) this.#encodeColumn(wanted.kind, pieces, rows, chunks);
      else for (let i = 0; i < (wanted.kind === 'ip' ? 2 : 1); i++) chunks.push(nothing);
    }
    return { rows, chunks };
  }

  #encodeColumn(kind: Column['kind'], pieces: readonly Piece[], rows: number, into: Chunk[]): void {
    const builder = this.#builder;
    const scratch = this.#scratch;
    switch (kind) {
      case 'time':
        into.push(encodeTimes(builder, scratch, pieces as Piece<ColumnOf<'time'>>[], rows));
        break;
      case 'int':
        into.push(encodeIntegers(builder, scratch, this.#words, pieces as Piece<ColumnOf<'int'>>[], rows));
        break;
      case 'float':
        into.push(encodeFloats(builder, scratch, pieces as Piece<ColumnOf<'float'>>[], rows));
        break;
      case 'bool':
        into.push(encodeBooleans(builder, scratch, pieces as Piece<ColumnOf<'bool'>>[], rows));
        break;
      case 'ip':
        for (const half of [0, 1] as const) {
          into.push(encodeAddressHalf(builder, scratch, this.#words, pieces as Piece<ColumnOf<'ip'>>[], rows, half));
        }
        break;
      case 'keyword':
      case 'text':
        into.push(
          encodeStrings(builder, scratch, this.#strings, pieces as Piece<ColumnOf<'keyword' | 'text'>>[], rows),
        );
    }
  }
}

/** The batch's column of that name, if it has values; batches of a type usually have the same columns in the same places. */
function columnAt(batch: ColumnBatch, position: number, wanted: StoreColumn): Column | undefined {
  const there = batch.columns[position];
  const column = there?.name === wanted.name ? there : batch.columns.find(({ name }) => name === wanted.name);
  return column !== undefined && isSameKind(column.kind, wanted.kind) && !isNothing(column) ? column : undefined;
}

const isSameKind = (a: Column['kind'], b: Column['kind']): boolean =>
  a === b || (KINDS[a as 'int'] === 'string' && KINDS[b as 'int'] === 'string');
