// Where things are in a store's directory:
//   manifest.json                                       which segments there are; the only file that is ever replaced
//   lock                                                who writes
//   type=dns/day=2026-11-21/hour=14/<segment>.parquet   rows of one hour (UTC)
//   type=dns/day=2026-11-21/<segment>.parquet           rows of one day  } where an import has so many hours or days that
//   type=dns/<segment>.parquet                          rows of any time } the files would be tiny (see partition.ts)
//   …/<segment>.rollup                                 sums over the rows of the segment beside it, Parquet too
//   log/                                                live batches that are in no segment yet
//   live-<six letters>/                                 open flows for one question: a store that is read beside this one

import { randomBytes } from 'node:crypto';
import { dayText, hourText } from './time.ts';

export const MANIFEST_FILE = 'manifest.json';
/** In the folder of open flows: the manifest of the store that they belong to, as it was when they were copied. */
export const MANIFEST_BESIDE = 'beside.json';
export const LOCK_FILE = 'lock';
export const LOG_DIRECTORY = 'log';
export const SEGMENT_SUFFIX = '.parquet';
/** Not found by a reader that looks for `*.parquet`: its rows are sums. */
export const ROLLUP_SUFFIX = '.rollup';
export const TYPE_PREFIX = 'type=';

/** How fine the rows of a type are split into files. */
export type Level = 'hour' | 'day' | 'all';

export const SECONDS_PER_HOUR = 3600;
export const SECONDS_PER_DAY = 86_400;

/** The key of rows that are not split by time. */
export const ANY_TIME = -1;

/** Directory of a partition, relative to the store. `key` is the number of hours or days since 1970, or ANY_TIME. */
export function partitionPath(type: string, level: Level, key: number): string {
  const base =
    TYPE_PREFIX + type.replace(/[^A-Za-z0-9_.-]/g, (c) => `%${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
  if (level === 'all' || key === ANY_TIME) return base;
  if (level === 'day') return `${base}/day=${dayText(key)}`;
  return `${base}/day=${dayText(Math.floor(key / 24))}/hour=${hourText(key)}`;
}

export const newSegmentId = (): string => randomBytes(8).toString('hex');
