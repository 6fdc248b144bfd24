// A sink that shows documents to whoever streams them at the moment, and costs nothing while nobody does.

import type { RowBatch } from '../records/row-batch.ts';
import type { RowSink } from '../sinks/sink.ts';

/** Documents on the way to the main thread at once; when it is slower, those that come meanwhile are missed. */
const MAX_WAITING = 4000;

export class Tap implements RowSink {
  readonly encoding = 'ndjson';
  readonly name = 'stream';
  readonly idle = new Int32Array(new SharedArrayBuffer(4));
  readonly #show: (lines: string[], missed: number) => void;
  #waiting = 0;

  /** `missed`: records that were left out, of whatever kind. Whoever takes the lines says so with `taken`. */
  constructor(show: (lines: string[], missed: number) => void) {
    this.#show = show;
    this.isOn = false;
  }

  get isOn(): boolean {
    return this.idle[0] === 0;
  }
  set isOn(on: boolean) {
    Atomics.store(this.idle, 0, on ? 0 : 1);
  }

  async open(): Promise<void> {}
  write(batch: RowBatch): void {
    if (!this.isOn) return;
    const lines: string[] = [];
    const text = Buffer.from(batch.bytes.buffer, batch.bytes.byteOffset);
    const rows = Math.min(batch.rows, MAX_WAITING - this.#waiting);
    for (let row = 0; row < rows; row++)
      lines.push(text.toString('utf8', row === 0 ? 0 : batch.ends[row - 1], batch.ends[row] - 1));
    this.#waiting += rows;
    this.#show(lines, batch.rows - rows);
  }
  /** So many lines reached who asked for them. */
  taken(lines: number): void {
    this.#waiting -= lines;
  }
  async close(): Promise<void> {}
  async abort(): Promise<void> {}
}
