// The files of one record type in a folder of Parquet files: rows become row groups, files have their names when they are complete.

import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { BinaryColumn } from '../records/binary.ts';
import { BinaryColumns } from '../records/binary-columns.ts';
import { ParquetFile } from '../store/parquet/file.ts';
import { parquetColumns, ROW_GROUP_ROWS, type RowGroupEncoder, type StoreColumn } from '../store/parquet/row-group.ts';
import { Output } from './output.ts';

/** A row group is also closed when its rows had so many bytes: long texts. */
const ROW_GROUP_BYTES = 32 * 1024 * 1024;

export interface ParquetOptions {
  /** Rows in a file at most. */
  readonly rows: number;
  /** A file is followed by the next when it has so many bytes. */
  readonly bytes: number;
}

export interface SeriesPlan {
  /** Name of the record type. */
  readonly type: string;
  readonly columns: readonly BinaryColumn[];
}

export class ParquetSeries {
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

  constructor(folder: string, plan: SeriesPlan, options: ParquetOptions, encoder: RowGroupEncoder) {
    this.#path = join(folder, plan.type);
    this.#options = options;
    this.#encoder = encoder;
    this.#rows = new BinaryColumns(plan.type, plan.columns);
    this.#columns = plan.columns.map(({ name, kind }) => ({ name, kind }));
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
    const batch = this.#rows.take();
    this.waitingBytes = 0;
    const { rows, chunks } = this.#encoder.encode(this.#columns, [batch]);
    this.#file!.group(rows, chunks);
    if (this.#file!.rows >= this.#options.rows || this.#file!.bytes >= this.#options.bytes) this.#complete();
  }

  end(): void {
    this.flush();
    this.#complete();
    for (let stale = this.#number; existsSync(this.#name(stale)); stale++) rmSync(this.#name(stale));
  }

  abandon(): void {
    const output = this.#output;
    this.#file = this.#output = undefined;
    output?.drop();
    rmSync(`${this.#name(this.#number)}.part`, { force: true });
  }

  #complete(): void {
    if (this.#file === undefined) return;
    this.#file.finish();
    const output = this.#output!;
    this.#file = this.#output = undefined;
    output.close();
    const name = this.#name(this.#number);
    renameSync(`${name}.part`, name);
    this.#number++;
  }

  #name(number: number): string {
    return number === 0 ? `${this.#path}.parquet` : `${this.#path}.${String(number).padStart(5, '0')}.parquet`;
  }
}
