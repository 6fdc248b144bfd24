// Reads a log in order, steps over damage, and tells the log how far it is.

import { closeSync, openSync } from 'node:fs';
import { type Entry, FrameFile } from './frame.ts';
import type { LogSegment } from './segments.ts';

/** What a reader needs of its log. */
export interface ReadableLog {
  /** Sequence number behind the last frame. */
  readonly next: number;
  readonly segments: readonly LogSegment[];
  readonly stats: { damagedFrames: number };
}

export class LogReader {
  readonly #log: ReadableLog;
  readonly #acknowledge: (next: number) => void;
  readonly #onClose: () => void;
  #next: number;
  #segment: LogSegment | undefined;
  #file: FrameFile | undefined;
  #at = 0;

  /** Use `SegmentLog.reader`. */
  constructor(log: ReadableLog, next: number, acknowledge: (next: number) => void, onClose: () => void) {
    this.#log = log;
    this.#next = next;
    this.#acknowledge = acknowledge;
    this.#onClose = onClose;
  }

  /** Sequence number of the next frame that `read` returns, if it is undamaged. */
  get next(): number {
    return this.#next;
  }

  /** The next batch; undefined when there is none at present. */
  read(): Entry | undefined {
    while (this.#next < this.#log.next) {
      const segment = this.#segmentOf(this.#next);
      if (segment === undefined) {
        // Its segment is gone or was never written: sequence numbers may begin above 0.
        this.#lose(this.#log.segments.find(({ first }) => first > this.#next)?.first ?? this.#log.next);
        continue;
      }
      this.#open(segment);
      const file = this.#file!;
      const header = file.headerAt(this.#at, segment.bytes) ?? file.findHeader(this.#at, segment.bytes);
      if (header === undefined) {
        this.#lose(this.#endOf(segment));
        continue;
      }
      this.#at = header.end;
      if (header.sequence < this.#next) continue;
      const entry = file.entry(header);
      if (entry === undefined) continue;
      this.#lose(entry.sequence);
      this.#next = entry.sequence + 1;
      return entry;
    }
    return undefined;
  }

  /** All batches below `next` are done with: after a restart they do not come again, and their segments may go. */
  acknowledge(next = this.#next): void {
    this.#acknowledge(next);
  }

  /** Goes on at `sequence`: what is before was dropped. */
  skipTo(sequence: number): void {
    if (sequence > this.#next) this.#next = sequence;
  }

  #lose(next: number): void {
    this.#log.stats.damagedFrames += next - this.#next;
    this.#next = next;
  }

  #segmentOf(sequence: number): LogSegment | undefined {
    const { segments } = this.#log;
    for (let i = segments.length - 1; i >= 0; i--) {
      if (segments[i].first <= sequence) return sequence < this.#endOf(segments[i]) ? segments[i] : undefined;
    }
    return undefined;
  }

  /** Sequence number behind a segment's last. */
  #endOf(segment: LogSegment): number {
    const { segments } = this.#log;
    return segments[segments.indexOf(segment) + 1]?.first ?? this.#log.next;
  }

  #open(segment: LogSegment): void {
    if (this.#segment === segment) return;
    this.#closeFile();
    this.#file = new FrameFile(openSync(segment.path, 'r'), segment.salt);
    this.#segment = segment;
    this.#at = 0;
  }

  #closeFile(): void {
    if (this.#file !== undefined) closeSync(this.#file.fd);
    this.#file = this.#segment = undefined;
  }

  close(): void {
    this.#closeFile();
    this.#onClose();
  }
}
