// One segment being written: batches are kept until a row group is full, then encoded and appended to the file. The file is
// opened for each append only, so that an import of many hours needs few descriptors.

import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { writeAll } from '../log/durable.ts';
import type { ColumnBatch } from '../records/columns.ts';
import { batchBytes, sliceBatch } from './batches.ts';
import { newSegmentId, SEGMENT_SUFFIX } from './layout.ts';
import { type Segment, schemaKey } from './manifest.ts';
import { ParquetFile } from './parquet/file.ts';
import { parquetColumns, ROW_GROUP_ROWS, type RowGroupEncoder, type StoreColumn } from './parquet/row-group.ts';
import { timeColumn } from './partition.ts';
import { rfc3339 } from './time.ts';

/** A row group is also closed when it holds this much: rows with long texts. */
const ROW_GROUP_BYTES = 32 * 1024 * 1024;

export class SegmentWriter {
  readonly type: string;
  readonly columns: readonly StoreColumn[];
  /** Rows and memory of what is not in the file yet. */
  waitingRows = 0;
  waitingBytes = 0;
  readonly #store: string;
  readonly #directory: string;
  readonly #id = newSegmentId();
  readonly #encoder: RowGroupEncoder;
  readonly #file: ParquetFile;
  #waiting: ColumnBatch[] = [];
  #parts: Uint8Array[] = [];
  #isCreated = false;
  #minTime: string | undefined;
  #maxTime: string | undefined;

  /** `directory` is relative to `store`. */
  constructor(
    store: string,
    directory: string,
    type: string,
    columns: readonly StoreColumn[],
    encoder: RowGroupEncoder,
  ) {
    this.#store = store;
    this.#directory = directory;
    this.type = type;
    this.columns = columns;
    this.#encoder = encoder;
    this.#file = new ParquetFile(parquetColumns(columns), (parts) => {
      this.#parts.push(...parts);
    });
  }

  get path(): string {
    return `${this.#directory}/${this.#id}${SEGMENT_SUFFIX}`;
  }
  /** Whether a part of it is in its file. */
  get isCreated(): boolean {
    return this.#isCreated;
  }

  push(batch: ColumnBatch): void {
    for (let from = 0; from < batch.rows; ) {
      const to = Math.min(batch.rows, from + ROW_GROUP_ROWS - this.waitingRows);
      const piece = sliceBatch(batch, from, to);
      this.#waiting.push(piece);
      this.waitingRows += piece.rows;
      this.waitingBytes += batchBytes(piece);
      if (this.waitingRows >= ROW_GROUP_ROWS || this.waitingBytes >= ROW_GROUP_BYTES) this.flush();
      from = to;
    }
  }

  /** Takes back what is not in the file yet. */
  takeWaiting(): ColumnBatch[] {
    const batches = this.#waiting;
    this.#waiting = [];
    this.waitingRows = this.waitingBytes = 0;
    return batches;
  }

  /** Writes what waits as a row group. */
  flush(): void {
    const batches = this.takeWaiting();
    if (batches.length === 0) return;
    for (const batch of batches) this.#noteTimes(batch);
    const { rows, chunks } = this.#encoder.encode(this.columns, batches);
    this.#file.group(rows, chunks);
    this.#append(false);
  }

  /** Closes the segment. `sync`: it is on disk when this returns; its directory's entry is the caller's. */
  finish(sync: boolean): Segment {
    this.flush();
    this.#file.finish();
    this.#append(sync);
    return {
      id: this.#id,
      path: this.path,
      type: this.type,
      schema: schemaKey(this.columns),
      rows: this.#file.rows,
      bytes: this.#file.bytes,
      minTime: this.#minTime,
      maxTime: this.#maxTime,
    };
  }

  #append(sync: boolean): void {
    if (!this.#isCreated) mkdirSync(join(this.#store, this.#directory), { recursive: true });
    const fd = openSync(join(this.#store, this.path), this.#isCreated ? 'a' : 'wx', 0o640);
    this.#isCreated = true;
    try {
      for (const part of this.#parts) writeAll(fd, part);
      this.#parts = [];
      if (sync) fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  }

  #noteTimes(batch: ColumnBatch): void {
    const time = timeColumn(batch);
    if (time === undefined) return;
    const { seconds, nanos, present } = time;
    let min = -1;
    let max = -1;
    for (let i = 0; i < batch.rows; i++) {
      if (present !== undefined && present[i] === 0) continue;
      if (min < 0) min = max = i;
      if (seconds[i] < seconds[min] || (seconds[i] === seconds[min] && nanos[i] < nanos[min])) min = i;
      if (seconds[i] > seconds[max] || (seconds[i] === seconds[max] && nanos[i] > nanos[max])) max = i;
    }
    if (min < 0) return;
    const minText = rfc3339(seconds[min], nanos[min]);
    const maxText = rfc3339(seconds[max], nanos[max]);
    if (this.#minTime === undefined || minText < this.#minTime) this.#minTime = minText;
    if (this.#maxTime === undefined || maxText > this.#maxTime) this.#maxTime = maxText;
  }
}
