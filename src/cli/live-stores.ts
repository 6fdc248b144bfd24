// Stores that a live capture writes to: safe within a second, visible at each interval, complete at the end.

import { DEFAULT_INTERVAL_SECONDS, MOST_INTERVAL_SECONDS, Schedule } from '../capture/schedule.ts';
import { sinkLosses } from '../daemon/losses.ts';
import { LiveStoreSink } from '../sinks/live-store.ts';
import { type Sink, SinkError } from '../sinks/sink.ts';

/** Documents of an interval come with the first packets, or the first pause, behind it. */
const REPORTS_MS = 1500;
/** Whoever ends a capture wants all of it, and waits so long for a slow disk. */
const END_MS = 60_000;

export class LiveStores {
  readonly #sinks: readonly Sink[];
  #schedule: Schedule | undefined;

  constructor(sinks: readonly Sink[]) {
    this.#sinks = sinks;
  }

  /** The sinks are open. `intervalSeconds`: of flow documents; 0 for none. */
  begin(intervalSeconds: number): void {
    if (!this.#sinks.some((sink) => sink instanceof LiveStoreSink)) return;
    const seconds = intervalSeconds === 0 ? DEFAULT_INTERVAL_SECONDS : intervalSeconds;
    this.#schedule = new Schedule(Math.min(MOST_INTERVAL_SECONDS, Math.max(1, seconds)), () => {
      setTimeout(() => this.#writeOut(), REPORTS_MS).unref();
    });
  }

  /** The last packet was read: what comes now is waited for. */
  ending(): void {
    this.#schedule?.stop();
    for (const sink of this.#sinks) if (sink instanceof LiveStoreSink) sink.endBy(performance.now() + END_MS);
  }

  /** The sinks are closed. Throws a SinkError that says what could not be written. */
  end(): void {
    this.#schedule?.stop();
    const losses = sinkLosses(this.#sinks);
    if (losses.length > 0) throw new SinkError(losses.join('; '));
  }

  #writeOut(): void {
    for (const sink of this.#sinks) if (sink instanceof LiveStoreSink) void sink.writeOut();
  }
}
