// A sink that shows documents to whoever streams them at the moment, and costs nothing but their encoding while nobody does.

import type { RowBatch } from '../records/row-batch.ts';
import type { RowSink } from '../sinks/sink.ts';

/** Documents on the way to readers at once; a reader that is slower misses some. */
const MAX_LINES = 2000;

export class Tap implements RowSink {
  readonly encoding = 'ndjson';
  readonly name = 'stream';
  isOn = false;
  readonly #show: (lines: string[], missed: number) => void;

  /** `missed`: records that were left out, of whatever kind. */
  constructor(show: (lines: string[], missed: number) => void) {
    this.#show = show;
  }
  async open(): Promise<void> {}
  write(batch: RowBatch): void {
    if (!this.isOn) return;
    const lines: string[] = [];
    const text = Buffer.from(batch.bytes.buffer, batch.bytes.byteOffset);
    for (let row = 0; row < Math.min(batch.rows, MAX_LINES); row++)
      lines.push(text.toString('utf8', row === 0 ? 0 : batch.ends[row - 1], batch.ends[row] - 1));
    this.#show(lines, batch.rows - lines.length);
  }
  async close(): Promise<void> {}
  async abort(): Promise<void> {}
}
