// Makes a damaged store whole again: what is broken is moved away, what can be read of it is kept, and what is lost is said.

import { existsSync, readFileSync, renameSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { syncDirectory } from '../log/durable.ts';
import { type CheckReport, checkStore, type Problem } from './check.ts';
import { plainColumns } from './file-columns.ts';
import { makeFoldersIn } from './make-directory.ts';
import type { Segment } from './manifest.ts';
import { readFooter } from './parquet/read.ts';
import { encoderOf, type StoreColumn } from './parquet/row-group.ts';
import { readRows } from './read-rows.ts';
import { type FinishedSegment, planOf, SegmentWriter } from './segment.ts';
import { openStore, type Store, type StoreOptions } from './store.ts';

/** Damaged files are moved here, for whoever wants to look at them. */
export const DAMAGED_DIRECTORY = 'damaged';

export interface Repaired {
  readonly problem: Problem;
  /** What was done, in words. */
  readonly done: string;
  readonly lostRows: number;
}

export interface RepairReport {
  readonly before: CheckReport;
  readonly repaired: readonly Repaired[];
  readonly lostRows: number;
}

/** Checks and repairs. Throws a StoreError when the store is being written, or its manifest cannot be read. */
export function repairStore(directory: string, options: StoreOptions = {}): RepairReport {
  // The lock first: what a living writer is about to name is no leftover. Opening removes leftovers, so they are looked for before.
  const before = checkStore(directory);
  const store = openStore(directory, options);
  try {
    const repaired = before.problems.map((problem) => repair(store, problem, options));
    return { before, repaired, lostRows: repaired.reduce((sum, { lostRows }) => sum + lostRows, 0) };
  } finally {
    store.close();
  }
}

function repair(store: Store, problem: Problem, options: StoreOptions): Repaired {
  const { kind, segment, isRollup } = problem;
  if (kind === 'leftover') return { problem, done: 'removed', lostRows: 0 };
  if (kind === 'log') return { problem, done: 'left: the next writer steps over it', lostRows: 0 };
  if (segment === undefined) return { problem, done: 'left', lostRows: 0 };
  const current = store.manifest.segments.find(({ id, path }) => id === segment.id && path === segment.path);
  if (current === undefined) return { problem, done: 'gone with its segment', lostRows: 0 };
  const isThis = (one: Segment) => one === current;
  if (isRollup) {
    moveAway(store.directory, problem.path);
    const { rollup: _, ...rest } = current;
    store.commit({}, [rest], isThis);
    return { problem, done: 'dropped: the rows are whole, queries read them instead', lostRows: 0 };
  }
  if (kind === 'twice') {
    const others = store.manifest.segments.filter(({ id }) => id === segment.id);
    store.commit({}, [others[0]], ({ id }) => id === segment.id);
    return { problem, done: 'named once now', lostRows: 0 };
  }
  if (kind === 'import') {
    const { import: _, ...rest } = current;
    store.commit({}, [rest], isThis);
    return { problem, done: 'kept as live rows', lostRows: 0 };
  }
  const columns = store.manifest.schemas[segment.schema];
  const saved = columns === undefined ? undefined : salvage(store, segment, columns, options);
  moveAway(store.directory, segment.path);
  const kept = saved === undefined ? [] : [{ ...saved.segment, import: segment.import }];
  store.commit({}, kept, isThis, saved?.schemas);
  const savedRows = saved?.segment.rows ?? 0;
  const lostRows = segment.rows - savedRows;
  const span =
    segment.minTime === undefined ? '' : ` of ${segment.type} between ${segment.minTime} and ${segment.maxTime}`;
  const where = existsSync(join(store.directory, DAMAGED_DIRECTORY, basename(segment.path)))
    ? `; the file is in ${DAMAGED_DIRECTORY}/`
    : '';
  return { problem, done: `${savedRows} rows saved, ${lostRows} rows lost${span}${where}`, lostRows };
}

/** Writes the row groups whose checksum is right to a new segment; undefined when there are none. */
function salvage(
  store: Store,
  segment: Segment,
  columns: readonly StoreColumn[],
  options: StoreOptions,
): FinishedSegment | undefined {
  const plan = planOf(segment.type, columns, options);
  const encoder = encoderOf(options.compression);
  const directory = dirname(segment.path);
  const writer = new SegmentWriter(store.directory, directory, segment.type, plainColumns(columns), encoder, plan);
  try {
    const file = readFileSync(join(store.directory, segment.path));
    for (const [i, group] of readFooter(file).groups.entries()) {
      const from = group.chunks[0].offset;
      const to = from + group.chunks.reduce((sum, { length }) => sum + length, 0);
      if (segment.groups?.[i] !== crc32(file.subarray(from, to))) continue;
      writer.push(readRows(file, group, segment.type, columns));
    }
    if (writer.waitingRows === 0 && !writer.isCreated) return undefined;
    const finished = writer.finish(store.sync);
    if (store.sync) syncDirectory(join(store.directory, dirname(segment.path)));
    return finished;
  } catch {
    // Nothing to be had: not there, not readable, without a footer.
    writer.remove();
    return undefined;
  }
}

function moveAway(directory: string, path: string): void {
  if (!existsSync(join(directory, path))) return;
  makeFoldersIn(directory, DAMAGED_DIRECTORY);
  renameSync(join(directory, path), join(directory, DAMAGED_DIRECTORY, basename(path)));
}
