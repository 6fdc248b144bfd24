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

/**
 * Rows in a row group at most, and so the unit in which DuckDB's threads read: about what its own writer uses, and as many as zstd's
 * blocks have bytes, so that each byte of split doubles has a block and a code of its own.
 */
export const ROW_GROUP_ROWS = 131_072;

/** A column as the store knows it: its name and its kind in a batch (`text` that is JSON is text), and its form in files (`../row-form.ts`). */
export interface StoreColumn {
  readonly name: string;
  readonly kind: Column['kind'];
  /** A time that is kept as its distance before the time in this column. */
  readonly before?: string;
  /** Times, distances and durations are whole µs, and kept as such. */
  readonly isMicros?: true;
  /** Integers that are kept as doubles. */
  readonly isDouble?: true;
}

/** A column of a file: `int` may be a time in µs since 1970, or be kept as doubles. */
export interface FileColumn {
  readonly name: string;
  readonly kind: Column['kind'];
  readonly as?: 'micros' | 'double';
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

/** The Parquet columns of a file's column: an address has two. */
export function parquetColumns(columns: readonly FileColumn[]): ParquetColumn[] {
  return columns.flatMap(({ name, kind, as }): ParquetColumn[] =>
    kind === 'ip'
      ? [
          { name: `${name}_hi`, kind: 'uint64' },
          { name: `${name}_lo`, kind: 'uint64' },
        ]
      : [{ name, kind: as ?? KINDS[kind] }],
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
  #empty: Chunk | undefined;

  /** `level`: zstd's compression level. */
  constructor(level = 1) {
    this.#builder = new ChunkBuilder(level);
  }

  /** The chunks of all rows of `batches`, in the order of `parquetColumns(columns)`. A column that a batch lacks is null there. */
  encode(columns: readonly FileColumn[], batches: readonly ColumnBatch[]): { rows: number; chunks: Chunk[] } {
    const rows = rowsOf(batches);
    const chunks = columns.flatMap((wanted, position) =>
      this.column(
        wanted,
        batches.map((batch) => ({ column: columnAt(batch, position, wanted), rows: batch.rows })),
        rows,
      ),
    );
    return { rows, chunks };
  }

  /** The chunks of one column of `rows` rows: an address has two. */
  column(wanted: FileColumn, pieces: readonly Piece[], rows: number): Chunk[] {
    const chunks: Chunk[] = [];
    if (pieces.some(({ column }) => column !== undefined)) this.#encodeColumn(wanted, pieces, rows, chunks);
    else for (let i = 0; i < (wanted.kind === 'ip' ? 2 : 1); i++) chunks.push(this.#nothing(rows));
    return chunks;
  }

  /** Most columns of a transaction have no values: they share one chunk. */
  #nothing(rows: number): Chunk {
    if (this.#empty?.values !== rows) this.#empty = this.#builder.nothing(rows);
    return this.#empty;
  }

  #encodeColumn({ kind, as }: FileColumn, pieces: readonly Piece[], rows: number, into: Chunk[]): void {
    const builder = this.#builder;
    const scratch = this.#scratch;
    switch (kind) {
      case 'time':
        into.push(encodeTimes(builder, scratch, pieces as Piece<ColumnOf<'time'>>[], rows));
        break;
      case 'int':
        into.push(
          encodeIntegers(builder, scratch, this.#words, pieces as Piece<ColumnOf<'int'>>[], rows, as === 'double'),
        );
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

export function rowsOf(batches: readonly ColumnBatch[]): number {
  let rows = 0;
  for (const batch of batches) rows += batch.rows;
  return rows;
}

/** The batch's column of that name, if it has values; batches of a type usually have the same columns in the same places. */
export function columnAt(batch: ColumnBatch, position: number, wanted: StoreColumn): Column | undefined {
  const there = batch.columns[position];
  const column = there?.name === wanted.name ? there : batch.columns.find(({ name }) => name === wanted.name);
  return column !== undefined && isSameKind(column.kind, wanted.kind) && !isNothing(column) ? column : undefined;
}

const isSameKind = (a: Column['kind'], b: Column['kind']): boolean =>
  a === b || (KINDS[a as 'int'] === 'string' && KINDS[b as 'int'] === 'string');
