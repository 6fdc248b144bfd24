// A durable append-only log of record batches, in segments, with any number of readers that each remember how far they are.
// The store's write-ahead part, the spill of a sink that is down, and the agent's spool are all this.
//
// A crash costs at most what was not flushed yet: the torn end of the last segment is cut off when the log is opened. A damaged
// byte costs the frame it is in. Both are counted.

import { closeSync, fdatasyncSync, ftruncateSync, openSync, rmSync, truncateSync } from 'node:fs';
import { Cursors } from './cursors.ts';
import { makeFolder, syncDirectory, writeAll } from './durable.ts';
import { frameHead } from './frame.ts';
import { LogReader } from './reader.ts';
import { type LogSegment, listSegments, newSegment, noteRows, scanSegment } from './segments.ts';

/**
 * When appended frames are flushed to the disk. `always`: before `append` returns. `never`: when the system likes; a crash of
 * the process loses nothing, one of the machine may. Else after so many bytes or so much time, whichever comes first.
 */
export type SyncPolicy = 'always' | 'never' | { readonly everyBytes: number; readonly everyMs: number };

export interface LogOptions {
  readonly sync?: SyncPolicy;
  /** A segment is closed when it would become longer, in bytes. */
  readonly segmentBytes?: number;
  /** All segments together, in bytes. */
  readonly maxBytes?: number;
  /** What happens to a batch when the log is full: it is refused, or the oldest segment goes. */
  readonly whenFull?: 'refuse' | 'drop-oldest';
  /** Sequence numbers begin here at least: what others remember about an earlier log of the same place. */
  readonly firstSequence?: number;
}

export interface LogStats {
  /** Cut off the end of the last segment at opening. */
  tornBytes: number;
  /** Frames that a reader wanted and that were damaged. */
  damagedFrames: number;
  /** Frames and rows that `drop-oldest` took away before the slowest reader had them. */
  droppedFrames: number;
  droppedRows: number;
  /** Batches that did not fit. */
  refusedFrames: number;
}

/** `full`: the limit is reached. `failed`: an earlier flush failed, so nothing is certain any more. `closed`. */
export class LogError extends Error {
  readonly code: 'full' | 'failed' | 'closed';
  constructor(message: string, code: LogError['code'], cause?: unknown) {
    super(message, { cause });
    this.name = 'LogError';
    this.code = code;
  }
}

const SEGMENT_BYTES = 64 * 1024 * 1024;

export class SegmentLog {
  readonly directory: string;
  readonly stats: LogStats = { tornBytes: 0, damagedFrames: 0, droppedFrames: 0, droppedRows: 0, refusedFrames: 0 };
  readonly #sync: SyncPolicy;
  readonly #segmentBytes: number;
  readonly #maxBytes: number;
  readonly #dropsOldest: boolean;
  readonly #cursors: Cursors;
  readonly #segments: LogSegment[];
  readonly #readers = new Set<LogReader>();
  #bytes = 0;
  #next: number;
  /** Descriptor of the last segment, while it is being written. */
  #fd = -1;
  #unsyncedBytes = 0;
  #synced: number;
  #timer: NodeJS.Timeout | undefined;
  #waiting: { sequence: number; resolve: () => void; reject: (error: unknown) => void }[] = [];
  #failure: unknown;

