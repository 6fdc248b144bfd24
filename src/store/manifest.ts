// The manifest: the one file that says which segments a store has. Renaming a new manifest into place is the only commit
// there is, so a file that no manifest names does not exist for readers, and is removed by the next writer.

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '../log/durable.ts';
import { StoreError } from './errors.ts';
import { MANIFEST_FILE, TYPE_PREFIX } from './layout.ts';
import type { StoreColumn } from './parquet/row-group.ts';

const FORMAT = 'netscribe-store';
/** 1 had no forms of columns; stores of version 1 are read, and become version 2 with the next commit. */
const VERSION = 2;
const VERSIONS: readonly number[] = [1, VERSION];

export interface Segment {
  readonly id: string;
  /** Relative to the store, with slashes. */
  readonly path: string;
  readonly type: string;
  /** Key of its columns in `schemas`. */
  readonly schema: string;
  readonly rows: number;
  readonly bytes: number;
  /** Times of the first and the last row, RFC 3339 with nine digits; absent when no row has a time. */
  readonly minTime?: string;
  readonly maxTime?: string;
  /** Name of the import it belongs to; live segments have none. */
  readonly import?: string;
  /** CRC-32 of the file, of what follows its row groups, and of each of these; absent in segments of early versions. */
  readonly crc?: number;
  readonly footer?: number;
  readonly groups?: readonly number[];
  /** Ids of the segments that it was merged from. */
  readonly replaces?: readonly string[];
  /** The file beside it with the sums over its rows. */
  readonly rollup?: Rollup;
}

export interface Rollup {
  /** Relative to the store, with slashes. */
  readonly path: string;
  readonly rows: number;
  readonly bytes: number;
  readonly crc: number;
  readonly footer?: number;
  /** Key of its columns in `schemas`. */
  readonly schema: string;
  /** Signatures of the tables in it (see rollup/tables.ts). */
  readonly tables: readonly string[];
}

/** The files of a segment, relative to the store. */
export const filesOf = ({ path, rollup }: Segment): string[] => (rollup === undefined ? [path] : [path, rollup.path]);

/** What the caller wants to know about an import later: its inputs, options, counters. */
export type ImportMeta = { readonly [name: string]: unknown };

export interface Manifest {
  readonly format: typeof FORMAT;
  readonly version: typeof VERSION;
  /** Rises by one with every commit. */
  readonly generation: number;
  readonly schemas: { readonly [key: string]: readonly StoreColumn[] };
  readonly imports: { readonly [name: string]: { readonly committed: string; readonly meta: ImportMeta } };
  readonly segments: readonly Segment[];
  /** Live batches of the log below this sequence number are in segments. */
  readonly logNext: number;
  /** Ids of the newest live batches, oldest first, so that one sent twice is kept once. */
  readonly recentBatches: readonly string[];
}

export const EMPTY_MANIFEST: Manifest = {
  format: FORMAT,
  version: VERSION,
  generation: 0,
  schemas: {},
  imports: {},
  segments: [],
  logNext: 0,
  recentBatches: [],
};

/** Names a list of columns: the same columns have the same key. */
export function schemaKey(columns: readonly StoreColumn[]): string {
  const text = columns.map((column) => `${column.name}:${column.kind}${formText(column)}`).join(',');
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** Nothing for a column without a form, so that keys of version 1 are still those of their columns. */
const formText = ({ before, isMicros, isDouble }: StoreColumn): string =>
  `${before === undefined ? '' : `<${before}`}${isMicros ? ' us' : ''}${isDouble ? ' double' : ''}`;

export function hasManifest(directory: string): boolean {
  return existsSync(join(directory, MANIFEST_FILE));
}

/** Reads the manifest. Throws a StoreError when it is missing beside data, damaged, or of a newer version. */
export function readManifest(directory: string, file = MANIFEST_FILE): Manifest {
  const path = join(directory, file);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT')
      throw new StoreError(`the store at ${directory} cannot be read: ${message}`, code ?? 'unknown', path, error);
    if (hasSegments(directory)) {
      throw new StoreError(
        `the store at ${directory} has segments but no ${MANIFEST_FILE}: restore the file, or move the folder away`,
        'damaged',
        path,
      );
    }
    throw new StoreError(
      `there is no store at ${directory}: capture something first, or name another folder`,
      'missing',
      path,
    );
  }
  let manifest: Manifest;
  try {
    manifest = JSON.parse(text) as Manifest;
  } catch (error) {
    throw new StoreError(
      `${path} is damaged (${(error as Error).message}): restore it from a backup`,
      'damaged',
      path,
      error,
    );
  }
  if (manifest.format !== FORMAT || !Array.isArray(manifest.segments)) {
    throw new StoreError(`${path} is not the manifest of a store`, 'damaged', path);
  }
  if (!VERSIONS.includes(manifest.version)) {
    throw new StoreError(
      `${path} has version ${manifest.version}: this program knows ${VERSIONS.join(' and ')}; use a newer netscribe`,
      'version',
      path,
    );
  }
  return { ...manifest, version: VERSION };
}

/** Whether there is any segment, named or not. Folders alone are what a commit leaves that came to nothing. */
export function hasSegments(directory: string): boolean {
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch {
    return false;
  }
  return names.some((name) => name.startsWith(TYPE_PREFIX) && hasFiles(join(directory, name)));
}

function hasFiles(folder: string): boolean {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true }).some((entry) => entry.isFile());
  } catch {
    // Nobody knows: what cannot be looked at is not taken for nothing.
    return true;
  }
}

/**
 * Makes `manifest` the current one. `sync` false: not durable, for stores that live as long as the process. `confirm` throws when the folder
 * is not the one any more that the manifest is about.
 */
export function writeManifest(directory: string, manifest: Manifest, sync: boolean, confirm?: () => void): void {
  const { segments, ...head } = manifest;
  // One segment a line: a store of years stays readable and comparable.
  const lines = segments.map((segment) => JSON.stringify(segment)).join(',\n');
  const text = `${JSON.stringify(head).slice(0, -1)},"segments":[\n${lines}\n]}\n`;
  replaceFile(join(directory, MANIFEST_FILE), text, sync, confirm);
}
