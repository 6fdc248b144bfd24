// What a store holds, in numbers.

import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { LOG_DIRECTORY } from './layout.ts';
import { writerOf } from './lock.ts';
import { readManifest } from './manifest.ts';

export interface TypeInfo {
  readonly type: string;
  segments: number;
  rows: number;
  /** Bytes of its rows, and of the sums beside them. */
  bytes: number;
  rollupBytes: number;
  /** Times of the first and the last row, RFC 3339; undefined when none has a time. */
  first: string | undefined;
  last: string | undefined;
}

export interface StoreInfo {
  readonly directory: string;
  readonly generation: number;
  readonly segments: number;
  readonly rows: number;
  readonly bytes: number;
  readonly imports: number;
  /** Bytes of the log of live batches. */
  readonly logBytes: number;
  /** Process id of who writes to it now. */
  readonly writer: number | undefined;
  readonly types: readonly TypeInfo[];
}

/** Throws a StoreError when there is no store or its manifest is damaged. */
export function storeInfo(directory: string): StoreInfo {
  const { segments, generation, imports } = readManifest(directory);
  const types = new Map<string, TypeInfo>();
  for (const { type, rows, bytes, rollup, minTime, maxTime } of segments) {
    let info = types.get(type);
    if (info === undefined) {
      info = { type, segments: 0, rows: 0, bytes: 0, rollupBytes: 0, first: minTime, last: maxTime };
      types.set(type, info);
    }
    info.segments++;
    info.rows += rows;
    info.bytes += bytes;
    info.rollupBytes += rollup?.bytes ?? 0;
    if (minTime !== undefined && (info.first === undefined || minTime < info.first)) info.first = minTime;
    if (maxTime !== undefined && (info.last === undefined || maxTime > info.last)) info.last = maxTime;
  }
  const all = [...types.values()].sort((a, b) => b.bytes - a.bytes);
  return {
    directory,
    generation,
    segments: segments.length,
    rows: all.reduce((sum, { rows }) => sum + rows, 0),
    bytes: all.reduce((sum, { bytes, rollupBytes }) => sum + bytes + rollupBytes, 0),
    imports: Object.keys(imports).length,
    logBytes: logBytes(join(directory, LOG_DIRECTORY)),
    writer: writerOf(directory),
    types: all,
  };
}

function logBytes(directory: string): number {
  if (!existsSync(directory)) return 0;
  let sum = 0;
  for (const name of readdirSync(directory)) {
    if (name.endsWith('.log')) sum += statSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0;
  }
  return sum;
}
