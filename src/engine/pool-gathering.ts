// Facts of several flows with several analysing threads: the workers send them with their rows, and the reading thread lets them meet in
// the order of their causes. What comes of it is merged as if one more worker had sent it.

import type { FlowView } from '../protocols/flow-view.ts';
import type { RecordType } from '../records/record.ts';
import type { WantedEncodings } from './encoded-rows.ts';
import { type FactReceiver, Gathering } from './gathering.ts';
import type { Ledger } from './ledger.ts';
import { ColumnOutlet, causeOf, PHASE_DEADLINE, PHASE_PACKET, RowOutlet } from './outlet.ts';
import { detectionFor, type RunPlan, shownTypes } from './plan.ts';
import type { Partial, SentFact } from './pool-messages.ts';

/** In a worker: keeps facts for the next answer. Time is told to the reading thread by its own ticks. */
export class FactQueue implements FactReceiver {
  #facts: SentFact[] = [];

  take(protocol: string, fact: object, seconds: number, nanos: number, cause: number, first: number): void {
    this.#facts.push({ protocol, fact, seconds, nanos, cause, first });
  }
  tick(): void {}

  /** Everything since the last call. */
  drain(): SentFact[] {
    const facts = this.#facts;
    if (facts.length > 0) this.#facts = [];
    return facts;
  }
}

/** What happens in one job, besides the packets of the workers. */
export interface JobEvents {
  ticks: { packet: number; seconds: number }[];
  facts: SentFact[];
  /** The last packet's number, when the job ends the input; else -1. */
  lastPacket: number;
}

/** In the reading thread. */
export class PoolGathering {
  /** Rows for `mergeRows`, as those of a worker that is always up to date; it must come last among the parts. */
  readonly part: { queue: Partial[]; done: boolean } = { queue: [], done: true };
  readonly #gathering: Gathering;
  readonly #types: readonly RecordType[];
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #rows: RowOutlet | undefined;
  readonly #columns: ColumnOutlet | undefined;
  readonly #records: number[];
  readonly #errors: number[];
  readonly #losses = new Map<string, number>();

  constructor(plan: RunPlan, wanted: WantedEncodings) {
    this.#types = plan.types;
    this.#numbers = new Map(plan.types.map((type, i) => [type.name, i]));
    const shown = shownTypes(plan);
    this.#rows = wanted.rows.length > 0 ? new RowOutlet(shown.rows, wanted.rows) : undefined;
    this.#columns = wanted.columns ? new ColumnOutlet(shown.columns) : undefined;
    this.#records = plan.types.map(() => 0);
    this.#errors = plan.types.map(() => 0);
    this.#gathering = new Gathering(
      detectionFor(plan).enabled,
      (type, record, flow, cause, first) => this.#put(type, record, flow, cause, first),
      (name, n) => this.#losses.set(name, (this.#losses.get(name) ?? 0) + n),
    );
  }

  /** Lets happen what is certain: workers that are not done may still send facts of causes after their last row. */
  advance(job: JobEvents, parts: readonly { queue: Partial[]; done: boolean }[]): void {
    let limit = Number.POSITIVE_INFINITY;
    const { facts, ticks } = job;
    const before = facts.length;
    for (const { queue, done } of parts) {
      let last = -1;
      for (const { rows, facts: sent } of queue) {
        if (rows !== null) last = rows.cause[rows.rows - 1];
        for (const fact of sent.splice(0)) facts.push(fact);
      }
      if (!done) limit = Math.min(limit, last);
    }
    if (facts.length > before) facts.sort((a, b) => a.cause - b.cause || a.first - b.first);
    let fact = 0;
    let tick = 0;
    for (;;) {
      const factCause = fact < facts.length ? facts[fact].cause : Number.POSITIVE_INFINITY;
      const tickCause = tick < ticks.length ? causeOf(ticks[tick].packet, PHASE_DEADLINE) : Number.POSITIVE_INFINITY;
      if (Math.min(factCause, tickCause) > limit || (fact === facts.length && tick === ticks.length)) break;
      if (tickCause <= factCause) this.#gathering.tick(ticks[tick++].seconds, tickCause);
      else {
        const { protocol, fact: what, seconds, nanos, cause, first } = facts[fact++];
        this.#gathering.take(protocol, what, seconds, nanos, cause, first);
      }
    }
    facts.splice(0, fact);
    ticks.splice(0, tick);
    if (job.lastPacket >= 0 && limit === Number.POSITIVE_INFINITY) {
      this.#gathering.end(causeOf(job.lastPacket + 1, PHASE_PACKET));
      job.lastPacket = -1;
      this.#take(true);
    } else this.#take(false);
  }

  /** Adds its figures to those of the workers. */
  addFigures(records: Record<string, number>, errors: Record<string, number>, ledger: Ledger): void {
    for (const [i, { name }] of this.#types.entries()) {
      records[name] = (records[name] ?? 0) + this.#records[i];
      errors[name] = (errors[name] ?? 0) + this.#errors[i];
    }
    for (const [name, n] of this.#losses) ledger.count(name, n);
  }

  #put(type: RecordType, record: object, flow: FlowView, cause: number, first: number): void {
    const number = this.#numbers.get(type.name);
    if (number === undefined) return;
    this.#records[number]++;
    const { status } = record as { status?: string };
    if (status !== undefined && status !== 'OK') this.#errors[number]++;
    this.#rows?.put(number, record, flow, cause, first);
    this.#columns?.put(number, record, flow);
  }

  #take(all: boolean): void {
    this.part.queue = this.part.queue.filter(({ rows, columns }) => rows !== null || columns.length > 0);
    const rows = this.#rows?.take() ?? null;
    const columns = this.#columns?.take(all) ?? [];
    if (rows !== null || columns.length > 0)
      this.part.queue.push({ kind: 'part', rows, columns, facts: [], done: true });
  }
}
