// An import: all records of one run over files. It appears with one rename of the manifest, whole or not at all, and takes
// the place of a former import of the same name.

import type { ColumnBatch } from '../records/columns.ts';
import { StoreError, writeError } from './errors.ts';
import type { ImportMeta, Segment } from './manifest.ts';
import type { StoreColumn } from './parquet/row-group.ts';
import type { SegmentSet } from './segment-set.ts';

/** What an import needs of its store. */
export interface ImportHost {
  readonly directory: string;
  readonly sync: boolean;
  commitImport(
    name: string,
    meta: ImportMeta,
    segments: readonly Segment[],
    schemas: ReadonlyMap<string, readonly StoreColumn[]>,
  ): void;
  /** The import is over, committed or not. */
  importEnded(writer: ImportWriter): void;
}

export interface ImportSummary {
  readonly segments: number;
  readonly rows: number;
  readonly bytes: number;
}

export class ImportWriter {
  readonly #host: ImportHost;
  readonly #segments: SegmentSet;
  #isOpen = true;

  constructor(host: ImportHost, segments: SegmentSet) {
    this.#host = host;
    this.#segments = segments;
  }

  /** Takes a batch; its arrays are read later, so they must not be changed. Throws a StoreError, after which the import is aborted. */
  write(batch: ColumnBatch): void {
    this.#guard(() => this.#segments.write(batch));
  }

  /**
   * Everything written becomes visible and durable, in the place of a former import of the same name: the digest of its
   * inputs and options. `meta` is kept in the manifest.
   */
  commit(name: string, meta: ImportMeta = {}): ImportSummary {
    return this.#guard(() => {
      const { segments, schemas } = this.#segments.finish(this.#host.sync);
      this.#host.commitImport(name, meta, segments, schemas);
      this.#isOpen = false;
      this.#host.importEnded(this);
      let rows = 0;
      let bytes = 0;
      for (const segment of segments) {
        rows += segment.rows;
        bytes += segment.bytes;
      }
      return { segments: segments.length, rows, bytes };
    });
  }

  /** Nothing of it remains. Does nothing when the import is over. */
  abort(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#segments.abort();
    this.#host.importEnded(this);
  }

  #guard<Result>(step: () => Result): Result {
    const { directory } = this.#host;
    if (!this.#isOpen) throw new StoreError(`the import into ${directory} is over`, 'closed', directory);
    try {
      return step();
    } catch (error) {
      try {
        this.abort();
      } catch {
        // The disk that refused the write may refuse the removal: the next writer cleans up.
      }
      throw writeError(directory, error);
    }
  }
}
