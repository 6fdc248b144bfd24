// The runs of an engine, one after the other: a run ends when what is made of packets changes, and the next one begins with another plan.
// Their figures are those of one.

import { mergeResults } from '../engine/merge-results.ts';
import type { RunPlan } from '../engine/plan.ts';
import type { RunResult } from '../engine/result.ts';
import { type EngineFigures, type EngineView, mergeFigures } from '../engine/view.ts';
import type { FlowOptions } from '../flow/lifetimes.ts';
import type { ColumnBatch } from '../records/columns.ts';
import { HoldUps } from './hold-ups.ts';

export class EngineRuns {
  /** Of the run that goes on. */
  view: EngineView | undefined;
  readonly holdUps = new HoldUps();
  #plan: RunPlan;
  #former: EngineFigures | undefined;
  #pause: { paused: PromiseWithResolvers<void>; resumed: PromiseWithResolvers<void> } | undefined;

  constructor(plan: RunPlan) {
    this.#plan = plan;
  }

  get plan(): RunPlan {
    return this.#plan;
  }

  /** The present run is to end. */
  get isPausing(): boolean {
    return this.#pause !== undefined;
  }

  /** Runs once, and again after each pause, until a run ends by itself or `isOver` says so. */
  async run(once: () => Promise<RunResult>, isOver: () => boolean): Promise<RunResult> {
    const results: RunResult[] = [];
    this.holdUps.enable();
    try {
      for (;;) {
        const result = await once();
        results.push(result);
        if (this.#pause === undefined || isOver()) break;
        this.#leave(result);
        this.#pause.paused.resolve();
        await this.#pause.resumed.promise;
        this.#pause = undefined;
      }
    } finally {
      this.holdUps.disable();
      this.#pause?.paused.resolve();
    }
    const all = mergeResults(results);
    // The source is the same for all of them, and its counters go on.
    all.stats = results[results.length - 1].stats;
    return all;
  }

  pause(): Promise<void> {
    this.#pause ??= { paused: Promise.withResolvers(), resumed: Promise.withResolvers() };
    return this.#pause.paused.promise;
  }

  resume(plan: RunPlan): void {
    this.#plan = plan;
    this.#pause?.resumed.resolve();
  }

  retime(options: FlowOptions): void {
    this.#plan = { ...this.#plan, flow: { ...options, maxFlows: this.#plan.flow.maxFlows } };
    this.view?.retime(options);
  }

  /** Records that wait are handed on. Only while packets are held. */
  async flush(): Promise<void> {
    await this.view?.flush();
  }

  /** Of all runs, as a copy; undefined before the first. */
  figures(): EngineFigures | undefined {
    const all = [this.#former, this.view?.figures()].filter((figures) => figures !== undefined);
    return all.length === 0 ? undefined : mergeFigures(all);
  }

  async documents(limit: number): Promise<{ documents: string[]; total: number }> {
    const total = this.view?.figures().flows ?? 0;
    return { documents: (await this.view?.liveDocuments(limit)) ?? [], total };
  }

  async columns(): Promise<ColumnBatch[]> {
    return (await this.view?.liveColumns()) ?? [];
  }

  /** A run is over and another one follows: its figures stay. */
  #leave({ packets, ledger, records, errors }: RunResult): void {
    const latencies = this.view?.figures().latencies ?? {};
    const figures = { packets, flows: 0, ledger: ledger.snapshot(), records, errors, latencies };
    this.#former = mergeFigures(this.#former === undefined ? [figures] : [this.#former, figures]);
    this.view = undefined;
  }
}
