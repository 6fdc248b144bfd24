// What is too old, or too much: whole segments go, the oldest first. Live rows are as old as they say; an import is as old as it is in
// the store, whatever the age of the capture.

import type { Manifest, Segment } from './manifest.ts';

export interface Retention {
  /** Seconds. */
  readonly ageSeconds?: number;
  /** Bytes of all segments with their roll-ups. */
  readonly sizeBytes?: number;
}

export interface PrunePlan {
  readonly segments: readonly Segment[];
  /** Imports that go as a whole. */
  readonly imports: readonly string[];
  readonly rows: number;
  readonly bytes: number;
}

export const bytesOf = ({ bytes, rollup }: Segment): number => bytes + (rollup?.bytes ?? 0);

/** Something that goes as a whole. */
interface Unit {
  /** Of its newest row, or of the import; RFC 3339. */
  readonly time: string;
  readonly segments: Segment[];
  readonly import: string | undefined;
}

/** What has to go at `nowMs` (Unix time). */
export function planPruning(manifest: Manifest, { ageSeconds, sizeBytes }: Retention, nowMs: number): PrunePlan {
  const units = unitsOf(manifest).sort((a, b) => a.time.localeCompare(b.time));
  const oldest = ageSeconds === undefined ? '' : new Date(Math.max(0, nowMs - ageSeconds * 1000)).toISOString();
  let left = manifest.segments.reduce((sum, segment) => sum + bytesOf(segment), 0);
  const gone: Unit[] = [];
  for (const unit of units) {
    const isTooOld = unit.time < oldest;
    const isTooMuch = sizeBytes !== undefined && left > sizeBytes;
    if (!isTooOld && !isTooMuch) break;
    gone.push(unit);
    for (const segment of unit.segments) left -= bytesOf(segment);
  }
  const segments = gone.flatMap((unit) => unit.segments);
  return {
    segments,
    imports: gone.map((unit) => unit.import).filter((name) => name !== undefined),
    rows: segments.reduce((sum, { rows }) => sum + rows, 0),
    bytes: segments.reduce((sum, segment) => sum + bytesOf(segment), 0),
  };
}

function unitsOf({ segments, imports }: Manifest): Unit[] {
  const units = new Map<string, Unit>();
  for (const [name, { committed }] of Object.entries(imports)) {
    units.set(name, { time: committed, segments: [], import: name });
  }
  const live: Unit[] = [];
  for (const segment of segments) {
    const unit = segment.import === undefined ? undefined : units.get(segment.import);
    if (unit !== undefined) unit.segments.push(segment);
    // Rows without a time are kept until nothing else is left.
    else live.push({ time: segment.maxTime ?? '9999', segments: [segment], import: undefined });
  }
  return [...units.values(), ...live];
}
