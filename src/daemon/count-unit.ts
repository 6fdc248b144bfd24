// Flows counted by the kernel, as the daemon sees them: no packets come here, only what the kernel has counted, every few seconds.

import type { Changes, InterfaceChange } from '../capture/capture-set.ts';
import {
  type CaptureConfig,
  ConfigError,
  detectInterfaces,
  resolveInterfaces,
  sameConfig,
} from '../capture/interface-config.ts';
import { type CaptureStatus, newStatus } from '../capture/status.ts';
import type { Delivery } from '../engine/delivery.ts';
import { Ledger } from '../engine/ledger.ts';
import type { RunPlan } from '../engine/plan.ts';
import { addUncounted, pumpCounts } from '../engine/pump-counts.ts';
import type { RunResult } from '../engine/result.ts';
import type { EngineFigures } from '../engine/view.ts';
import type { FlowOptions } from '../flow/lifetimes.ts';
import type { ColumnBatch } from '../records/columns.ts';
import type { FlowCount } from '../sources/flow-count.ts';
import type { InterfaceSelection } from '../sources/ring/selection.ts';
import type { TcxSource } from '../sources/tcx/tcx-source.ts';
import { EngineRuns } from './engine-runs.ts';
import type { Wanted } from './messages.ts';
import { whyPacketsAreNeeded } from './packets-needed.ts';
import type { Unit, UnitFigures, UnitResult } from './unit.ts';

const LATE_MS = 1000;
/** So long before the end interfaces are left as they are, and the kernel's maps are read for the last time: what follows needs the time. */
const LAST_READING_MS = 2700;

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
  readonly #delivery: () => Delivery;
  readonly #runs: EngineRuns;
  #wanted: Wanted = { interfaces: {} };
  readonly #status = new Map<string, CaptureStatus>();
  #configs = new Map<string, CaptureConfig>();
  #hurry: PromiseWithResolvers<void> | undefined;
  #endAt = Number.POSITIVE_INFINITY;

  /** The source is open, and counts on no interface yet. */
  /** Readings of the kernel's maps, and how many there were when open flows were asked for. */
  #readings = 0;
  #readingsAsked = 0;

  constructor(source: TcxSource, plan: RunPlan, delivery: () => Delivery) {
    this.#source = source;
    this.#runs = new EngineRuns(plan);
    this.#delivery = delivery;
  }

  async run(started: () => void): Promise<UnitResult> {
    started();
    const result = await this.#runs.run(
      () => this.#once(),
      () => this.#isEnding,
    );
    return { result, unread: 0, fault: '' };
  }

  async update(wanted: Wanted): Promise<Changes> {
    const conflict = whyPacketsAreNeeded(this.#runs.plan, wanted);
    if (conflict !== undefined) throw countsOnly(conflict);
    const before = this.#configs;
    this.#wanted = wanted;
    await this.#source.select({ ...NO_INTERFACE, wants: (name) => this.#wants(name) });
    const interfaces = this.#interfaces({});
    const after = this.#configs;
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
    const flows = (await this.#runs.view?.flowsByInterface()) ?? {};
    // An interface that was made anew is another one: that its name was counted before says nothing.
    await this.#source.follow();
    return {
      interfaces: this.#interfaces(flows),
      engine: this.#engine(),
      holdUp: this.#runs.holdUps.take(),
    };
  }

  async documents(limit: number): Promise<{ documents: string[]; total: number }> {
    await this.#upToDate();
    return this.#runs.documents(limit);
  }
  async columns(): Promise<ColumnBatch[]> {
    await this.#upToDate();
    this.#readingsAsked = this.#readings;
    return this.#runs.columns();
  }
  /** Nothing goes on between two readings of the kernel's maps, and all that a reading made is handed on. */
  async hold(): Promise<void> {}
  async goOn(): Promise<boolean> {
    return this.#readings === this.#readingsAsked;
  }
  async retime(options: FlowOptions): Promise<void> {
    this.#runs.retime(options);
  }

  pause(): Promise<void> {
    return this.#runs.pause();
  }
  async resume(plan: RunPlan): Promise<void> {
    this.#runs.resume(plan);
  }

  stop(by: number): void {
    // Whatever it is, it is not for ever.
    this.#endAt = Math.min(by, Number.MAX_SAFE_INTEGER);
  }
  async close(): Promise<void> {
    await this.#source.close();
  }

  get #isEnding(): boolean {
    return this.#endAt !== Number.POSITIVE_INFINITY;
  }

  #once(): Promise<RunResult> {
    const runs = this.#runs;
    return pumpCounts(this.#source, this.#delivery(), runs.plan, {
      stop: () => this.#isEnding,
      pause: () => runs.isPausing,
      isLate: () => performance.now() > this.#endAt - LATE_MS,
      isLateToDetach: () => performance.now() > this.#endAt - LAST_READING_MS,
      hurry: () => this.#hurry !== undefined,
      intervalSeconds: () => runs.plan.flow.intervalSeconds,
      taken: (counts) => this.#took(counts),
      view: (view) => {
        runs.view = view;
      },
    });
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
    if (this.#runs.view === undefined) return;
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
    this.#readings++;
    this.#hurry?.resolve();
    this.#hurry = undefined;
  }

  /** `flows`: how many are open, by interface. */
  #interfaces(flows: Readonly<Record<string, number>>): Record<string, CaptureStatus> {
    const { links } = this.#source;
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
      } else if (this.#source.isAttached(link)) {
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
    const figures = this.#runs.figures();
    if (figures === undefined) return undefined;
    const ledger = new Ledger();
    ledger.add(figures.ledger);
    addUncounted(ledger, this.#source.stats());
    return { ...figures, packets: ledger.packetsRead, ledger: ledger.snapshot() };
  }
}
