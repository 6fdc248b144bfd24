// A store: a directory of Parquet segments and the manifest that names them. See layout.ts for what is where.

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { syncDirectory } from '../log/durable.ts';
import type { LogOptions } from '../log/log.ts';
import type { ColumnBatch } from '../records/columns.ts';
import { type EncodedBatch, encodeBatch } from './batch-bytes.ts';
import { StoreError, writeError } from './errors.ts';
import { makingRoom } from './full-disk.ts';
import { type ImportHost, type ImportSummary, ImportWriter } from './import.ts';
import { LOG_DIRECTORY } from './layout.ts';
import { type LiveHost, LiveLog } from './live.ts';
import { WriterLock } from './lock.ts';
import { makeDirectory } from './make-directory.ts';
import {
  EMPTY_MANIFEST,
  filesOf,
  hasManifest,
  hasSegments,
  type ImportMeta,
  type Manifest,
  readManifest,
  type Segment,
  writeManifest,
} from './manifest.ts';
import { type MergePlan, mergeSegments, planMerges } from './merge.ts';
import { encoderOf, type StoreColumn } from './parquet/row-group.ts';
import { type PrunePlan, planPruning, type Retention } from './retention.ts';
import { planOf } from './segment.ts';
import { SegmentSet, type SegmentSetOptions } from './segment-set.ts';
import { removeFiles, removeUnreferenced } from './unreferenced.ts';

export interface StoreOptions extends SegmentSetOptions {
  /** Only reads: takes no lock, changes no file; the store must exist. */
  readonly readOnly?: boolean;
  /** False: commits are atomic but not flushed to the disk, for stores that live as long as their process. */
  readonly sync?: boolean;
  /** zstd's compression level of segments. */
  readonly compression?: number;
  /** The log of live batches: flushed before each is acknowledged unless this says otherwise. */
  readonly log?: LogOptions;
  /** How long files stay that a commit replaced, for readers that still have the former manifest. 0: they go at once. */
  readonly graceMs?: number;
}

export interface MergeSummary {
  /** Segments before and after. */
  readonly merged: number;
  readonly into: number;
  readonly rows: number;
  /** What is wrong with segments that could not be merged, because one of them is damaged. */
  readonly damaged: readonly string[];
}

/** Opens a store, making it when it is not there. Throws a StoreError: locked, damaged, missing (read-only), or the system's reason. */
export function openStore(directory: string, options: StoreOptions = {}): Store {
  if (options.readOnly) return new Store(directory, options, readManifest(directory), undefined);
  let lock: WriterLock | undefined;
  try {
    makeDirectory(directory);
    lock = WriterLock.take(directory);
    // The first manifest comes before the first segment: segments without a manifest are then always a loss, never a leftover.
    if (!hasManifest(directory) && !hasSegments(directory)) {
      const held = lock;
      writeManifest(directory, EMPTY_MANIFEST, options.sync ?? true, () => mustHold(held, directory));
    }
    const manifest = readManifest(directory);
    mustHold(lock, directory);
    removeUnreferenced(directory, manifest);
    return new Store(directory, options, manifest, lock);
  } catch (error) {
    lock?.release();
    throw writeError(directory, error);
  }
}

/** Throws a StoreError `gone` when the folder is not the one that was opened: it was moved away, removed, or exchanged for another. */
function mustHold(lock: WriterLock, directory: string): void {
  if (lock.isHeld()) return;
  const words = `the store at ${directory} is gone: it was moved away or removed while it was being written`;
  throw new StoreError(words, 'gone', directory);
}

export class Store implements ImportHost, LiveHost {
  readonly directory: string;
  readonly sync: boolean;
  readonly #options: StoreOptions;
  readonly #lock: WriterLock | undefined;
  readonly #imports = new Set<ImportWriter>();
  #live: LiveLog | undefined;
  /** Files of replaced segments, and until when (Unix time in ms) they stay. */
  readonly #replaced = new Map<string, number>();
  /** Ids of segments that could not be merged. */
  readonly #damaged = new Set<string>();
  #manifest: Manifest;
  #isClosed = false;

  /** Use `openStore`. */
  constructor(directory: string, options: StoreOptions, manifest: Manifest, lock: WriterLock | undefined) {
    this.directory = directory;
    this.sync = options.sync ?? true;
    this.#options = options;
    this.#manifest = manifest;
    this.#lock = lock;
  }

  get manifest(): Manifest {
    return this.#manifest;
  }

