// What the log hears of sinks: that one takes nothing, why, and that it does again. Who asks for the status sees it at once; who reads the log alone
// has to hear it, too, and not every second.

import type { SinkStatus } from './messages.ts';

/** A disk that is full has room for a batch now and then: it is well again when it was so for so long. */
const WELL_MS = 10_000;
/** Losses are summed up for so long. */
const LOSS_MS = 60_000;
/** Reasons that are told until it is well again. */
const MOST_REASONS = 10;

interface Known {
  told: Set<string>;
  wellSince: number | undefined;
  lostRows: number;
  lossTold: number;
}

export class SinkNews {
  readonly #known = new Map<string, Known>();

  /** Lines for the log. `nowMs`: `performance.now()`. */
  look(sinks: readonly SinkStatus[], nowMs: number): string[] {
    const lines: string[] = [];
    for (const { name, error, lostRows } of sinks) {
      let known = this.#known.get(name);
      if (known === undefined) {
        known = { told: new Set(), wellSince: undefined, lostRows: 0, lossTold: Number.NEGATIVE_INFINITY };
        this.#known.set(name, known);
      }
      if (error !== '') {
        known.wellSince = undefined;
        if (!known.told.has(error) && known.told.size < MOST_REASONS) {
          known.told.add(error);
          lines.push(`${name}: ${error}`);
        }
      } else if (known.told.size > 0) {
        known.wellSince ??= nowMs;
        if (nowMs - known.wellSince >= WELL_MS) {
          known.told.clear();
          lines.push(`${name}: records are taken again`);
        }
      }
      this.#lookAtLoss(known, { name, lostRows: Number(lostRows ?? 0), nowMs }, lines);
    }
    for (const name of this.#known.keys()) if (!sinks.some((sink) => sink.name === name)) this.#known.delete(name);
    return lines;
  }

  #lookAtLoss(
    known: Known,
    { name, lostRows, nowMs }: { name: string; lostRows: number; nowMs: number },
    lines: string[],
  ): void {
    // It begins anew with the thread that has it.
    if (lostRows < known.lostRows) known.lostRows = 0;
    const lost = lostRows - known.lostRows;
    if (lost === 0 || nowMs - known.lossTold < LOSS_MS) return;
    known.lostRows = lostRows;
    known.lossTold = nowMs;
    lines.push(`${name}: ${lost} records found no room, and are lost`);
  }
}
