// NDJSON: one document per line, to standard output (`ndjson:-`) or into a folder, a file per record type (`ndjson:DIR`).

import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { RecordType } from '../records/record.ts';
import type { TextBatch } from '../records/text-batch.ts';
import { makeDirectory } from '../store/make-directory.ts';
import { ReaderGone, SinkError, type TextSink } from './sink.ts';

const STDOUT = 1;
/** How long a full non-blocking pipe is waited for before it is tried again. */
const RETRY_MS = 2;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Writes all of it, also to a pipe that is full for now. */
export function writeAll(fd: number, bytes: Uint8Array, place: string): void {
  let at = 0;
  while (at < bytes.length) {
    try {
      at += writeSync(fd, bytes, at, bytes.length - at);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'EAGAIN') Atomics.wait(sleeper, 0, 0, RETRY_MS);
      else if (code === 'EPIPE') throw new ReaderGone();
      else throw new SinkError(`cannot write to ${place}: ${code === 'ENOSPC' ? 'the disk is full' : message}`);
    }
  }
}

export class NdjsonStdout implements TextSink {
  readonly encoding = 'ndjson';
  readonly name = 'ndjson:-';
  async open(): Promise<void> {}
  write(batch: TextBatch): void {
    writeAll(STDOUT, batch.bytes, 'standard output');
  }
  async close(): Promise<void> {}
  async abort(): Promise<void> {}
}

export class NdjsonFolder implements TextSink {
  readonly encoding = 'ndjson';
  readonly name: string;
  readonly #folder: string;
  readonly #files: { fd: number; path: string }[] = [];

  constructor(folder: string) {
    this.name = `ndjson:${folder}`;
    this.#folder = folder;
  }

  async open(types: readonly RecordType[]): Promise<void> {
    try {
      makeDirectory(this.#folder);
      for (const type of types) {
        const path = join(this.#folder, `${type.name}.ndjson`);
        this.#files.push({ fd: openSync(path, 'w'), path });
      }
    } catch (error) {
      throw new SinkError(
        `cannot write to the folder ${this.#folder}: ${(error as Error).message}; name another with --to ndjson:DIR`,
      );
    }
  }

  write(batch: TextBatch): void {
    // Rows of one type that stand together are written together.
    let from = 0;
    for (let row = 0; row < batch.rows; row++) {
      const type = batch.types[row];
      if (row + 1 < batch.rows && batch.types[row + 1] === type) continue;
      const { fd, path } = this.#files[type];
      writeAll(fd, batch.bytes.subarray(from, batch.ends[row]), path);
      from = batch.ends[row];
    }
  }

  async close(): Promise<void> {
    for (const { fd } of this.#files) {
      fsyncSync(fd);
      closeSync(fd);
    }
  }
  async abort(): Promise<void> {
    for (const { fd } of this.#files) closeSync(fd);
  }
}
