// Flows counted by the kernel, as the daemon sees them: no packets come here, only what the kernel has counted, every few seconds.

import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Changes, InterfaceChange } from '../capture/capture-set.ts';
import {
  type CaptureConfig,
  ConfigError,
  detectInterfaces,
  resolveInterfaces,
  sameConfig,
} from '../capture/interface-config.ts';
import type { LinkTable } from '../capture/link-table.ts';
import { type CaptureStatus, newStatus } from '../capture/status.ts';
import type { Delivery } from '../engine/delivery.ts';
import { Ledger } from '../engine/ledger.ts';
import { mergeResults } from '../engine/merge-results.ts';
import type { RunPlan } from '../engine/plan.ts';
import { addUncounted, pumpCounts } from '../engine/pump-counts.ts';
import type { RunResult } from '../engine/result.ts';
import { type EngineFigures, type EngineView, mergeFigures } from '../engine/view.ts';
import type { FlowOptions } from '../flow/lifetimes.ts';
import type { ColumnBatch } from '../records/columns.ts';
import type { FlowCount } from '../sources/flow-count.ts';
import type { InterfaceSelection } from '../sources/ring/selection.ts';
import type { TcxSource } from '../sources/tcx/tcx-source.ts';
import type { Wanted } from './messages.ts';
import { whyPacketsAreNeeded } from './packets-needed.ts';
import type { Unit, UnitFigures, UnitResult } from './unit.ts';

const LATE_MS = 1000;
const DELAY_RESOLUTION_MS = 10;

/** No interface at all: what is wanted is told later. */
export const NO_INTERFACE: InterfaceSelection = {
  text: 'none',
  names: [],
  wants: () => false,
  single: undefined,
  isAny: false,
};

export function countsOnly(why: string): ConfigError {
  return new ConfigError(`flows are counted by the kernel, and ${why}: set capture.flow_source to ring and start anew`);
}

export class CountUnit implements Unit {
  readonly #source: TcxSource;
  readonly #links: LinkTable;
  readonly #delivery: () => Delivery;
  readonly #loopDelay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
  #plan: RunPlan;
  #view: EngineView | undefined;
  readonly #former: EngineFigures[] = [];
  #wanted: Wanted = { interfaces: {} };
  readonly #status = new Map<string, CaptureStatus>();
  #configs = new Map<string, CaptureConfig>();
  #pause: { paused: PromiseWithResolvers<void>; resumed: PromiseWithResolvers<void> } | undefined;
  #hurry: PromiseWithResolvers<void> | undefined;
  #endAt = Number.POSITIVE_INFINITY;

  /** The source is open, and counts on no interface yet. */
  constructor(source: TcxSource, links: LinkTable, plan: RunPlan, delivery: () => Delivery) {
    this.#source = source;
    this.#links = links;
    this.#plan = plan;
    this.#delivery = delivery;
  }

  async run(started: () => void): Promise<UnitResult> {
    const results: RunResult[] = [];
    try {
      this.#loopDelay.enable();
      started();
      for (;;) {
        const result = await pumpCounts(this.#source, this.#delivery(), this.#plan, {
          stop: () => this.#endAt !== Number.POSITIVE_INFINITY,
          pause: () => this.#pause !== undefined,
          isLate: () => performance.now() > this.#endAt - LATE_MS,
          hurry: () => this.#hurry !== undefined,
          intervalSeconds: () => this.#plan.flow.intervalSeconds,
          taken: (counts) => this.#took(counts),
          view: (view) => {
            this.#view = view;
          },
        });
        results.push(result);
        if (this.#endAt !== Number.POSITIVE_INFINITY || this.#pause === undefined) break;
        this.#leave(result);
        this.#pause.paused.resolve();
        await this.#pause.resumed.promise;
        this.#pause = undefined;
      }
    } finally {
      this.#loopDelay.disable();
      this.#pause?.paused.resolve();
      await this.close();
    }
    const result = mergeResults(results);
    result.stats = results[results.length - 1].stats;
    return { result, unread: 0 };
  }

