// One thread that captures: interfaces, their rings, and everything from packets to encoded records.

import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { SourceInit } from '../capture/capture.ts';
import { CaptureSet, type Changes } from '../capture/capture-set.ts';
import type { CaptureConfig } from '../capture/interface-config.ts';
import type { LinkTable } from '../capture/link-table.ts';
import type { Delivery } from '../engine/delivery.ts';
import { mergeResults } from '../engine/merge-results.ts';
import type { RunPlan } from '../engine/plan.ts';
import type { RunResult } from '../engine/result.ts';
import { pump } from '../engine/run.ts';
import { type EngineFigures, type EngineView, mergeFigures } from '../engine/view.ts';
import type { FlowOptions } from '../flow/lifetimes.ts';
import type { ColumnBatch } from '../records/columns.ts';
import type { Wanted } from './messages.ts';
import type { Unit, UnitFigures, UnitResult } from './unit.ts';

/** So long before the end the rings are left, and flows that are not records yet: what follows needs the time. */
const UNREAD_MS = 2700;
const LATE_MS = 1000;
/** Flows by interface are a walk over all flows: not every second. */
const COUNT_MS = 5000;
const DELAY_RESOLUTION_MS = 10;

export interface PacketUnitOptions {
  plan: RunPlan;
  links: LinkTable | undefined;
  sourceInit: SourceInit;
  /** Asked whenever the plan has changed: sinks may have too. */
  delivery: () => Delivery;
  /** What the delivery gave up, by record type. */
  dropped?: () => ReadonlyMap<string, number>;
}

export class PacketUnit implements Unit {
  readonly #options: PacketUnitOptions;
  readonly #set: CaptureSet;
  readonly #loopDelay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
  #plan: RunPlan;
  #view: EngineView | undefined;
  /** Of runs before the last pause. */
  readonly #former: EngineFigures[] = [];
  #pause: { paused: PromiseWithResolvers<void>; resumed: PromiseWithResolvers<void> } | undefined;
  #endAt = Number.POSITIVE_INFINITY;
  #countAt = 0;
  #flowsByInterface: Record<string, number> = {};

  constructor(options: PacketUnitOptions) {
    const { links, sourceInit, plan } = options;
    this.#options = options;
    this.#plan = plan;
    this.#set = new CaptureSet({ sourceInit, links, isEndless: true, countsHeaders: true });
  }

  async run(started: () => void): Promise<UnitResult> {
    const results: RunResult[] = [];
    try {
      await this.#set.open();
      this.#loopDelay.enable();
      started();
      for (;;) {
        const result = await pump(this.#set, this.#options.delivery(), [], this.#plan, {
          pause: () => this.#pause !== undefined,
          isLate: () => performance.now() > this.#endAt - LATE_MS,
          view: (view) => {
            this.#view = view;
          },
        });
        results.push(result);
        if (this.#pause === undefined) break;
        this.#leave(result);
        this.#pause.paused.resolve();
        await this.#pause.resumed.promise;
        this.#pause = undefined;
      }
    } finally {
      this.#loopDelay.disable();
      await this.#set.close();
    }
    const result = mergeResults(results);
    // The source is the same for all of them, and its counters go on.
    result.stats = results[results.length - 1].stats;
    for (const [type, n] of this.#options.dropped?.() ?? []) {
      result.ledger.count(`sink.dropped.${type}`, n);
      result.records[type] -= n;
    }
    return { result, unread: this.#set.unread };
  }

  async update(wanted: Wanted): Promise<Changes> {
    return 'interfaces' in wanted ? this.#set.update(wanted.interfaces) : this.#set.autodetect(wanted.autodetection);
  }
  async config(): Promise<Record<string, CaptureConfig>> {
    return this.#set.config([]);
  }

  async figures(): Promise<UnitFigures> {
    const delay = Math.max(0, this.#loopDelay.max / 1e9 - DELAY_RESOLUTION_MS / 1000);
    this.#loopDelay.reset();
    if (performance.now() > this.#countAt) {
      this.#flowsByInterface = this.#view?.flowsByInterface() ?? {};
      this.#countAt = performance.now() + COUNT_MS;
    }
    const interfaces = this.#set.status([]);
    for (const [name, flows] of Object.entries(this.#flowsByInterface)) {
      if (Object.hasOwn(interfaces, name)) interfaces[name].flows = flows;
    }
    return { interfaces, engine: this.#engine(), loopDelaySeconds: Number.isFinite(delay) ? delay : 0 };
  }

  async documents(limit: number): Promise<{ documents: string[]; total: number }> {
    return { documents: this.#view?.liveDocuments(limit) ?? [], total: this.#view?.figures().flows ?? 0 };
  }
  async columns(): Promise<ColumnBatch[]> {
    return this.#view?.liveColumns() ?? [];
  }
  async retime(options: FlowOptions): Promise<void> {
    this.#plan = { ...this.#plan, flow: { ...options, maxFlows: this.#plan.flow.maxFlows } };
    this.#view?.retime(options);
  }

  pause(): Promise<void> {
    this.#pause ??= { paused: Promise.withResolvers(), resumed: Promise.withResolvers() };
    return this.#pause.paused.promise;
  }
  async resume(plan: RunPlan): Promise<void> {
    this.#plan = plan;
    this.#pause?.resumed.resolve();
  }

  stop(by: number): void {
    this.#endAt = by;
    this.#set.stop(by - UNREAD_MS);
  }
  close(): Promise<void> {
    return this.#set.close();
  }

  #engine(): EngineFigures | undefined {
    if (this.#view === undefined) return this.#former.length === 0 ? undefined : mergeFigures(this.#former);
    const figures = mergeFigures([...this.#former, this.#view.figures()]);
    for (const [type, n] of this.#options.dropped?.() ?? []) {
      figures.ledger.counts.push([`sink.dropped.${type}`, n]);
      figures.records[type] -= n;
    }
    return figures;
  }

  /** A run is over and another one follows: its figures stay. */
  #leave({ packets, ledger, records, errors }: RunResult): void {
    const { latencies } = this.#view!.figures();
    const figures = { packets, flows: 0, ledger: ledger.snapshot(), records, errors, latencies };
    this.#former.splice(0, this.#former.length, mergeFigures([...this.#former, figures]));
    this.#view = undefined;
    this.#flowsByInterface = {};
  }
}
