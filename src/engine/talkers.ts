// Bytes by source and destination address, for the summary's top talkers.

import type { FlowView } from '../protocols/flow-view.ts';

/** Pairs that come when there are so many already are not counted. */
const MAX_PAIRS = 100_000;

export class Talkers {
  readonly #bytes = new Map<string, number>();

  add(view: FlowView, bytes: number): void {
    const pair = `${view.source} ${view.destination}`;
    const before = this.#bytes.get(pair);
    if (before === undefined && this.#bytes.size >= MAX_PAIRS) return;
    this.#bytes.set(pair, (before ?? 0) + bytes);
  }

  /** 'source destination' and their bytes. */
  entries(): [string, number][] {
    return [...this.#bytes];
  }
}
