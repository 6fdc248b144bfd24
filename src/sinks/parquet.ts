// `parquet:DIR`: a Parquet file (zstd) per record type, for DuckDB, pandas, Spark and whoever reads the format. Columns have the ECS names
// that CSV has, addresses are text, times are nanoseconds, lists and objects are JSON text.
//
// A file has its name when it is complete; until then it is called NAME.part. A file that has become large enough is followed by
// NAME.00001.parquet and so on. What an earlier run left under these names is replaced, and files with higher numbers are removed, so the
// folder holds one run.

import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { BinaryColumns } from '../records/binary.ts';
import type { ColumnBatch } from '../records/columns.ts';
import type { RecordType } from '../records/record.ts';
import type { RowBatch } from '../records/row-batch.ts';
import { ParquetFile } from '../store/parquet/file.ts';
import {
  columnsOf,
  parquetColumns,
  ROW_GROUP_ROWS,
  RowGroupEncoder,
  type StoreColumn,
} from '../store/parquet/row-group.ts';
import { makeOutputFolder, Output } from './output.ts';
import type { RowSink } from './sink.ts';

/** A row group is also closed when its rows had so many bytes: long texts. */
const ROW_GROUP_BYTES = 32 * 1024 * 1024;
/** Bytes of rows that wait in all types together; beyond, the type with the most is written. */
const WAITING_BYTES = 96 * 1024 * 1024;
/** Files are read in small steps and seldom: better compression is worth its time here. */
const ZSTD_LEVEL = 3;

export interface ParquetOptions {
  /** Rows in a file at most. */
  readonly rows: number;
  /** A file is followed by the next when it has so many bytes. */
  readonly bytes: number;
}

export const PARQUET_DEFAULTS: ParquetOptions = { rows: Number.MAX_SAFE_INTEGER, bytes: 1024 ** 3 };

export class ParquetFolder implements RowSink {
  readonly encoding = 'binary';
  readonly name: string;
  readonly #folder: string;
  readonly #options: ParquetOptions;
  readonly #encoder = new RowGroupEncoder(ZSTD_LEVEL);
  #series: Series[] = [];

  constructor(folder: string, options: ParquetOptions = PARQUET_DEFAULTS) {
    this.name = `parquet:${folder}`;
    this.#folder = folder;
    this.#options = options;
  }

  async open(types: readonly RecordType[]): Promise<void> {
    makeOutputFolder(this.#folder, 'name another with --to parquet:DIR');
    this.#series = types.map((type) => new Series(this.#folder, type, this.#options, this.#encoder));
    for (const series of this.#series) series.begin();
  }

  write({ bytes, types, rows }: RowBatch): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let waiting = 0;
    for (const series of this.#series) waiting += series.waitingBytes;
    let at = 0;
    for (let row = 0; row < rows; row++) {
      const end = this.#series[types[row]].append(bytes, view, at);
      waiting += end - at;
      at = end;
    }
    if (waiting > WAITING_BYTES) {
      this.#series.reduce((most, series) => (series.waitingBytes > most.waitingBytes ? series : most)).flush();
    }
  }

  async close(): Promise<void> {
    for (const series of this.#series) series.end();
  }
  async abort(): Promise<void> {
    for (const series of this.#series) series.abandon();
  }
}

/** The files of one record type. */
class Series {
  /** Bytes of the rows that are in no file yet. */
  waitingBytes = 0;
  readonly #path: string;
  readonly #options: ParquetOptions;
  readonly #encoder: RowGroupEncoder;
  readonly #rows: BinaryColumns;
  readonly #columns: readonly StoreColumn[];
  #number = 0;
  #output: Output | undefined;
  #file: ParquetFile | undefined;

  constructor(folder: string, type: RecordType, options: ParquetOptions, encoder: RowGroupEncoder) {
    this.#path = join(folder, type.name);
    this.#options = options;
    this.#encoder = encoder;
    this.#rows = new BinaryColumns(type);
    this.#columns = columnsOf(this.#rows.take());
  }

  begin(): void {
    const output = new Output(`${this.#name(this.#number)}.part`, { isKept: false });
    this.#output = output;
    this.#file = new ParquetFile(parquetColumns(this.#columns), (parts) => {
      for (const part of parts) output.write(part);
    });
  }

  /** Takes the row at `from`; returns the offset behind it. */
  append(bytes: Uint8Array, view: DataView, from: number): number {
    if (this.#file === undefined) this.begin();
    const end = this.#rows.append(bytes, view, from);
    this.waitingBytes += end - from;
    const { rows } = this.#rows;
    const isFull = this.#file!.rows + rows >= this.#options.rows;
    if (isFull || rows >= ROW_GROUP_ROWS || this.waitingBytes >= ROW_GROUP_BYTES) this.flush();
    return end;
  }

  /** Writes what waits as a row group; ends the file when it is large enough. */
  flush(): void {
    if (this.#rows.rows === 0) return;
    const batches: ColumnBatch[] = [this.#rows.take()];
    this.waitingBytes = 0;
    const { rows, chunks } = this.#encoder.encode(this.#columns, batches);
    this.#file!.group(rows, chunks);
    if (this.#file!.rows >= this.#options.rows || this.#file!.bytes >= this.#options.bytes) this.#complete();
  }

  end(): void {
    this.flush();
    this.#complete();
    for (let stale = this.#number; existsSync(this.#name(stale)); stale++) rmSync(this.#name(stale));
  }

  abandon(): void {
    this.#output?.drop();
    rmSync(`${this.#name(this.#number)}.part`, { force: true });
  }

  #complete(): void {
    if (this.#file === undefined) return;
    this.#file.finish();
    this.#output!.close();
    const name = this.#name(this.#number);
    renameSync(`${name}.part`, name);
    this.#file = undefined;
    this.#output = undefined;
    this.#number++;
  }

  #name(number: number): string {
    return number === 0 ? `${this.#path}.parquet` : `${this.#path}.${String(number).padStart(5, '0')}.parquet`;
  }
}
