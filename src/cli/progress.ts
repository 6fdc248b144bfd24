// One line on a terminal while packets are read.

import type { Progress } from '../engine/run.ts';
import { grouped, siBytes } from './figures.ts';

const MIN_INTERVAL_MS = 100;
const BAR = 24;

export class ProgressLine {
  readonly #out: NodeJS.WriteStream;
  readonly #started = performance.now();
  #last = 0;
  #shown = false;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  update({ packets, bytesRead, bytesTotal }: Progress): void {
    const now = performance.now();
    if (now - this.#last < MIN_INTERVAL_MS) return;
    this.#last = now;
    const seconds = Math.max(0.001, (now - this.#started) / 1000);
    const rate = `${siBytes(bytesRead / seconds)}/s`;
    let text = `${grouped(packets)} packets, ${siBytes(bytesRead)}, ${rate}`;
    if (bytesTotal > 0) {
      const part = Math.min(1, bytesRead / bytesTotal);
      const full = Math.round(part * BAR);
      const left = part > 0.02 ? `, ${Math.ceil((seconds / part) * (1 - part))} s left` : '';
      text = `[${'#'.repeat(full)}${'.'.repeat(BAR - full)}] ${Math.floor(part * 100)} %  ${text}${left}`;
    }
    this.#out.write(`\r\x1b[K${text.slice(0, (this.#out.columns ?? 80) - 1)}`);
    this.#shown = true;
  }

  clear(): void {
    if (this.#shown) this.#out.write('\r\x1b[K');
  }
}
