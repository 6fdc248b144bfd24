// Whether a store is whole: every file that the manifest names is there, has the length, the checksum and the rows that the manifest
// says; nothing else lies around; the log can be read. Only reads.

import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { listSegments, scanSegment } from '../log/segments.ts';
import { LOG_DIRECTORY } from './layout.ts';
import { writerOf } from './lock.ts';
import { type Manifest, type Rollup, readManifest, type Segment } from './manifest.ts';
import { readFooter } from './parquet/read.ts';
import { readBatches } from './read-rows.ts';
import { unreferencedFiles } from './unreferenced.ts';

export type ProblemKind =
  | 'missing'
  | 'length'
  | 'damaged'
  | 'rows'
  | 'schema'
  | 'twice'
  | 'import'
  | 'leftover'
  | 'log';

export interface Problem {
  readonly kind: ProblemKind;
  /** Relative to the store. */
  readonly path: string;
  /** What is wrong, in words that follow the path. */
  readonly what: string;
  /** The segment that it is about. */
  readonly segment?: Segment;
  /** The roll-up beside the segment is meant: its rows are sums and can be had again. */
  readonly isRollup?: boolean;
}

export interface CheckReport {
  readonly manifest: Manifest;
  readonly segments: number;
  readonly rows: number;
  readonly bytes: number;
  /** Process id of who writes to it now: then leftovers and the log are not looked at. */
  readonly writer: number | undefined;
  /** Batches in the log, whole ones. */
  readonly logFrames: number;
  readonly problems: readonly Problem[];
}

export interface CheckOptions {
  /** Every value is decoded, too; without it the checksums say enough. */
  readonly isDeep?: boolean;
  readonly onSegment?: (done: number, of: number) => void;
}

/** A store that changes all the time is not waited for. */
const MOST_ATTEMPTS = 5;

/** Throws a StoreError when there is no store or its manifest cannot be read. */
export function checkStore(directory: string, options: CheckOptions = {}): CheckReport {
  for (let attempt = 1; ; attempt++) {
    const report = checkOnce(directory, options);
    const isMissing = report.problems.some(({ kind }) => kind === 'missing');
    if (!isMissing || attempt === MOST_ATTEMPTS) return report;
    // A commit takes files away that are not needed any more: what is missing may be that.
    if (readManifest(directory).generation === report.manifest.generation) return report;
  }
}

function checkOnce(directory: string, options: CheckOptions): CheckReport {
  const manifest = readManifest(directory);
  const problems: Problem[] = [...checkManifest(manifest)];
  let rows = 0;
  let bytes = 0;
  for (const [i, segment] of manifest.segments.entries()) {
    problems.push(...checkFile(directory, manifest, segment, segment, options));
    if (segment.rollup !== undefined) {
      const found = checkFile(directory, manifest, segment, segment.rollup, options);
      problems.push(...found.map((problem) => ({ ...problem, isRollup: true })));
      bytes += segment.rollup.bytes;
    }
    rows += segment.rows;
    bytes += segment.bytes;
    options.onSegment?.(i + 1, manifest.segments.length);
  }
  // What a living writer has not committed yet looks like leftovers, and its log grows while it is read.
  const writer = writerOf(directory);
  for (const path of writer === undefined ? unreferencedFiles(directory, manifest) : []) {
    problems.push({ kind: 'leftover', path, what: 'belongs to nothing (a crash left it)' });
  }
  const log = writer === undefined ? checkLog(directory) : { frames: 0, problems: [] };
  problems.push(...log.problems);
  return { manifest, segments: manifest.segments.length, rows, bytes, writer, logFrames: log.frames, problems };
}

function* checkManifest({ segments, imports }: Manifest): Generator<Problem> {
  const ids = new Set<string>();
  for (const segment of segments) {
    const { id, path } = segment;
    if (ids.has(id)) yield { kind: 'twice', path, what: 'is named twice by the manifest', segment };
    ids.add(id);
    if (segment.import !== undefined && !Object.hasOwn(imports, segment.import)) {
      yield { kind: 'import', path, what: `belongs to an import that is not known: ${segment.import}`, segment };
    }
  }
}

/** A segment's own file or that of its roll-up. */
export function checkFile(
  directory: string,
  manifest: Manifest,
  segment: Segment,
  part: Segment | Rollup,
  { isDeep = false }: CheckOptions = {},
): Problem[] {
  const { path } = part;
  const problem = (kind: ProblemKind, what: string): Problem[] => [{ kind, path, what, segment }];
  const columns = manifest.schemas[part.schema];
  if (columns === undefined) return problem('schema', `has columns that the manifest does not know: ${part.schema}`);
  let file: Buffer;
  try {
    if (!existsSync(join(directory, path))) return problem('missing', `is not there: ${part.rows} rows`);
    const { size } = statSync(join(directory, path));
    if (size !== part.bytes) return problem('length', `has ${size} bytes instead of ${part.bytes}`);
    file = readFileSync(join(directory, path));
  } catch (error) {
    return problem('damaged', `cannot be read: ${(error as Error).message}`);
  }
  if (part.crc !== undefined && crc32(file) !== part.crc)
    return problem('damaged', 'has another checksum than when it was written');
  try {
    const footer = readFooter(file);
    if (footer.rows !== part.rows) return problem('rows', `has ${footer.rows} rows instead of ${part.rows}`);
    // Without a checksum of the file, those of its pages must do.
    if (isDeep || part.crc === undefined) for (const _ of readBatches(file, segment.type, columns, footer));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return problem('damaged', `is damaged: ${error.message}`);
  }
  return [];
}

function checkLog(directory: string): { frames: number; problems: Problem[] } {
  const path = join(directory, LOG_DIRECTORY);
  const problems: Problem[] = [];
  let frames = 0;
  if (!existsSync(path)) return { frames, problems };
  const segments = listSegments(path);
  for (const [i, segment] of segments.entries()) {
    const { end, size } = scanSegment(segment, true);
    const whole = segment.rows.filter((rows) => rows > 0).length;
    frames += whole;
    const where = segment.path.slice(directory.length + 1);
    if (whole < segment.rows.length) {
      const lost = segment.rows.length - whole;
      problems.push({ kind: 'log', path: where, what: `has ${lost} damaged batches` });
    }
    // At the end of the last one stands what was being written when the process died: nobody was told that it is safe.
    if (end < size && i < segments.length - 1) {
      problems.push({ kind: 'log', path: where, what: `has ${size - end} damaged bytes at its end` });
    }
  }
  return { frames, problems };
}
