// A Parquet file of the store in the making. It is opened for each append only, so that an import of many hours needs few descriptors.

import { closeSync, fsyncSync, openSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { writeAll } from '../log/durable.ts';
import { makeFoldersIn } from './make-directory.ts';
import type { Chunk } from './parquet/chunk.ts';
import { ParquetFile } from './parquet/file.ts';
import { type FileColumn, parquetColumns } from './parquet/row-group.ts';

export interface FinishedFile {
  readonly rows: number;
  readonly bytes: number;
  /** CRC-32 of the file, and of what follows its row groups. */
  readonly crc: number;
  readonly footer: number;
}

export class SegmentFile {
  /** Relative to the store. */
  readonly path: string;
  /** Whether a part of it is on the disk. */
  isCreated = false;
  readonly #store: string;
  readonly #file: ParquetFile;
  #parts: Uint8Array[] = [];
  #crc = 0;
  /** CRC-32 of each row group. */
  readonly groups: number[] = [];

  constructor(store: string, path: string, columns: readonly FileColumn[]) {
    this.#store = store;
    this.path = path;
    this.#file = new ParquetFile(parquetColumns(columns), (parts) => {
      for (const part of parts) this.#parts.push(part);
    });
  }

  get rows(): number {
    return this.#file.rows;
  }

  /** Appends a row group. */
  group(rows: number, chunks: readonly Chunk[]): void {
    let crc = 0;
    for (const { parts } of chunks) for (const part of parts) crc = crc32(part, crc);
    this.groups.push(crc);
    this.#file.group(rows, chunks);
    this.#append(false);
  }

  /** Closes it. `sync`: it is on disk when this returns; its directory's entry is the caller's. */
  finish(sync: boolean): FinishedFile {
    const before = this.#parts.length;
    this.#file.finish();
    const footer = this.#parts.slice(before).reduce((crc, part) => crc32(part, crc), 0);
    this.#append(sync);
    return { rows: this.#file.rows, bytes: this.#file.bytes, crc: this.#crc, footer };
  }

  #append(sync: boolean): void {
    const path = join(this.#store, this.path);
    if (!this.isCreated) makeFoldersIn(this.#store, dirname(this.path));
    const fd = openSync(path, this.isCreated ? 'a' : 'wx', 0o640);
    this.isCreated = true;
    try {
      for (const part of this.#parts) {
        writeAll(fd, part);
        this.#crc = crc32(part, this.#crc);
      }
      this.#parts = [];
      if (sync) fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  }

  remove(): void {
    if (this.isCreated) rmSync(join(this.#store, this.path), { force: true });
  }
}
