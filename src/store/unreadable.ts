// Files that a manifest names and that can not be read: somebody removed them, they are cut, or not what was written. Queries answer from the
// others, and say so.

import { statSync } from 'node:fs';
import type { Manifest, Segment } from './manifest.ts';

export interface Unreadable {
  /** Relative to the store. */
  readonly path: string;
  /** In words that follow the path. */
  readonly what: string;
  readonly segment: Segment;
  /** The sums beside the segment: nothing is lost, its rows are read in their place. */
  readonly isRollup: boolean;
}

/** Looks at names and lengths only; `damaged` says what else is wrong with files, by path. */
export function unreadableFiles(
  directory: string,
  { segments }: Manifest,
  damaged: ReadonlyMap<string, string>,
): Unreadable[] {
  const found: Unreadable[] = [];
  for (const segment of segments) {
    const { rollup } = segment;
    const what = whatIsWrong(directory, segment) ?? damaged.get(segment.path);
    if (what !== undefined) found.push({ path: segment.path, what, segment, isRollup: false });
    const ofSums = rollup === undefined ? undefined : (whatIsWrong(directory, rollup) ?? damaged.get(rollup.path));
    if (ofSums !== undefined) found.push({ path: rollup!.path, what: ofSums, segment, isRollup: true });
  }
  return found;
}

function whatIsWrong(directory: string, { path, bytes }: { path: string; bytes: number }): string | undefined {
  try {
    const { size } = statSync(`${directory}/${path}`);
    return size === bytes ? undefined : `has ${size} bytes instead of ${bytes}`;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? 'is not there' : `can not be read: ${message}`;
  }
}

/** The manifest of what is left. */
export function withoutFiles(manifest: Manifest, unreadable: readonly Unreadable[]): Manifest {
  if (unreadable.length === 0) return manifest;
  const without = new Set(unreadable.map(({ path }) => path));
  const segments = manifest.segments.flatMap(({ rollup, ...segment }): Segment[] => {
    if (without.has(segment.path)) return [];
    return [rollup === undefined || without.has(rollup.path) ? segment : { ...segment, rollup }];
  });
  return { ...manifest, segments };
}

/** So many files are named. */
const NAMED = 5;

/** What to tell whoever got an answer: a line a file. */
export function unreadableWords(directory: string, unreadable: readonly Unreadable[]): string[] {
  const lines = unreadable.slice(0, NAMED).map(({ path, what, segment, isRollup }) => {
    const { type, rows, minTime, maxTime } = segment;
    const span = minTime === undefined ? '' : `, from ${minTime} to ${maxTime}`;
    const lack = isRollup ? 'the records are read in its place' : `the answer lacks ${rows} records of ${type}${span}`;
    return `${directory}/${path} ${what}: ${lack}`;
  });
  if (unreadable.length > NAMED) lines.push(`so are ${unreadable.length - NAMED} more files of ${directory}`);
  if (lines.length > 0)
    lines.push(
      `'netscribe store repair --store ${directory}' takes what is gone out of the store, and keeps what is left of damaged files`,
    );
  return lines;
}
