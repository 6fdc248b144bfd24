// Splits batches by the hour or day of their time column (UTC), and decides how fine: a capture that spans years must not
// become thousands of tiny files. A type begins with a file per hour; with more than MOST_PARTITIONS hours it goes on with a
// file per day; with more than MOST_PARTITIONS days with one file for all times. Queries lose nothing: they prune by the
// times in the manifest and in the row groups, not by folder.

import type { Column, ColumnBatch } from '../records/columns.ts';
import { pickRows } from './batches.ts';
import { ANY_TIME, type Level, SECONDS_PER_DAY, SECONDS_PER_HOUR } from './layout.ts';

export const MOST_PARTITIONS = 64;

type TimeColumn = Extract<Column, { kind: 'time' }>;

/** The time column of a batch: the first, as in the declaration. */
export function timeColumn(batch: ColumnBatch): TimeColumn | undefined {
  return batch.columns.find((column): column is TimeColumn => column.kind === 'time');
}

/** The batch in pieces, one per hour or day; rows without a time are in the piece ANY_TIME. */
export function splitByTime(batch: ColumnBatch, level: Level): [key: number, piece: ColumnBatch][] {
  const time = timeColumn(batch);
  if (level === 'all' || time === undefined) return [[ANY_TIME, batch]];
  const unit = level === 'hour' ? SECONDS_PER_HOUR : SECONDS_PER_DAY;
  const { seconds, present } = time;
  const keyAt = (row: number) =>
    present !== undefined && present[row] === 0 ? ANY_TIME : Math.floor(seconds[row] / unit);
  const first = keyAt(0);
  let row = 1;
  while (row < batch.rows && keyAt(row) === first) row++;
  if (row >= batch.rows) return [[first, batch]];
  const rowsOf = new Map<number, number[]>();
  for (row = 0; row < batch.rows; row++) {
    const key = keyAt(row);
    const rows = rowsOf.get(key);
    if (rows === undefined) rowsOf.set(key, [row]);
    else rows.push(row);
  }
  return [...rowsOf].map(([key, rows]) => [key, pickRows(batch, Uint32Array.from(rows))]);
}
