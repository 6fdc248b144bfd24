// Small segments become larger ones. A live store writes a segment per type at each rotation; per hour they are merged, so that
// queries open few files and columns compress well. The rows are the same, their sums are made anew, and the manifest that names
// the merged segment no longer names what it replaces.

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { plainColumns } from './file-columns.ts';
import type { Segment } from './manifest.ts';
import type { RowGroupEncoder, StoreColumn } from './parquet/row-group.ts';
import { readBatches } from './read-rows.ts';
import { type FinishedSegment, type SegmentPlan, SegmentWriter } from './segment.ts';

/** A segment of this many rows is large enough. */
const ENOUGH_ROWS = 500_000;
/** So many of about the same size are merged while their hour goes on; an hour that is over is merged as a whole. */
const MOST_ALIKE = 8;
/** Sizes within this factor are alike: each row is merged a few times only, however many segments there were. */
const ALIKE = 8;

export interface MergePlan {
  readonly segments: readonly Segment[];
}

/**
 * Which segments to merge with each other. `isOver` says whether no more rows are to be expected around a time (RFC 3339); with
 * `all` every place is taken for over.
 */
export function planMerges(segments: readonly Segment[], isOver: (time: string) => boolean): MergePlan[] {
  const places = Map.groupBy(segments, (segment) =>
    [segment.type, segment.import ?? '', dirname(segment.path), segment.schema].join('\n'),
  );
  const plans: MergePlan[] = [];
  for (const together of places.values()) {
    const small = together.filter(({ rows }) => rows < ENOUGH_ROWS).sort(byTime);
    const last = small.reduce((latest, { maxTime = '' }) => (maxTime > latest ? maxTime : latest), '');
    if (isOver(last)) plans.push(...inParts(small));
    else {
      const alike = Map.groupBy(small, ({ rows }) => Math.floor(Math.log(Math.max(1, rows)) / Math.log(ALIKE)));
      for (const some of alike.values()) if (some.length >= MOST_ALIKE) plans.push(...inParts(some));
    }
  }
  return plans;
}

const byTime = (a: Segment, b: Segment): number =>
  (a.minTime ?? '').localeCompare(b.minTime ?? '') || a.id.localeCompare(b.id);

/** Segments of together at most twice what is enough. */
function inParts(segments: readonly Segment[]): MergePlan[] {
  const plans: MergePlan[] = [];
  let part: Segment[] = [];
  let rows = 0;
  for (const segment of segments) {
    if (rows + segment.rows > ENOUGH_ROWS * 2) {
      plans.push({ segments: part });
      part = [];
      rows = 0;
    }
    part.push(segment);
    rows += segment.rows;
  }
  plans.push({ segments: part });
  return plans.filter((plan) => plan.segments.length > 1);
}

/** Writes the merged segment; nothing is committed. Throws a RangeError where a segment is damaged. */
export function mergeSegments(
  directory: string,
  { segments }: MergePlan,
  columns: readonly StoreColumn[],
  encoder: RowGroupEncoder,
  about: SegmentPlan,
  sync: boolean,
): FinishedSegment {
  const [{ path, type }] = segments;
  const writer = new SegmentWriter(directory, dirname(path), type, plainColumns(columns), encoder, about);
  try {
    for (const segment of segments) {
      const file = readSource(directory, segment);
      for (const batch of readBatches(file, type, columns)) writer.push(batch);
    }
    const merged = writer.finish(sync);
    const replaces = segments.map(({ id }) => id);
    const segment: Segment = { ...merged.segment, import: segments[0].import, replaces };
    const rows = segments.reduce((sum, one) => sum + one.rows, 0);
    if (segment.rows !== rows) throw new RangeError(`${segment.rows} rows came out of ${rows}`);
    return { ...merged, segment };
  } catch (error) {
    writer.remove();
    throw error;
  }
}

/** A file that is not there, or that the disk does not give back, is as good as damaged: the others are merged without it. */
function readSource(directory: string, { path }: Segment): Buffer {
  try {
    return readFileSync(join(directory, path));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new RangeError(`${path} is not there`);
    if (code === 'EIO') throw new RangeError(message);
    throw error;
  }
}
