// The rows of a segment's file as they were given to the store: for merging, checking and repairing. Queries go through DuckDB.

import type { ColumnBatch } from '../records/columns.ts';
import { fileColumns, fromFile } from './file-columns.ts';
import type { Footer, GroupPlace } from './parquet/footer.ts';
import { readFooter, readGroup } from './parquet/read.ts';
import type { StoreColumn } from './parquet/row-group.ts';

/** One row group as a batch. Throws a RangeError that says what is wrong with it. */
export function readRows(
  file: Uint8Array,
  group: GroupPlace,
  type: string,
  columns: readonly StoreColumn[],
): ColumnBatch {
  return fromFile(readGroup(file, group, type, fileColumns(columns)), columns);
}

/** All row groups of a file. */
export function* readBatches(
  file: Uint8Array,
  type: string,
  columns: readonly StoreColumn[],
  footer: Footer = readFooter(file),
): Generator<ColumnBatch> {
  for (const group of footer.groups) yield readRows(file, group, type, columns);
}
