// One thread that captures: interfaces, their rings, and everything from packets to encoded records.

import { CaptureSet, type Changes } from '../capture/capture-set.ts';
import type { CaptureConfig } from '../capture/interface-config.ts';
import type { LinkTable } from '../capture/link-table.ts';
import type { LiveSources } from '../capture/live-source.ts';
import type { Delivery } from '../engine/delivery.ts';
import type { RunPlan } from '../engine/plan.ts';
import { portFilter } from '../engine/port-filter.ts';
import type { RunResult } from '../engine/result.ts';
import { needsWholePackets, pump } from '../engine/run.ts';
import type { EngineFigures } from '../engine/view.ts';
import type { FlowOptions } from '../flow/lifetimes.ts';
import type { ColumnBatch } from '../records/columns.ts';
import { HEADERS_SNAP, LIVE_DEFAULTS } from '../sources/ring/open-live.ts';
import type { Needed } from '../sources/ring/ring-options.ts';
import { UserFilter } from '../sources/ring/user-filter.ts';
import { EngineRuns } from './engine-runs.ts';
import type { Wanted } from './messages.ts';
import { HOLD_MS, type Unit, type UnitFigures, type UnitResult } from './unit.ts';

/** So long before the end the rings are left, and flows that are not records yet: what follows needs the time. */
const UNREAD_MS = 2700;
const LATE_MS = 1000;
/** Flows by interface are a walk over all flows: not every second. */
const COUNT_MS = 5000;

export interface PacketUnitOptions {
  plan: RunPlan;
  links: LinkTable | undefined;
  /** `needed`: what is needed of packets, which follows the plan. */
  sources: (needed: Needed) => LiveSources;
  /** Asked whenever the plan has changed: sinks may have too. */
  delivery: () => Delivery;
  /** Hears what people should know. */
  note?: (text: string) => void;
  /** What the delivery gave up, by record type. */
  dropped?: () => ReadonlyMap<string, number>;
}

export class PacketUnit implements Unit {
  readonly #options: PacketUnitOptions;
  readonly #set: CaptureSet;
  readonly #runs: EngineRuns;
  readonly #needed: Needed;
  #endAt = Number.POSITIVE_INFINITY;
  #countAt = 0;
  #flowsByInterface: Record<string, number> = {};
  #isUpdated = false;
  #isHeld = false;
  #holdTimer: NodeJS.Timeout | undefined;
  #fault: Error | undefined;

  constructor(options: PacketUnitOptions) {
    const { links, sources, plan, note } = options;
    this.#options = options;
    this.#runs = new EngineRuns(plan);
    this.#needed = { bytes: snapOf(plan) };
    this.#set = new CaptureSet({
      ...sources(this.#needed),
      links,
      isEndless: true,
      countsHeaders: true,
      sharesMemory: true,
      note,
    });
  }

  async run(started: () => void): Promise<UnitResult> {
    await this.#need(this.#runs.plan);
    await this.#set.open();
    started();
    const result = await this.#runs.run(
      () => this.#once(),
      () => this.#fault !== undefined,
    );
    for (const [type, n] of this.#options.dropped?.() ?? []) {
      result.ledger.count(`sink.dropped.${type}`, n);
      result.records[type] -= n;
    }
    return { result, unread: this.#set.unread, fault: this.#fault?.stack ?? '' };
  }

  async update(wanted: Wanted): Promise<Changes> {
    try {
      return await ('interfaces' in wanted
        ? this.#set.update(wanted.interfaces)
        : this.#set.autodetect(wanted.autodetection));
    } finally {
      // What making the first rings took held up no packets.
      if (!this.#isUpdated) this.#runs.holdUps.take();
      this.#isUpdated = true;
    }
  }
  async config(): Promise<Record<string, CaptureConfig>> {
    return this.#set.config([]);
  }

  async figures(): Promise<UnitFigures> {
    if (performance.now() > this.#countAt) {
      this.#countAt = performance.now() + COUNT_MS;
      this.#flowsByInterface = (await this.#runs.view?.flowsByInterface()) ?? {};
    }
    const interfaces = this.#set.status([]);
    for (const [name, flows] of Object.entries(this.#flowsByInterface)) {
      if (Object.hasOwn(interfaces, name)) interfaces[name].flows = flows;
    }
    return { interfaces, engine: this.#engine(), holdUp: this.#runs.holdUps.take() };
  }

  async documents(limit: number): Promise<{ documents: string[]; total: number }> {
    return this.#runs.documents(limit);
  }
  async columns(): Promise<ColumnBatch[]> {
    return this.#runs.columns();
  }
  async hold(): Promise<void> {
    this.#isHeld = true;
    this.#holdTimer = setTimeout(() => this.#letGo(), HOLD_MS);
    await this.#set.hold();
    if (this.#isHeld) await this.#runs.flush();
  }
  async goOn(): Promise<boolean> {
    const wasHeld = this.#isHeld;
    this.#letGo();
    return wasHeld;
  }
  #letGo(): void {
    clearTimeout(this.#holdTimer);
    this.#isHeld = false;
    this.#set.goOn();
  }

  async retime(options: FlowOptions): Promise<void> {
    this.#runs.retime(options);
  }

  pause(): Promise<void> {
    return this.#runs.pause();
  }
  async resume(plan: RunPlan): Promise<void> {
    await this.#need(plan);
    this.#runs.resume(plan);
  }

  stop(by: number): void {
    this.#endAt = by;
    this.#set.stop(by - UNREAD_MS);
  }
  close(): Promise<void> {
    return this.#set.close();
  }

  /** Interfaces whose filter is not given need these packets alone, and so much of each. */
  async #need(plan: RunPlan): Promise<void> {
    const ports = portFilter(plan);
    // Without libpcap all packets come, and those that nobody needs cost a look.
    const packets =
      ports === '' ? undefined : await UserFilter.load(ports, LIVE_DEFAULTS.snapLength).catch(() => undefined);
    this.#needed.bytes = snapOf(plan);
    this.#needed.packets = packets;
    if (packets !== undefined)
      this.#options.note?.(`only packets that these records need: ${ports} (an interface with filter: '' takes all)`);
  }

  async #once(): Promise<RunResult> {
    const runs = this.#runs;
    const result = await pump(this.#set, this.#options.delivery(), [], runs.plan, {
      pause: () => runs.isPausing,
      faulted: (error) => {
        this.#fault = error;
        this.#set.cutShort();
      },
      isLate: () => performance.now() > this.#endAt - LATE_MS,
      view: (view) => {
        runs.view = view;
      },
    });
    this.#flowsByInterface = {};
    return result;
  }

  #engine(): EngineFigures | undefined {
    const figures = this.#runs.figures();
    if (figures === undefined) return undefined;
    for (const [type, n] of this.#options.dropped?.() ?? []) {
      figures.ledger.counts.push([`sink.dropped.${type}`, n]);
      figures.records[type] -= n;
    }
    return figures;
  }
}

function snapOf(plan: RunPlan): number {
  return needsWholePackets(plan) ? LIVE_DEFAULTS.snapLength : HEADERS_SNAP;
}
