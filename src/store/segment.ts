// One segment being written: batches are kept until a row group is full, then encoded and appended to its file. On the way the rows
// are summed up for the roll-ups in the file beside it.

import type { ColumnBatch } from '../records/columns.ts';
import { batchBytes, sliceBatch } from './batches.ts';
import { newSegmentId, ROLLUP_SUFFIX, SEGMENT_SUFFIX } from './layout.ts';
import { type Rollup, type Segment, schemaKey } from './manifest.ts';
import { columnsOf, ROW_GROUP_ROWS, type RowGroupEncoder, type StoreColumn } from './parquet/row-group.ts';
import { timeColumn } from './partition.ts';
import { RollupBuilder } from './rollup/aggregate.ts';
import { type RollupSpec, rollupForm } from './rollup/tables.ts';
import { type RowForm, type Unit, unitOfColumns } from './row-form.ts';
import { RowWriter } from './row-writer.ts';
import { rfc3339 } from './time.ts';

/** A row group is also closed when it holds this much: rows with long texts. */
const ROW_GROUP_BYTES = 40 * 1024 * 1024;

/** Fewer rows are read as fast as their sums would be. */
const FEW_ROWS = 2000;

/** A segment, and the columns of its files by the keys of their schemas. */
export interface FinishedSegment {
  readonly segment: Segment;
  readonly schemas: ReadonlyMap<string, readonly StoreColumn[]>;
}

/** What is known of a type beside its columns. */
export interface SegmentPlan {
  readonly rollups?: RollupSpec;
  /** Absent: rows stand as they come. */
  readonly form?: RowForm;
  /** That of all batches of the segment. */
  readonly unit: Unit;
}

/** For rows that stood in a segment with these columns. */
export function planOf(
  type: string,
  columns: readonly StoreColumn[],
  { rollups, forms }: { rollups?: readonly RollupSpec[]; forms?: readonly RowForm[] },
): SegmentPlan {
  const form = forms?.find((one) => one.type === type);
  const unit = form === undefined ? 'plain' : unitOfColumns(columns, form);
  return { rollups: rollups?.find((one) => one.type === type), form, unit };
}

export class SegmentWriter {
  readonly type: string;
  readonly columns: readonly StoreColumn[];
  readonly unit: Unit;
  /** Rows and memory of what is not in the file yet. */
  waitingRows = 0;
  waitingBytes = 0;
  readonly #id = newSegmentId();
  readonly #file: RowWriter;
  readonly #sums: RollupBuilder | undefined;
  /** Made when the first sums are to be written: many segments have none. */
  #sumsFile: RowWriter | undefined;
  #waiting: ColumnBatch[] = [];
  #minTime: string | undefined;
  #maxTime: string | undefined;

  /** `directory` is relative to `store`. */
  constructor(
    store: string,
    directory: string,
    type: string,
    columns: readonly StoreColumn[],
    encoder: RowGroupEncoder,
    { rollups, form, unit }: SegmentPlan,
  ) {
    this.type = type;
    this.columns = columns;
    this.unit = unit;
    this.#file = new RowWriter(store, `${directory}/${this.#id}${SEGMENT_SUFFIX}`, columns, encoder, form, unit);
    if (rollups === undefined) return;
    const sumsForm = form === undefined ? undefined : rollupForm(rollups);
    this.#sums = new RollupBuilder(rollups, (batch) => {
      const path = `${directory}/${this.#id}${ROLLUP_SUFFIX}`;
      this.#sumsFile ??= new RowWriter(store, path, columnsOf(batch), encoder, sumsForm, unit);
      this.#sumsFile.group([batch]);
    });
  }

  get path(): string {
    return this.#file.path;
  }
  /** Whether a part of it is in its file. */
  get isCreated(): boolean {
    return this.#file.isCreated;
  }
  /** Memory of its sums. */
  get sumsBytes(): number {
    return this.#file.isCreated ? (this.#sums?.bytes ?? 0) : 0;
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
    for (const batch of batches) {
      this.#noteTimes(batch);
      this.#sums?.add(batch);
    }
    this.#file.group(batches);
  }

  /** Writes the sums so far, to make room. */
  drainSums(): void {
    this.#sums?.drain();
  }

  /** Closes the segment. `sync`: it is on disk when this returns; its directory's entry is the caller's. */
  finish(sync: boolean): FinishedSegment {
    this.flush();
    const { rows, bytes, crc, footer } = this.#file.finish(sync);
    const { stored } = this.#file;
    const schema = schemaKey(stored);
    const schemas = new Map([[schema, stored]]);
    const rollup = this.#finishSums(sync, schemas);
    const times = { minTime: this.#minTime, maxTime: this.#maxTime };
    const { groups } = this.#file;
    const segment = {
      id: this.#id,
      path: this.path,
      type: this.type,
      schema,
      rows,
      bytes,
      ...times,
      crc,
      footer,
      groups,
      rollup,
    };
    return { segment, schemas };
  }

  #finishSums(sync: boolean, schemas: Map<string, readonly StoreColumn[]>): Rollup | undefined {
    if (this.#sums === undefined || (this.#sumsFile === undefined && this.#file.rows < FEW_ROWS)) return undefined;
    this.#sums.drain();
    const file = this.#sumsFile;
    if (file === undefined) return undefined;
    const { tables } = this.#sums;
    if (tables.length === 0) {
      file.remove();
      return undefined;
    }
    const schema = schemaKey(file.stored);
    schemas.set(schema, file.stored);
    return { path: file.path, ...file.finish(sync), schema, tables };
  }

  /** Removes its files. */
  remove(): void {
    this.#file.remove();
    this.#sumsFile?.remove();
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
