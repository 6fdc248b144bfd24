// Whether a file of the store is what was written, before and after a query reads it: DuckDB compares no checksums of its own.
//
// Pages carry a checksum that DuckDB's zstd compares when it unpacks them. What is beside them (statistics by which whole row groups are left
// out, places of columns, pages that are too small to be packed) is compared here: all of a small file, the footer of a large one.

import { closeSync, openSync, readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { checkFile } from './check.ts';
import type { Manifest } from './manifest.ts';
import { TAIL_BYTES } from './parquet/footer.ts';

/** Reading so much costs less than what DuckDB does to open a file. */
const SMALL_FILE_BYTES = 256 * 1024;
/** After so many files the thread does something else. */
const TURN = 100;

export interface StoredFile {
  /** Relative to the store. */
  readonly path: string;
  readonly bytes: number;
  readonly crc?: number;
  readonly footer?: number;
}

const buffer = Buffer.allocUnsafeSlow(SMALL_FILE_BYTES);
const OTHER_CHECKSUM = 'has another checksum than when it was written';

/** What is wrong with those of these files that a look finds damaged, by path. Files that are not there, or cut, are not among them. */
export async function damagedAtFirstSight(
  directory: string,
  files: readonly StoredFile[],
): Promise<Map<string, string>> {
  const damaged = new Map<string, string>();
  for (const [i, file] of files.entries()) {
    if (i % TURN === TURN - 1) await new Promise((resolve) => setImmediate(resolve));
    if (!isIntact(directory, file)) damaged.set(file.path, OTHER_CHECKSUM);
  }
  return damaged;
}

function isIntact(directory: string, { path, bytes, crc, footer }: StoredFile): boolean {
  let fd: number;
  try {
    fd = openSync(`${directory}/${path}`, 'r');
  } catch {
    return true;
  }
  try {
    if (crc !== undefined && bytes <= SMALL_FILE_BYTES) return isSum(read(fd, 0, bytes), bytes, crc);
    if (footer === undefined) return true;
    const tail = read(fd, bytes - TAIL_BYTES, TAIL_BYTES);
    if (tail.length < TAIL_BYTES) return true;
    const length = tail.readUInt32LE(0) + TAIL_BYTES;
    return length <= bytes && isSum(read(fd, bytes - length, length), length, footer);
  } catch {
    // A disk that does not give it: DuckDB will say so.
    return true;
  } finally {
    closeSync(fd);
  }
}

/** One that is cut is told by its length. */
const isSum = (found: Buffer, length: number, crc: number): boolean => found.length < length || crc32(found) === crc;

/** Valid until the next call, when it is small. */
function read(fd: number, from: number, length: number): Buffer {
  const into = length <= buffer.length ? buffer : Buffer.allocUnsafe(length);
  return into.subarray(0, readSync(fd, into, 0, length, from));
}

/** What is wrong with files of these types, by path: each is read as a whole. For when a question failed as one over damaged files does. */
export async function damagedFiles(
  directory: string,
  manifest: Manifest,
  types: ReadonlySet<string>,
): Promise<Map<string, string>> {
  const damaged = new Map<string, string>();
  for (const segment of manifest.segments) {
    if (!types.has(segment.type)) continue;
    for (const part of segment.rollup === undefined ? [segment] : [segment, segment.rollup]) {
      await new Promise((resolve) => setImmediate(resolve));
      const [problem] = checkFile(directory, manifest, segment, part);
      if (problem?.kind === 'damaged') damaged.set(part.path, problem.what);
    }
  }
  return damaged;
}

/** What DuckDB says when a file is not what it should be, not when a statement is. */
export function looksDamaged({ message }: Error): boolean {
  return /\b(?:Invalid|IO|Serialization) Error:|failed to read file|corrupt/i.test(message);
}
