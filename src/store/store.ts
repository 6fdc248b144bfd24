// A store: a directory of Parquet segments and the manifest that names them. See layout.ts for what is where.

import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { LogOptions } from '../log/log.ts';
import type { ColumnBatch } from '../records/columns.ts';
import { StoreError, writeError } from './errors.ts';
import { type ImportHost, type ImportSummary, ImportWriter } from './import.ts';
import { LOCK_FILE, LOG_DIRECTORY, MANIFEST_FILE, TYPE_PREFIX } from './layout.ts';
import { type LiveHost, LiveLog } from './live.ts';
import { WriterLock } from './lock.ts';
import { makeDirectory } from './make-directory.ts';
import {
  EMPTY_MANIFEST,
  filesOf,
  hasManifest,
  hasSegmentFolders,
  type ImportMeta,
  type Manifest,
  readManifest,
  type Segment,
  writeManifest,
} from './manifest.ts';
import { RowGroupEncoder, type StoreColumn } from './parquet/row-group.ts';
import { SegmentSet, type SegmentSetOptions } from './segment-set.ts';

export interface StoreOptions extends SegmentSetOptions {
  /** Only reads: takes no lock, changes no file; the store must exist. */
  readonly readOnly?: boolean;
  /** False: commits are atomic but not flushed to the disk, for stores that live as long as their process. */
  readonly sync?: boolean;
  /** zstd's compression level of segments. */
  readonly compression?: number;
  /** The log of live batches: flushed before each is acknowledged unless this says otherwise. */
  readonly log?: LogOptions;
}

/** Opens a store, making it when it is not there. Throws a StoreError: locked, damaged, missing (read-only), or the system's reason. */
export function openStore(directory: string, options: StoreOptions = {}): Store {
  if (options.readOnly) return new Store(directory, options, readManifest(directory), undefined);
  let lock: WriterLock | undefined;
  try {
    makeDirectory(directory);
    lock = WriterLock.take(directory);
    // The first manifest comes before the first segment: segments without a manifest are then always a loss, never a leftover.
    if (!hasManifest(directory) && !hasSegmentFolders(directory)) {
      writeManifest(directory, EMPTY_MANIFEST, options.sync ?? true);
    }
    const manifest = readManifest(directory);
    removeUnreferenced(directory, manifest);
    return new Store(directory, options, manifest, lock);
  } catch (error) {
    lock?.release();
    throw writeError(directory, error);
  }
}

export class Store implements ImportHost, LiveHost {
  readonly directory: string;
  readonly sync: boolean;
  readonly #options: StoreOptions;
  readonly #lock: WriterLock | undefined;
  readonly #imports = new Set<ImportWriter>();
  #encoder: RowGroupEncoder | undefined;
  #live: LiveLog | undefined;
  #manifest: Manifest;

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
  async append(batch: ColumnBatch, id?: string): Promise<void> {
    try {
      await this.live().append(batch, id);
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
    this.#live ??= new LiveLog(this, this.#options.log ?? {});
    return this.#live;
  }

  newSegments(): SegmentSet {
    this.#encoder ??= new RowGroupEncoder(this.#options.compression);
    return new SegmentSet(this.directory, this.#encoder, this.#options);
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
      writeManifest(this.directory, next, this.sync);
    } catch (error) {
      throw writeError(this.directory, error);
    }
    this.#manifest = next;
    for (const segment of replaced) {
      for (const path of filesOf(segment)) rmSync(join(this.directory, path), { force: true });
    }
  }

  #mustWrite(): void {
    if (this.#lock === undefined) {
      throw new StoreError(`the store at ${this.directory} was opened for reading only`, 'read-only', this.directory);
    }
  }

  /** Aborts imports that are not committed and gives the lock back. */
  close(): void {
    try {
      for (const writer of [...this.#imports]) writer.abort();
      this.#live?.close();
    } finally {
      this.#live = undefined;
      this.#lock?.release();
    }
  }
}

/** Removes what a crash left: segments that no manifest names, temporary files, empty folders. */
function removeUnreferenced(directory: string, manifest: Manifest): void {
  const named = new Set(manifest.segments.flatMap(filesOf));
  rmSync(join(directory, `${MANIFEST_FILE}.tmp`), { force: true });
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (entry.isFile() && entry.name.startsWith(`${LOCK_FILE}.`)) rmSync(join(directory, entry.name), { force: true });
    if (entry.isDirectory() && entry.name.startsWith(TYPE_PREFIX)) sweep(directory, entry.name, named, 0);
  }
}

/** Folders below `type=` are two deep (day, hour). Returns whether the folder is gone. */
function sweep(directory: string, folder: string, named: ReadonlySet<string>, depth: number): boolean {
  let left = 0;
  for (const entry of readdirSync(join(directory, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      if (depth >= 2 || !sweep(directory, path, named, depth + 1)) left++;
    } else if (named.has(path)) left++;
    else rmSync(join(directory, path), { force: true });
  }
  if (left === 0) rmdirSync(join(directory, folder));
  return left === 0;
}