  async update(wanted: Wanted): Promise<Changes> {
    const conflict = whyPacketsAreNeeded(this.#plan, wanted);
    if (conflict !== undefined) throw countsOnly(conflict);
    const before = this.#configs;
    this.#wanted = wanted;
    const after = this.#meant(this.#links.list().map(({ name }) => name));
    this.#configs = after;
    await this.#source.select({ ...NO_INTERFACE, wants: (name) => this.#wants(name) });
    const interfaces = this.#interfaces();
    const change = (name: string): InterfaceChange => ({ name, success: interfaces[name]?.state !== 'failed' });
    const names = [...after.keys()].sort();
    return {
      enabled: names.filter((name) => !before.has(name) && after.get(name)!.disable !== true).map(change),
      updated: names.filter((name) => before.has(name) && !sameConfig(before.get(name)!, after.get(name)!)).map(change),
      disabled: [
        ...[...before.keys()].filter((name) => !after.has(name)),
        ...names.filter((name) => !before.has(name) && after.get(name)!.disable === true),
      ].map((name) => ({ name, success: true })),
    };
  }
  async config(): Promise<Record<string, CaptureConfig>> {
    return Object.fromEntries(this.#configs);
  }

  async figures(): Promise<UnitFigures> {
    const delay = Math.max(0, this.#loopDelay.max / 1e9 - DELAY_RESOLUTION_MS / 1000);
    this.#loopDelay.reset();
    return {
      interfaces: this.#interfaces(),
      engine: this.#engine(),
      loopDelaySeconds: Number.isFinite(delay) ? delay : 0,
    };
  }

  async documents(limit: number): Promise<{ documents: string[]; total: number }> {
    await this.#upToDate();
    return { documents: this.#view?.liveDocuments(limit) ?? [], total: this.#view?.figures().flows ?? 0 };
  }
  async columns(): Promise<ColumnBatch[]> {
    await this.#upToDate();
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
    // Whatever it is, it is not for ever.
    this.#endAt = Math.min(by, Number.MAX_SAFE_INTEGER);
  }
  async close(): Promise<void> {
    await this.#source.close();
    this.#links.close();
  }

  #meant(links: readonly string[]): Map<string, CaptureConfig> {
    const wanted = this.#wanted;
    if ('interfaces' in wanted) return resolveInterfaces(wanted.interfaces, links);
    return detectInterfaces(wanted.autodetection, links);
  }
  #wants(name: string): boolean {
    const config = this.#meant([name]).get(name);
    return config !== undefined && config.disable !== true;
  }

  /** Reads what the kernel has counted until now. */
  async #upToDate(): Promise<void> {
    if (this.#view === undefined) return;
    this.#hurry ??= Promise.withResolvers();
    await this.#hurry.promise;
  }

  #took(counts: readonly FlowCount[]): void {
    const names = this.#source.interfaces;
    for (const { interfaceId, packets, bytes } of counts) {
      const status = this.#statusOf(names[interfaceId].name);
      status.received_total += packets;
      status.received += packets;
      status.processed_total += packets;
      status.processed += packets;
      // The kernel's keys do not say on which way a packet was.
      status.totals.packetsRcvd += packets;
      status.totals.bytesRcvd += bytes;
    }
    this.#hurry?.resolve();
    this.#hurry = undefined;
  }

  #interfaces(): Record<string, CaptureStatus> {
    const links = this.#links.list();
    const flows = this.#view?.flowsByInterface() ?? {};
    this.#configs = this.#meant(links.map(({ name }) => name));
    const interfaces: Record<string, CaptureStatus> = {};
    for (const [name, config] of this.#configs) {
      const status = this.#statusOf(name);
      const link = links.find((one) => one.name === name);
      status.error = '';
      if (config.disable === true) status.state = 'disabled';
      else if (link === undefined || !link.isUp) {
        status.state = 'waiting';
        status.error = link === undefined ? `there is no interface '${name}' now` : `the interface '${name}' is down`;
      } else if (this.#source.isAttached(name)) {
        status.state = 'capturing';
        if (status.started_at === 0) status.started_at = Date.now();
      } else {
        status.state = 'failed';
        status.error = `packets of '${name}' can not be counted`;
      }
      status.flows = flows[name] ?? 0;
      interfaces[name] = structuredClone(status);
    }
    return interfaces;
  }

  #statusOf(name: string): CaptureStatus {
    let status = this.#status.get(name);
    if (status === undefined) {
      status = newStatus();
      this.#status.set(name, status);
    }
    return status;
  }

  #engine(): EngineFigures | undefined {
    const all = [...this.#former, ...(this.#view === undefined ? [] : [this.#view.figures()])];
    if (all.length === 0) return undefined;
    const figures = mergeFigures(all);
    const ledger = new Ledger();
    ledger.add(figures.ledger);
    addUncounted(ledger, this.#source.stats());
    return { ...figures, packets: ledger.packetsRead, ledger: ledger.snapshot() };
  }

  #leave({ packets, ledger, records, errors }: RunResult): void {
    const figures = { packets, flows: 0, ledger: ledger.snapshot(), records, errors, latencies: {} };
    this.#former.splice(0, this.#former.length, mergeFigures([...this.#former, figures]));
    this.#view = undefined;
  }
}
