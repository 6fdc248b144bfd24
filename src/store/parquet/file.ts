// A Parquet file: row groups as they are handed in, then the footer that makes them readable.

import type { Chunk } from './chunk.ts';
import { ConvertedType, Encoding, MAGIC, type ParquetColumn, PHYSICAL, Repetition } from './format.ts';
import { ThriftType, ThriftWriter } from './thrift.ts';

interface ChunkPlace {
  readonly chunk: Omit<Chunk, 'parts'>;
  readonly offset: number;
}

/** Takes the file's bytes in order. */
export type Output = (parts: readonly Uint8Array[]) => void;

export class ParquetFile {
  readonly columns: readonly ParquetColumn[];
  rows = 0;
  /** Length of the file so far. */
  bytes = 0;
  readonly #output: Output;
  readonly #groups: { rows: number; places: ChunkPlace[] }[] = [];

  constructor(columns: readonly ParquetColumn[], output: Output) {
    this.columns = columns;
    this.#output = output;
    this.#write([Buffer.from(MAGIC)]);
  }

  #write(parts: readonly Uint8Array[]): void {
    for (const part of parts) this.bytes += part.length;
    this.#output(parts);
  }

  /** Appends a row group: one chunk per column of the file, in its order. */
  group(rows: number, chunks: readonly Chunk[]): void {
    const places: ChunkPlace[] = [];
    let offset = this.bytes;
    for (const { parts: _, ...chunk } of chunks) {
      places.push({ chunk, offset });
      offset += chunk.length;
    }
    this.#write(chunks.flatMap((chunk) => chunk.parts));
    this.#groups.push({ rows, places });
    this.rows += rows;
  }

  /** Writes the footer. */
  finish(): void {
    const footer = this.#footer();
    const tail = Buffer.alloc(8);
    tail.writeUInt32LE(footer.length, 0);
    tail.write(MAGIC, 4, 'latin1');
    this.#write([footer, tail]);
  }

  #footer(): Uint8Array {
    const t = new ThriftWriter().i32(1, 1);
    t.list(2, ThriftType.STRUCT, this.columns.length + 1);
    t.structElement().text(4, 'schema').i32(5, this.columns.length).end();
    for (const column of this.columns) writeSchemaElement(t, column);
    t.i64(3, this.rows);
    t.list(4, ThriftType.STRUCT, this.#groups.length);
    for (const { rows, places } of this.#groups) {
      let raw = 0;
      t.structElement().list(1, ThriftType.STRUCT, places.length);
      for (const [i, place] of places.entries()) {
        writeColumnChunk(t, this.columns[i], place);
        raw += place.chunk.rawLength;
      }
      t.i64(2, raw).i64(3, rows).end();
    }
    t.text(6, 'netscribe');
    // Without a column order, readers must not trust min_value and max_value.
    t.list(7, ThriftType.STRUCT, this.columns.length);
    for (const _ of this.columns) t.structElement().struct(1).end().end();
    return t.finish();
  }
}

function writeSchemaElement(t: ThriftWriter, { name, kind }: ParquetColumn): void {
  t.structElement().i32(1, PHYSICAL[kind]).i32(3, Repetition.OPTIONAL).text(4, name);
  if (kind === 'string') t.i32(6, ConvertedType.UTF8).struct(10).struct(1).end().end();
  else if (kind === 'int64' || kind === 'uint64') {
    const isSigned = kind === 'int64';
    t.i32(6, isSigned ? ConvertedType.INT_64 : ConvertedType.UINT_64);
    t.struct(10).struct(10).i8(1, 64).bool(2, isSigned).end().end();
  } else if (kind === 'timestamp' || kind === 'micros') {
    // LogicalType.TIMESTAMP(isAdjustedToUTC = false, unit = NANOS or MICROS). The times are UTC, but DuckDB 1.5 reads adjusted ones as
    // TIMESTAMP WITH TIME ZONE, which has microseconds only; unadjusted ones keep all nine digits (TIMESTAMP_NS).
    const unit = kind === 'micros' ? 2 : 3;
    t.struct(10).struct(8).bool(1, false).struct(2).struct(unit).end().end().end().end();
  }
  t.end();
}

function writeColumnChunk(t: ThriftWriter, { name, kind }: ParquetColumn, { chunk, offset }: ChunkPlace): void {
  const dataOffset = offset + chunk.dictionaryLength;
  t.structElement().i64(2, offset).struct(3);
  t.i32(1, PHYSICAL[kind]);
  t.list(2, ThriftType.I32, 2).i32Element(chunk.encoding).i32Element(Encoding.RLE);
  t.list(3, ThriftType.BINARY, 1).textElement(name);
  t.i32(4, chunk.codec).i64(5, chunk.values).i64(6, chunk.rawLength).i64(7, chunk.length).i64(9, dataOffset);
  if (chunk.dictionaryLength > 0) t.i64(11, offset);
  const { nulls, min, max } = chunk.statistics;
  t.struct(12).i64(3, nulls);
  if (min !== undefined && max !== undefined) t.binary(5, max).binary(6, min);
  t.end().end().end();
}
