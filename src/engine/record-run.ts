// Records that do not come from packets, on their way to the sinks: encoded when they are put, handed on when there is time. Sinks that
// keep what they get as imports (the store) are given one import after the other, so that what was written becomes visible.

import { randomBytes } from 'node:crypto';
import type { RecordType } from '../records/record.ts';
import { type Sink, SinkError } from '../sinks/sink.ts';
import { type Delivery, deliveryTo } from './delivery.ts';
import { ColumnOutlet, RowOutlet } from './outlet.ts';

/** No packets, so no interfaces and names either. */
const NO_ORIGIN = { interfaces: [], secrets: [], names: [] };

export class RecordRun {
  readonly #types: readonly RecordType[];
  readonly #sinks: readonly Sink[];
  readonly #delivery: Delivery;
  readonly #rows: RowOutlet | undefined;
  readonly #columns: ColumnOutlet | undefined;
  readonly #input: string;
  readonly #commitMs: number;
  readonly #opened: Sink[] = [];
  #run = randomBytes(16).toString('hex');
  #sequence = 0;
  #nextCommitMs = 0;

  /**
   * `input`: what the records are from, for sinks that note it. `commitMs`: how often sinks of columns make visible what they have.
   * Throws SinkError for a sink that takes packets.
   */
  constructor(types: readonly RecordType[], sinks: readonly Sink[], input: string, commitMs: number) {
    for (const { name, encoding } of sinks) {
      if (encoding === 'packets') throw new SinkError(`${name} takes packets, and there are none here`);
    }
    this.#types = types;
    this.#sinks = sinks;
    this.#input = input;
    this.#commitMs = commitMs;
    this.#delivery = deliveryTo(sinks);
    const { rows, columns } = this.#delivery.wanted;
    this.#rows = rows.length === 0 ? undefined : new RowOutlet(types, rows);
    this.#columns = columns ? new ColumnOutlet(types) : undefined;
  }

  async open(): Promise<void> {
    for (const sink of this.#sinks) {
      await sink.open(this.#types, NO_ORIGIN);
      this.#opened.push(sink);
    }
    this.#nextCommitMs = performance.now() + this.#commitMs;
  }

  /** `type`: index into the types. The record is encoded before this returns. */
  put(type: number, record: object, view: object): void {
    this.#rows?.put(type, record, view, this.#sequence++, 0);
    this.#columns?.put(type, record, view);
  }

  /** Whether `flush` should come before more is put. */
  get isFull(): boolean {
    return this.#rows?.isFull === true || this.#columns?.isFull === true;
  }

  /** Hands on what was put. */
  async flush(): Promise<void> {
    const rows = this.#rows?.peek() ?? null;
    if (rows !== null) {
      await this.#delivery.rows(rows);
      this.#rows!.clear();
    }
    if (this.#columns === undefined) return;
    const isDue = performance.now() >= this.#nextCommitMs;
    for (const batch of this.#columns.take(isDue)) await this.#delivery.columns(batch);
    if (isDue) await this.#commit();
  }

  async close(): Promise<void> {
    await this.flush();
    for (const batch of this.#columns?.take(true) ?? []) await this.#delivery.columns(batch);
    while (this.#opened.length > 0) await this.#opened.pop()!.close(this.#facts());
  }

  async abort(): Promise<void> {
    for (const sink of this.#opened.splice(0)) await sink.abort().catch(() => undefined);
  }

  async #commit(): Promise<void> {
    for (const sink of this.#sinks) {
      if (sink.encoding !== 'columns') continue;
      await sink.close(this.#facts());
      await sink.open(this.#types, NO_ORIGIN);
    }
    this.#run = randomBytes(16).toString('hex');
    this.#nextCommitMs = performance.now() + this.#commitMs;
  }

  /** Nothing is imported twice: each import has a name of its own. */
  #facts() {
    return { digest: this.#run, inputs: [this.#input], packets: 0 };
  }
}
