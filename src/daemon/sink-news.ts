// What the log hears of sinks: that one takes nothing, why, that it does again, and what was lost meanwhile.

import type { SinkStatus } from './messages.ts';
import { Troubles } from './troubles.ts';

/** Losses are summed up for so long. */
const LOSS_MS = 60_000;

interface Loss {
  rows: number;
  toldAt: number;
}

export class SinkNews {
  readonly #troubles = new Troubles('records are taken again');
  readonly #losses = new Map<string, Loss>();

  /** Lines for the log. `nowMs`: `performance.now()`. */
  look(sinks: readonly SinkStatus[], nowMs: number): string[] {
    const lines: string[] = [];
    for (const { name, error, lostRows } of sinks) {
      const line = this.#troubles.look(name, error, nowMs);
      if (line !== undefined) lines.push(line);
      const lost = this.#newlyLost(name, Number(lostRows ?? 0), nowMs);
      if (lost > 0) lines.push(`${name}: ${lost} records found no room, and are lost`);
    }
    const isThere = (name: string) => sinks.some((sink) => sink.name === name);
    this.#troubles.keep(isThere);
    for (const name of this.#losses.keys()) if (!isThere(name)) this.#losses.delete(name);
    return lines;
  }

  /** Rows that were lost since this was told last, 0 when it is too early to tell it again. */
  #newlyLost(name: string, rows: number, nowMs: number): number {
    let loss = this.#losses.get(name);
    if (loss === undefined) this.#losses.set(name, (loss = { rows: 0, toldAt: Number.NEGATIVE_INFINITY }));
    // It begins anew with the thread that has it.
    if (rows < loss.rows) loss.rows = 0;
    const lost = rows - loss.rows;
    if (lost === 0 || nowMs - loss.toldAt < LOSS_MS) return 0;
    loss.rows = rows;
    loss.toldAt = nowMs;
    return lost;
  }
}
