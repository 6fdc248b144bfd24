// What a write-out hands over: the flows of each interface since the last one, with what the interface counted meanwhile.

import type { Flow } from './flow.ts';
import type { AggFlowMap } from './flow-map.ts';

export interface TaggedFlowMap {
  iface: string;
  map: AggFlowMap;
  totals: Flow;
  /** Packets since the last write-out; `dropped` are those of the kernel in the same time. */
  stats: { received: number; processed: number; dropped: number; overflow: number };
}

/** Takes write-outs. `timestamp` is the end of the interval. When it throws, the same flows are offered again with the next write-out. */
export interface WriteoutHandler {
  handleWriteout(timestamp: Date, flows: readonly TaggedFlowMap[]): void | Promise<void>;
}

/** Write-outs that may wait for a handler that fails; older ones are lost and counted. */
export const MAX_WAITING_WRITEOUTS = 12;

export class WriteoutQueue {
  readonly #handler: WriteoutHandler;
  readonly #waiting: { timestamp: Date; flows: readonly TaggedFlowMap[] }[] = [];
  /** Write-outs that were given up because too many waited. */
  lost = 0;
  failed = 0;

  constructor(handler: WriteoutHandler) {
    this.#handler = handler;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Hands over what waits and this; rejects with the handler's error, after which everything not taken waits. */
  async put(timestamp: Date, flows: readonly TaggedFlowMap[]): Promise<void> {
    this.#waiting.push({ timestamp, flows });
    try {
      while (this.#waiting.length > 0) {
        const [first] = this.#waiting;
        await this.#handler.handleWriteout(first.timestamp, first.flows);
        this.#waiting.shift();
      }
    } catch (error) {
      this.failed++;
      while (this.#waiting.length > MAX_WAITING_WRITEOUTS) {
        this.#waiting.shift();
        this.lost++;
      }
      throw error;
    }
  }
}
