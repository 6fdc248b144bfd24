// Rows of text: one stream (`ndjson:-`, `csv:-`, or one file), or a folder with a file per record type (`ndjson:DIR`, `csv:DIR`).

import { join } from 'node:path';
import { ENCODINGS, type EncodingName } from '../records/encodings.ts';
import type { RecordType } from '../records/record.ts';
import type { RowBatch } from '../records/row-batch.ts';
import { makeOutputFolder, Output } from './output.ts';
import { type RowSink, SinkUsageError } from './sink.ts';

export class RowStream implements RowSink {
  readonly encoding: EncodingName;
  readonly name: string;
  readonly #path: string;
  #output: Output | undefined;

  /** `path`: a file, or '-' for standard output. */
  constructor(encoding: EncodingName, path: string) {
    this.encoding = encoding;
    this.name = `${encoding}:${path}`;
    this.#path = path;
  }

  async open(types: readonly RecordType[]): Promise<void> {
    const headers = types.map((type) => ENCODINGS[this.encoding].header(type));
    if (types.length > 1 && headers.some((header) => header !== '')) {
      const names = types.map(({ name }) => name);
      throw new SinkUsageError(
        `${this.name} holds one kind of record, and there are ${names.length}: choose one, as in --records ${names[0]}, or name a folder with --to ${this.encoding}:DIR`,
      );
    }
    this.#output = new Output(this.#path);
    if (headers.length > 0) this.#output.write(Buffer.from(headers[0]));
  }

  write(batch: RowBatch): void {
    this.#output!.write(batch.bytes);
  }
  async close(): Promise<void> {
    this.#output!.close();
  }
  async abort(): Promise<void> {
    this.#output?.drop();
  }
}

export class RowFolder implements RowSink {
  readonly encoding: EncodingName;
  readonly name: string;
  readonly #folder: string;
  readonly #files: Output[] = [];

  constructor(encoding: EncodingName, folder: string) {
    this.encoding = encoding;
    this.name = `${encoding}:${folder}`;
    this.#folder = folder;
  }

  async open(types: readonly RecordType[]): Promise<void> {
    makeOutputFolder(this.#folder, `name another with --to ${this.encoding}:DIR`);
    for (const type of types) {
      const file = new Output(join(this.#folder, `${type.name}.${this.encoding}`));
      this.#files.push(file);
      file.write(Buffer.from(ENCODINGS[this.encoding].header(type)));
    }
  }

  /** Types alternate from row to row: each file's rows are put together first, because a system call costs more than copying a row. */
  write({ bytes, ends, types, rows }: RowBatch): void {
    const starts = new Uint32Array(this.#files.length + 1);
    for (let row = 0, from = 0; row < rows; row++) {
      starts[types[row] + 1] += ends[row] - from;
      from = ends[row];
    }
    for (let type = 0; type < this.#files.length; type++) starts[type + 1] += starts[type];
    const sorted = new Uint8Array(starts[this.#files.length]);
    const at = starts.slice();
    for (let row = 0, from = 0; row < rows; row++) {
      const type = types[row];
      // Rows of one type that stand together are copied together.
      if (row + 1 < rows && types[row + 1] === type) continue;
      sorted.set(bytes.subarray(from, ends[row]), at[type]);
      at[type] += ends[row] - from;
      from = ends[row];
    }
    for (const [type, file] of this.#files.entries()) {
      if (starts[type + 1] > starts[type]) file.write(sorted.subarray(starts[type], starts[type + 1]));
    }
  }

  async close(): Promise<void> {
    for (const file of this.#files) file.close();
  }
  async abort(): Promise<void> {
    for (const file of this.#files) file.drop();
  }
}
