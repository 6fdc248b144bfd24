// What the capture thread runs: a unit that captures, the sinks, the plan between them, and changes of these while it goes on. Packets wait
// in the rings while the sinks change.

import type { Delivery } from '../engine/delivery.ts';
import { deliveryTo } from '../engine/delivery.ts';
import { makePlan, type RunPlan, shownTypes } from '../engine/plan.ts';
import { type RecordPlace, SharedRecords } from '../engine/record-run.ts';
import { tellLoss } from '../engine/run.ts';
import { customisationOf } from '../processors/customise.ts';
import { PROTOCOLS } from '../protocols/registry.ts';
import { ENCODINGS } from '../records/encodings.ts';
import { GuardedSink } from '../sinks/guarded.ts';
import { LiveStoreSink } from '../sinks/live-store.ts';
import { openSink } from '../sinks/open.ts';
import type { RowSink, RunFacts, Sink } from '../sinks/sink.ts';
import type { Renewable } from './messages.ts';
import type { Unit, UnitResult } from './unit.ts';

/** Packets come from interfaces that the records themselves name. */
const NO_ORIGIN = { interfaces: [], secrets: [], names: [] };
const FACTS: RunFacts = { digest: 'live', inputs: ['live'], packets: 0 };

export class LiveRun {
  readonly store: LiveStoreSink | undefined;
  #plan: RunPlan;
  #retention: Renewable['retention'];
  /** By what they were named. */
  #named: { spec: string; sink: Sink }[] = [];
  readonly #always: readonly Sink[];
  #records: SharedRecords | undefined;
  #changing: Promise<unknown> = Promise.resolve();
  /** Records that came in other ways than by packets, by type. */
  readonly besides = new Map<string, number>();

  /** `others`: sinks besides those that are named, for as long as this runs. */
  constructor({ plan, retention }: Renewable, store: string | undefined, others: readonly Sink[]) {
    this.#plan = makePlan(plan);
    this.#retention = retention;
    this.store = store === undefined ? undefined : new LiveStoreSink(store, { retention });
    this.#always = [...(this.store === undefined ? [] : [this.store]), ...others];
  }

  get plan(): RunPlan {
    return this.#plan;
  }
  get sinks(): Sink[] {
    return [...this.#named.map(({ sink }) => sink), ...this.#always];
  }
  delivery(): Delivery {
    return deliveryTo(this.sinks);
  }

  /** Rejects with a SinkError or PluginError; what was opened is closed again then. */
  async open(specs: readonly string[]): Promise<void> {
    try {
      for (const spec of specs) this.#named.push(await this.#openNamed(spec, this.#plan));
      for (const sink of this.#always) await this.#openSink(sink, this.#plan);
    } catch (error) {
      await this.abort();
      throw error;
    }
    this.#share();
  }

  /** A place for records of this type beside those that packets make; it follows changes of the sinks. */
  placeFor(type: string): RecordPlace {
    const run = this;
    return {
      put: (_type, record, view) => {
        const number = run.#plan.types.findIndex(({ name }) => name === type);
        if (number < 0) return;
        run.besides.set(type, (run.besides.get(type) ?? 0) + 1);
        run.#records!.put(number, record, view);
      },
      get isFull() {
        return run.#records!.isFull;
      },
      flush: () => run.#records!.flush(),
    };
  }

  /**
   * Another plan, other sinks, another retention. Rejects with the error of a sink that can not be opened, and nothing has changed. Open
   * flows end and begin anew unless times alone have changed.
   */
  renew(renewable: Renewable, unit: Unit): Promise<{ flows: 'went on' | 'began anew' }> {
    const done = this.#changing.then(() => this.#renew(renewable, unit));
    this.#changing = done.catch(() => undefined);
    return done;
  }

  /** The last record, about losses; then the sinks are closed. */
  async close({ result }: UnitResult): Promise<void> {
    await this.#changing;
    await this.#records?.flush();
    await tellLoss(result, this.sinks, this.#plan);
    for (const sink of this.sinks) await sink.close({ ...FACTS, packets: result.packets });
  }
  async abort(): Promise<void> {
    for (const sink of this.sinks) await sink.abort().catch(() => undefined);
  }

  async #renew({ plan: sent, sinks, retention }: Renewable, unit: Unit): Promise<{ flows: 'went on' | 'began anew' }> {
    const plan = makePlan(sent);
    const added = [];
    for (const spec of sinks)
      if (!this.#named.some((one) => one.spec === spec)) added.push(await this.#openNamed(spec, plan));
    const areOthers = added.length > 0 || this.#named.some(({ spec }) => !sinks.includes(spec));
    const isRetimed = contentOf(plan) === contentOf(this.#plan);
    const areShownAlike = shownKey(plan) === shownKey(this.#plan);
    const isKept = JSON.stringify(retention) === JSON.stringify(this.#retention);
    this.#retention = retention;
    const leaving = this.#named.filter(({ spec }) => !sinks.includes(spec));
    if (isRetimed && !areOthers) {
      this.#plan = plan;
      await unit.retime(plan.flow);
    } else {
      await unit.pause();
      await this.#records!.flush();
      this.#plan = plan;
      const named = [];
      for (const one of this.#named) {
        if (leaving.includes(one)) continue;
        // Rows say their type by its number among the types that the sink was opened with.
        named.push(areShownAlike ? one : await this.#reopen(one, plan));
      }
      this.#named = [...named, ...added];
      this.#share();
      await unit.resume(plan);
    }
    if (this.store !== undefined && (!isKept || !areShownAlike))
      await this.store.renew(shownTypes(plan).columns, retention);
    for (const { sink } of leaving) await sink.close(FACTS);
    return { flows: isRetimed && !areOthers ? 'went on' : 'began anew' };
  }

  async #reopen({ spec, sink }: { spec: string; sink: Sink }, plan: RunPlan) {
    await sink.close(FACTS);
    return this.#openNamed(spec, plan);
  }

  async #openNamed(spec: string, plan: RunPlan): Promise<{ spec: string; sink: Sink }> {
    const inner = await openSink(spec);
    const sink = Object.hasOwn(ENCODINGS, inner.encoding) ? new GuardedSink(inner as RowSink) : inner;
    await this.#openSink(sink, plan);
    return { spec, sink };
  }

  async #openSink(sink: Sink, plan: RunPlan): Promise<void> {
    const shown = shownTypes(plan);
    await sink.open(sink.encoding === 'columns' ? shown.columns : shown.rows, NO_ORIGIN);
  }

  #share(): void {
    this.#records = new SharedRecords(shownTypes(this.#plan), this.sinks);
  }
}

/** Everything of a plan but times that flows that are open can follow. */
function contentOf(plan: RunPlan): string {
  const { types: _types, identity: _identity, flow, flowDocuments, ...rest } = plan;
  return JSON.stringify([rest, flow.maxFlows, customisationOf(flowDocuments)]);
}

/** What record types look like. */
function shownKey({ records, protocols, flowDocuments, geoip, processes }: RunPlan): string {
  const custom = PROTOCOLS.map(({ name }) => customisationOf(protocols[name]));
  const enrichments = [geoip.length > 0, processes !== undefined];
  return JSON.stringify([records, customisationOf(flowDocuments), custom, enrichments]);
}