  /** Opens a log, making its folder when it is not there, but not the one above it. Throws the system's errors (EACCES, ENOSPC, …). */
  constructor(directory: string, options: LogOptions = {}) {
    this.directory = directory;
    this.#sync = options.sync ?? { everyBytes: 4 * 1024 * 1024, everyMs: 200 };
    this.#segmentBytes = options.segmentBytes ?? SEGMENT_BYTES;
    this.#maxBytes = options.maxBytes ?? Number.POSITIVE_INFINITY;
    this.#dropsOldest = options.whenFull === 'drop-oldest';
    makeFolder(directory);
    this.#cursors = new Cursors(directory, this.#sync !== 'never');
    this.#segments = listSegments(directory);
    let next = Math.max(options.firstSequence ?? 0, this.#cursors.fastest());
    for (const [i, segment] of this.#segments.entries()) {
      const isLast = i === this.#segments.length - 1;
      const { end, size } = scanSegment(segment, isLast);
      if (isLast && end < size) {
        truncateSync(segment.path, end);
        segment.bytes = end;
        this.stats.tornBytes += size - end;
      }
      this.#bytes += segment.bytes;
      next = Math.max(next, segment.first + segment.rows.length);
    }
    this.#next = next;
    this.#synced = next;
    // The next segment may begin with the number that an empty one has in its name.
    if (this.#segments.at(-1)?.rows.length === 0) rmSync(this.#segments.pop()!.path);
    this.trim();
  }

  /** A flush failed: nothing more is taken. What stands in the files may be in memory only. */
  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** Sequence number of the next frame. */
  get next(): number {
    return this.#next;
  }
  get bytes(): number {
    return this.#bytes;
  }
  /** Oldest first. */
  get segments(): readonly LogSegment[] {
    return this.#segments;
  }

  /** Appends a batch and returns its sequence number. Throws a LogError, or the system's error: the log is then as before. */
  append(type: string, id: string, rows: number, payload: Uint8Array): number {
    this.#mustWork();
    const sequence = this.#next;
    const length = frameHead({ sequence, type, id, rows }, new Uint8Array(0), 0).length + payload.length;
    this.#makeRoom(length);
    let segment = this.#segments.at(-1);
    const isFull = segment !== undefined && segment.bytes > 0 && segment.bytes + length > this.#segmentBytes;
    // After a crash the log goes on with a new segment: the old one's last frames may be followed by nothing or by anything.
    if (segment === undefined || this.#fd < 0 || isFull) segment = this.#begin();
    try {
      writeAll(this.#fd, frameHead({ sequence, type, id, rows }, payload, segment.salt), segment.bytes);
      writeAll(this.#fd, payload, segment.bytes + length - payload.length);
    } catch (error) {
      ftruncateSync(this.#fd, segment.bytes);
      throw error;
    }
    segment.bytes += length;
    noteRows(segment, sequence, rows);
    this.#bytes += length;
    this.#next = sequence + 1;
    this.#afterAppend(length);
    return sequence;
  }

  #mustWork(): void {
    if (this.#failure === undefined) return;
    if (this.#failure instanceof LogError) throw this.#failure;
    throw new LogError(
      `the log at ${this.directory} could not be flushed: ${String(this.#failure)}`,
      'failed',
      this.#failure,
    );
  }

  #makeRoom(length: number): void {
    while (this.#bytes + length > this.#maxBytes) {
      if (this.#dropsOldest && length <= this.#maxBytes && this.#segments.length > 0) this.#dropOldest();
      else {
        this.stats.refusedFrames++;
        const text = `the log at ${this.directory} is full: ${this.#bytes} of ${this.#maxBytes} bytes`;
        throw new LogError(text, 'full');
      }
    }
  }

  #dropOldest(): void {
    if (this.#segments.length === 1) this.roll();
    const segment = this.#segments[0];
    const end = this.#segments[1]?.first ?? this.#next;
    const from = Math.max(segment.first, this.#cursors.slowest() ?? 0);
    for (let sequence = from; sequence < end; sequence++) {
      this.stats.droppedFrames++;
      this.stats.droppedRows += segment.rows[sequence - segment.first] ?? 0;
    }
    for (const name of this.#cursors.names()) if (this.#cursors.get(name)! < end) this.#cursors.set(name, end);
    for (const reader of this.#readers) reader.skipTo(end);
    this.#removeFirst();
  }

  #removeFirst(): void {
    const [segment] = this.#segments.splice(0, 1);
    this.#bytes -= segment.bytes;
    rmSync(segment.path, { force: true });
  }

  #begin(): LogSegment {
    this.roll();
    const segment = newSegment(this.directory, this.#next);
    this.#fd = openSync(segment.path, 'wx', 0o640);
    this.#segments.push(segment);
    if (this.#sync !== 'never') syncDirectory(this.directory);
    return segment;
  }

  /** Closes the segment that is being written; the next batch begins a new one. */
  roll(): void {
    if (this.#fd < 0) return;
    if (this.#sync !== 'never') this.flush();
    closeSync(this.#fd);
    this.#fd = -1;
  }

  #afterAppend(length: number): void {
    this.#unsyncedBytes += length;
    const policy = this.#sync;
    if (policy === 'never') this.#synced = this.#next;
    else if (policy === 'always' || this.#unsyncedBytes >= policy.everyBytes) this.flush();
    else this.#timer ??= setTimeout(() => this.#flushLater(), policy.everyMs);
  }

  #flushLater(): void {
    try {
      this.flush();
    } catch {
      // Who waits for a batch hears of it; so does the next append.
    }
  }

  /** Flushes everything appended so far to the disk. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#fd >= 0 && this.#unsyncedBytes > 0) {
      try {
        fdatasyncSync(this.#fd);
      } catch (error) {
        // The system forgets what it could not write and reports it once only: from here on nothing is certain.
        this.#failure = error;
        for (const { reject } of this.#waiting.splice(0)) reject(error);
        throw error;
      }
    }
    this.#unsyncedBytes = 0;
    this.#synced = this.#next;
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  /** Resolves when the batch is as safe as the policy promises: that is when it may be acknowledged. */
  durable(sequence: number): Promise<void> {
    if (sequence < this.#synced) return Promise.resolve();
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => this.#waiting.push({ sequence, resolve, reject }));
  }

  /** A reader by name: begins where the reader of that name last acknowledged, a new one with the oldest batch. */
  reader(name: string): LogReader {
    const oldest = this.#segments[0]?.first ?? this.#next;
    const next = Math.max(this.#cursors.get(name) ?? 0, oldest);
    if (this.#cursors.get(name) !== next) this.#cursors.set(name, next);
    const reader = new LogReader(
      this,
      next,
      (acknowledged) => {
        if (acknowledged <= (this.#cursors.get(name) ?? 0)) return;
        this.#cursors.set(name, acknowledged);
        this.trim();
      },
      () => this.#readers.delete(reader),
    );
    this.#readers.add(reader);
    return reader;
  }

  /** Forgets a reader: what only it still wanted may go. */
  removeReader(name: string): void {
    this.#cursors.remove(name);
    this.trim();
  }

  /** Removes closed segments that all readers have passed. */
  trim(): void {
    const slowest = this.#cursors.slowest();
    if (slowest === undefined) return;
    while (this.#segments.length > 0) {
      const end = this.#segments[1]?.first ?? this.#next;
      if (end > slowest || (this.#segments.length === 1 && this.#fd >= 0)) return;
      this.#removeFirst();
    }
  }

  close(): void {
    for (const reader of [...this.#readers]) reader.close();
    try {
      if (this.#failure === undefined) this.roll();
    } finally {
      clearTimeout(this.#timer);
      if (this.#fd >= 0) closeSync(this.#fd);
      this.#fd = -1;
      this.#failure ??= new LogError(`the log at ${this.directory} is closed`, 'closed');
    }
  }
}
