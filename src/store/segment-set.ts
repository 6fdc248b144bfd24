// The segments that one import (or one rotation of the live log) is writing: routes batches to the segment of their type and
// time, and keeps the memory of what waits within bounds.

import { dirname, join } from 'node:path';
import { syncDirectory } from '../log/durable.ts';
import type { ColumnBatch } from '../records/columns.ts';
import { type Level, partitionPath } from './layout.ts';
import type { Segment } from './manifest.ts';
import { columnsOf, type RowGroupEncoder, type StoreColumn } from './parquet/row-group.ts';
import { MOST_PARTITIONS, splitByTime } from './partition.ts';
import type { RollupSpec } from './rollup/tables.ts';
import { type RowForm, unitOf } from './row-form.ts';
import { SegmentWriter } from './segment.ts';

const WAITING_BYTES = 64 * 1024 * 1024;
/** Memory of all sums; beyond, the largest are written out. */
const SUMS_BYTES = 64 * 1024 * 1024;

interface TypeState {
  level: Level;
  /** Open segments by time key; several of one key when batches of the type have different columns or units of time. */
  readonly open: Map<number, SegmentWriter[]>;
}

export interface SegmentSetOptions {
  /** Memory for rows that are not encoded yet, in bytes. */
  readonly waitingBytes?: number;
  readonly mostPartitions?: number;
  /** The roll-ups that are made beside segments (`rollupSpecs`). */
  readonly rollups?: readonly RollupSpec[];
  /** The forms of rows in segments (`rowForms`); types without one are written as they come, which is quicker and larger. */
  readonly forms?: readonly RowForm[];
}

export class SegmentSet {
  readonly #store: string;
  readonly #encoder: RowGroupEncoder;
  readonly #types = new Map<string, TypeState>();
  /** Segments that get no more rows: their type went on with coarser ones. */
  readonly #closed: SegmentWriter[] = [];
  readonly #waitingLimit: number;
  readonly #mostPartitions: number;
  readonly #rollups: ReadonlyMap<string, RollupSpec>;
  readonly #forms: ReadonlyMap<string, RowForm>;
  #waitingBytes = 0;

  constructor(store: string, encoder: RowGroupEncoder, options: SegmentSetOptions = {}) {
    this.#store = store;
    this.#encoder = encoder;
    this.#waitingLimit = options.waitingBytes ?? WAITING_BYTES;
    this.#mostPartitions = options.mostPartitions ?? MOST_PARTITIONS;
    this.#rollups = new Map((options.rollups ?? []).map((spec) => [spec.type, spec]));
    this.#forms = new Map((options.forms ?? []).map((form) => [form.type, form]));
  }

  write(batch: ColumnBatch): void {
    if (batch.rows === 0) return;
    let state = this.#types.get(batch.type);
    if (state === undefined) this.#types.set(batch.type, (state = { level: 'hour', open: new Map() }));
    this.#route(state, batch);
    while (this.#waitingBytes > this.#waitingLimit) this.#flushLargest();
  }

  #route(state: TypeState, batch: ColumnBatch): void {
    const level = state.level;
    for (const [key, piece] of splitByTime(batch, level)) {
      // Routing the first pieces may have made the partitions coarser.
      if (state.level !== level) {
        this.#route(state, piece);
        continue;
      }
      this.#push(this.#segmentFor(state, key, piece), piece);
      if (state.open.size > this.#mostPartitions) this.#coarsen(state);
    }
  }

  #push(segment: SegmentWriter, piece: ColumnBatch): void {
    const before = segment.waitingBytes;
    segment.push(piece);
    this.#waitingBytes += segment.waitingBytes - before;
  }

  #segmentFor(state: TypeState, key: number, piece: ColumnBatch): SegmentWriter {
    let segments = state.open.get(key);
    if (segments === undefined) state.open.set(key, (segments = []));
    const form = this.#forms.get(piece.type);
    const unit = form === undefined ? 'plain' : unitOf(piece, form);
    let segment = segments.find((one) => one.unit === unit && hasColumns(one.columns, piece));
    if (segment === undefined) {
      const path = partitionPath(piece.type, state.level, key);
      const plan = { rollups: this.#rollups.get(piece.type), form, unit };
      segment = new SegmentWriter(this.#store, path, piece.type, columnsOf(piece), this.#encoder, plan);
      segments.push(segment);
    }
    return segment;
  }

  #coarsen(state: TypeState): void {
    const segments = [...state.open.values()].flat();
    state.open.clear();
    state.level = state.level === 'hour' ? 'day' : 'all';
    const waiting: ColumnBatch[] = [];
    for (const segment of segments) {
      this.#waitingBytes -= segment.waitingBytes;
      for (const batch of segment.takeWaiting()) waiting.push(batch);
      if (segment.isCreated) this.#closed.push(segment);
    }
    for (const batch of waiting) this.#route(state, batch);
  }

  *#segments(): Generator<SegmentWriter> {
    yield* this.#closed;
    for (const { open } of this.#types.values()) for (const segments of open.values()) yield* segments;
  }

  #flushLargest(): void {
    let largest: SegmentWriter | undefined;
    for (const segment of this.#segments()) {
      if (largest === undefined || segment.waitingBytes > largest.waitingBytes) largest = segment;
    }
    if (largest === undefined || largest.waitingBytes === 0) {
      this.#waitingBytes = 0;
      return;
    }
    this.#waitingBytes -= largest.waitingBytes;
    largest.flush();
    this.#boundSums();
  }

  /** Sums grow only when rows are flushed. */
  #boundSums(): void {
    let sum = 0;
    let largest: SegmentWriter | undefined;
    for (const segment of this.#segments()) {
      sum += segment.sumsBytes;
      if (largest === undefined || segment.sumsBytes > largest.sumsBytes) largest = segment;
    }
    if (sum > SUMS_BYTES) largest?.drainSums();
  }

  /** Closes all segments. With `sync` they and their directories are on disk when this returns. */
  finish(sync: boolean): { segments: Segment[]; schemas: Map<string, readonly StoreColumn[]> } {
    const segments: Segment[] = [];
    const schemas = new Map<string, readonly StoreColumn[]>();
    const directories = new Set<string>();
    for (const writer of this.#segments()) {
      const { segment, schemas: own } = writer.finish(sync);
      segments.push(segment);
      for (const [key, columns] of own) schemas.set(key, columns);
      for (let path = dirname(segment.path); path !== '.'; path = dirname(path)) directories.add(path);
    }
    if (sync && segments.length > 0) {
      for (const path of directories) syncDirectory(join(this.#store, path));
      syncDirectory(this.#store);
    }
    return { segments, schemas };
  }

  /** Removes every file that was made. */
  abort(): void {
    for (const writer of this.#segments()) writer.remove();
  }
}

function hasColumns(columns: readonly StoreColumn[], batch: ColumnBatch): boolean {
  if (columns.length !== batch.columns.length) return false;
  for (let i = 0; i < columns.length; i++) {
    if (columns[i].name !== batch.columns[i].name || columns[i].kind !== batch.columns[i].kind) return false;
  }
  return true;
}
