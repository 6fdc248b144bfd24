// Live batches: into the log first, where they are acknowledged, then, at each rotation, from the log into segments. The
// manifest that names the segments also says how far the log is in them, so that a crash between the two repeats nothing.

import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type LogOptions, type LogStats, SegmentLog } from '../log/log.ts';
import { decodeBatch, type EncodedBatch } from './batch-bytes.ts';
import type { ImportSummary } from './import.ts';
import { LOG_DIRECTORY } from './layout.ts';
import type { Manifest, Segment } from './manifest.ts';
import type { StoreColumn } from './parquet/row-group.ts';
import type { SegmentSet } from './segment-set.ts';

const READER = 'store';
/** How many ids of batches are remembered after they are in segments. */
const RECENT_BATCHES = 4096;

export interface LiveHost {
  readonly directory: string;
  readonly sync: boolean;
  readonly manifest: Manifest;
  newSegments(): SegmentSet;
  commit(
    changes: Partial<Manifest>,
    added: readonly Segment[],
    isReplaced: (segment: Segment) => boolean,
    schemas: ReadonlyMap<string, readonly StoreColumn[]>,
  ): void;
}

export class LiveLog {
  readonly #host: LiveHost;
  readonly #log: SegmentLog;
  /** Ids of batches that are in the log or came into segments lately. */
  readonly #ids: Set<string>;
  readonly #prefix = randomBytes(8).toString('hex');
  #count = 0;
  /** Acknowledged batches that could not be read any more when they were to become segments. */
  damagedBatches = 0;
  /** Batches that came again and were known. */
  repeatedBatches = 0;

  constructor(host: LiveHost, options: LogOptions) {
    this.#host = host;
    const { logNext, recentBatches } = host.manifest;
    this.#log = new SegmentLog(join(host.directory, LOG_DIRECTORY), {
      sync: host.sync ? 'always' : 'never',
      ...options,
      firstSequence: logNext,
    });
    this.#ids = new Set(recentBatches);
    const reader = this.#log.reader(READER);
    // After a crash between the commit and the acknowledgement, the cursor is behind the manifest.
    reader.skipTo(logNext);
    reader.acknowledge();
    for (let entry = reader.read(); entry !== undefined; entry = reader.read()) this.#ids.add(entry.id);
    reader.close();
  }

  get hasFailed(): boolean {
    return this.#log.hasFailed;
  }

  get stats(): LogStats {
    return this.#log.stats;
  }

  get bytes(): number {
    return this.#log.bytes;
  }

  /** Records that are in no segment yet, and whose file is not there any more. */
  get lostRows(): number {
    const { logNext } = this.#host.manifest;
    let sum = 0;
    for (const { path, first, rows } of this.#log.segments) {
      if (existsSync(path)) continue;
      for (let i = Math.max(0, logNext - first); i < rows.length; i++) sum += rows[i];
    }
    return sum;
  }

  /** Resolves when the batch is acknowledged. A batch whose id is known is not written again. */
  append({ type, rows, bytes }: EncodedBatch, id = `${this.#prefix}-${this.#count++}`): Promise<void> {
    if (this.#ids.has(id)) {
      this.repeatedBatches++;
      return this.#log.durable(this.#log.next - 1);
    }
    const sequence = this.#log.append(type, id, rows, bytes);
    this.#ids.add(id);
    return this.#log.durable(sequence);
  }

  /** Writes everything in the log to segments and commits them; then the log may forget it. */
  rotate(): ImportSummary {
    this.#log.roll();
    const reader = this.#log.reader(READER);
    const set = this.#host.newSegments();
    const { damagedFrames } = this.stats;
    try {
      for (let entry = reader.read(); entry !== undefined; entry = reader.read()) set.write(decodeBatch(entry.payload));
      const { segments, schemas } = set.finish(this.#host.sync);
      this.#forgetOldIds();
      const changes = { logNext: reader.next, recentBatches: [...this.#ids] };
      if (segments.length > 0) this.#host.commit(changes, segments, () => false, schemas);
      reader.acknowledge();
      this.damagedBatches += this.stats.damagedFrames - damagedFrames;
      let rows = 0;
      let bytes = 0;
      for (const segment of segments) {
        rows += segment.rows;
        bytes += segment.bytes;
      }
      return { segments: segments.length, rows, bytes };
    } catch (error) {
      set.abort();
      throw error;
    } finally {
      reader.close();
    }
  }

  #forgetOldIds(): void {
    for (const id of this.#ids) {
      if (this.#ids.size <= RECENT_BATCHES) return;
      this.#ids.delete(id);
    }
  }

  close(): void {
    this.#log.close();
  }
}