  /** Reads the manifest again: what other processes committed since. */
  refresh(): Manifest {
    if (this.#lock === undefined) this.#manifest = readManifest(this.directory);
    return this.#manifest;
  }

  /** Begins an import; it gets its name when it is committed, because the digest of what was read is known only then. */
  beginImport(): ImportWriter {
    this.#mustWrite();
    const writer = new ImportWriter(this, this.newSegments());
    this.#imports.add(writer);
    return writer;
  }

  /**
   * Takes a live batch. Resolves when it is acknowledged: in the log, flushed as the log's policy says. A batch that was sent
   * before with the same id is kept once. It is seen by queries after the next `rotate`.
   */
  append(batch: ColumnBatch, id?: string): Promise<void> {
    return this.appendEncoded({ type: batch.type, rows: batch.rows, bytes: encodeBatch(batch) }, id);
  }

  /** The same with a batch that is bytes already; they are read before this returns. */
  async appendEncoded(batch: EncodedBatch, id?: string): Promise<void> {
    try {
      await this.live().append(batch, id);
      // A descriptor knows nothing of folders: what was flushed may be in a log that nobody reads any more.
      if (!this.#isClosed) this.mustBeInPlace();
    } catch (error) {
      throw writeError(this.directory, error);
    }
  }

  /** Turns the live batches into segments. */
  rotate(): ImportSummary {
    const nothing = { segments: 0, rows: 0, bytes: 0 };
    if (this.#live === undefined && !existsSync(join(this.directory, LOG_DIRECTORY))) return nothing;
    try {
      return this.live().rotate();
    } catch (error) {
      throw writeError(this.directory, error);
    }
  }

  /** The log of live batches; opened when it is needed first. */
  live(): LiveLog {
    this.#mustWrite();
    if (this.#live?.hasFailed) this.#renewLive(this.#live);
    this.#live ??= new LiveLog(this, this.#options.log ?? {});
    return this.#live;
  }

  /**
   * A flush of the log failed, and the system forgets what it could not write: what the log has is written anew, as segments,
   * before anything else is acknowledged. Throws while that does not work.
   */
  #renewLive(failed: LiveLog): void {
    const renewed = new LiveLog(this, this.#options.log ?? {});
    try {
      renewed.rotate();
    } catch (error) {
      renewed.close();
      throw error;
    }
    failed.close();
    this.#live = renewed;
  }

  /** Bytes of live batches that are not in segments. */
  get logBytes(): number {
    return this.#live?.bytes ?? 0;
  }

  /** Records of live batches that are in no segment yet, and that went with the log that they were in. */
  get lostRows(): number {
    return this.#live?.lostRows ?? 0;
  }

  /** Live batches that were acknowledged and could not be read when they were to become segments. */
  get damagedBatches(): number {
    return this.#live?.damagedBatches ?? 0;
  }

  newSegments(): SegmentSet {
    return new SegmentSet(this.directory, encoderOf(this.#options.compression), this.#options);
  }

  /** Removes an import and its segments. Returns whether there was one. */
  removeImport(name: string): boolean {
    this.#mustWrite();
    if (!Object.hasOwn(this.#manifest.imports, name)) return false;
    const { [name]: _, ...imports } = this.#manifest.imports;
    this.commit({ imports }, [], (segment) => segment.import === name);
    return true;
  }

  commitImport(
    name: string,
    meta: ImportMeta,
    segments: readonly Segment[],
    schemas: ReadonlyMap<string, readonly StoreColumn[]>,
  ): void {
    const entry = { committed: new Date().toISOString(), meta };
    const imports = Object.fromEntries([...Object.entries(this.#manifest.imports), [name, entry]]);
    const named = segments.map((segment) => ({ ...segment, import: name }));
    this.commit({ imports }, named, (segment) => segment.import === name, schemas);
  }

  importEnded(writer: ImportWriter): void {
    this.#imports.delete(writer);
  }

  /**
   * The only way the manifest changes: adds segments, drops those that `isReplaced` says, in one rename. The files of
   * dropped segments are removed afterwards; readers that still have the old manifest look again.
   */
  commit(
    changes: Partial<Manifest>,
    added: readonly Segment[],
    isReplaced: (segment: Segment) => boolean,
    schemas: ReadonlyMap<string, readonly StoreColumn[]> = new Map(),
  ): void {
    this.#mustWrite();
    const kept: Segment[] = [];
    const replaced: Segment[] = [];
    for (const segment of this.#manifest.segments) (isReplaced(segment) ? replaced : kept).push(segment);
    const segments = [...kept, ...added];
    const used = new Set(segments.flatMap(({ schema, rollup }) => [schema, rollup?.schema]));
    const allSchemas = [...Object.entries(this.#manifest.schemas), ...schemas];
    const next: Manifest = {
      ...this.#manifest,
      ...changes,
      generation: this.#manifest.generation + 1,
      schemas: Object.fromEntries(allSchemas.filter(([key]) => used.has(key))),
      segments,
    };
    try {
      writeManifest(this.directory, next, this.sync, () => this.mustBeInPlace());
    } catch (error) {
      throw writeError(this.directory, error);
    }
    this.#manifest = next;
    const until = Date.now() + (this.#options.graceMs ?? 0);
    // An entry that only changes keeps its files.
    const named = new Set(added.flatMap(filesOf));
    for (const path of replaced.flatMap(filesOf)) if (!named.has(path)) this.#replaced.set(path, until);
    this.removeReplaced(Date.now());
  }

  /** Removes the files of replaced segments whose time has come (Unix time in ms). */
  removeReplaced(nowMs: number): void {
    const due = [...this.#replaced].filter(([, until]) => until <= nowMs).map(([path]) => path);
    if (due.length === 0) return;
    try {
      this.mustBeInPlace();
      removeFiles(this.directory, due);
    } catch {
      // The commit is made, so this is no failure of it: the next call tries again, or the next writer cleans up.
      return;
    }
    for (const path of due) this.#replaced.delete(path);
  }

  /** Merges small segments: all of places where no more rows are expected (`isOver` a time?), many alike elsewhere. */
  merge(isOver: (time: string) => boolean = () => true): MergeSummary {
    this.#mustWrite();
    let [merged, into, rows] = [0, 0, 0];
    const damaged: string[] = [];
    const good = this.#manifest.segments.filter(({ id }) => !this.#damaged.has(id));
    for (const plan of planMerges(good, isOver)) {
      try {
        rows += this.#mergeOne(plan);
        merged += plan.segments.length;
        into++;
      } catch (error) {
        this.mustBeInPlace();
        if (!(error instanceof RangeError)) throw writeError(this.directory, error);
        // They stay as they are, and are not tried again.
        for (const { id } of plan.segments) this.#damaged.add(id);
        damaged.push(`${error.message} (one of ${plan.segments.map(({ path }) => path).join(', ')})`);
      }
    }
    return { merged, into, rows, damaged };
  }

  #mergeOne(plan: MergePlan): number {
    const [{ type, schema }] = plan.segments;
    const columns = this.#manifest.schemas[schema] ?? [];
    const encoder = encoderOf(this.#options.compression);
    const about = planOf(type, columns, this.#options);
    const done = mergeSegments(this.directory, plan, columns, encoder, about, this.sync);
    if (this.sync) syncDirectory(join(this.directory, dirname(done.segment.path)));
    const gone = new Set(plan.segments.map(({ id }) => id));
    this.commit({}, [done.segment], ({ id }) => gone.has(id), done.schemas);
    return done.segment.rows;
  }

  /** Drops what is too old or too much, on a full disk too. */
  prune(retention: Retention, nowMs = Date.now()): PrunePlan {
    this.#mustWrite();
    const plan = planPruning(this.#manifest, retention, nowMs);
    if (plan.segments.length === 0 && plan.imports.length === 0) return plan;
    const gone = new Set(plan.segments.map(({ id }) => id));
    const kept = Object.entries(this.#manifest.imports).filter(([name]) => !plan.imports.includes(name));
    makingRoom(this.directory, plan.segments, () => {
      this.commit({ imports: Object.fromEntries(kept) }, [], ({ id }) => gone.has(id));
    });
    return plan;
  }

  #mustWrite(): void {
    if (this.#lock === undefined) {
      throw new StoreError(`the store at ${this.directory} was opened for reading only`, 'read-only', this.directory);
    }
  }

  /** Throws a StoreError `gone` when its folder is not the one that was opened. */
  mustBeInPlace(): void {
    if (this.#lock !== undefined) mustHold(this.#lock, this.directory);
  }

  /** Aborts imports that are not committed and gives the lock back. */
  close(): void {
    this.#isClosed = true;
    try {
      for (const writer of [...this.#imports]) writer.abort();
      this.#live?.close();
      this.removeReplaced(Number.POSITIVE_INFINITY);
    } finally {
      this.#live = undefined;
      this.#lock?.release();
    }
  }
}
