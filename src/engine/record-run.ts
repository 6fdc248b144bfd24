// Records that do not come from packets, on their way to the sinks: encoded when they are put, handed on when there is time.

import { randomBytes } from 'node:crypto';
import type { RecordType } from '../records/record.ts';
import { type Sink, SinkUsageError } from '../sinks/sink.ts';
import { type Delivery, deliveryTo } from './delivery.ts';
import { ColumnOutlet, RowOutlet } from './outlet.ts';

/** No packets, so no interfaces and names either. */
const NO_ORIGIN = { interfaces: [], secrets: [], names: [] };
/** Sinks of columns are given what there is at least so often: it is safe then, if not visible yet. */
const HAND_OVER_MS = 1000;

/** Where records are put, and handed on from. */
export interface RecordPlace {
  /** `type`: index into the types. The record is encoded before this returns. */
  put(type: number, record: object, view: object): void;
  /** Whether `flush` should come before more is put. */
  readonly isFull: boolean;
  /** Hands on what was put. */
  flush(): Promise<void>;
}

/** Beside others that write to the same sinks, which must take batches whenever they come. */
export class SharedRecords implements RecordPlace {
  readonly #delivery: Delivery;
  readonly #rows: RowOutlet | undefined;
  readonly #columns: ColumnOutlet | undefined;
  #sequence = 0;

  /** The types that the sinks are opened with, as rows and as columns show them. */
  constructor(shown: { rows: readonly RecordType[]; columns: readonly RecordType[] }, sinks: readonly Sink[]) {
    this.#delivery = deliveryTo(sinks);
    const { rows, columns, idle } = this.#delivery.wanted;
    this.#rows = rows.length === 0 ? undefined : new RowOutlet(shown.rows, rows, idle);
    this.#columns = columns ? new ColumnOutlet(shown.columns) : undefined;
  }
  put(type: number, record: object, view: object): void {
    this.#rows?.put(type, record, view, this.#sequence++, 0);
    this.#columns?.put(type, record, view);
  }
  get isFull(): boolean {
    return this.#rows?.isFull === true || this.#columns?.isFull === true;
  }
  /** `all`: columns too that are not many yet. */
  async flush(all = true): Promise<void> {
    const rows = this.#rows?.peek() ?? null;
    if (rows !== null) {
      await this.#delivery.rows(rows);
      this.#rows!.clear();
    }
    for (const batch of this.#columns?.take(all) ?? []) await this.#delivery.columns(batch);
  }
}

export class RecordRun implements RecordPlace {
  readonly #types: readonly RecordType[];
  readonly #sinks: readonly Sink[];
  readonly #records: SharedRecords;
  readonly #input: string;
  readonly #writeOutMs: number;
  readonly #opened: Sink[] = [];
  #nextHandOverMs = 0;
  #nextWriteOutMs = 0;
  #writingOut: Promise<unknown> | undefined;

  /**
   * `input`: what the records are from, for sinks that note it. `writeOutMs`: how often sinks of columns make visible what they have.
   * Throws SinkError for a sink that takes packets.
   */
  constructor(types: readonly RecordType[], sinks: readonly Sink[], input: string, writeOutMs: number) {
    for (const { name, encoding } of sinks) {
      if (encoding === 'packets') throw new SinkUsageError(`${name} takes packets, and there are none here`);
    }
    this.#types = types;
    this.#sinks = sinks;
    this.#input = input;
    this.#writeOutMs = writeOutMs;
    this.#records = new SharedRecords({ rows: types, columns: types }, sinks);
  }

  async open(): Promise<void> {
    for (const sink of this.#sinks) {
      await sink.open(this.#types, NO_ORIGIN);
      this.#opened.push(sink);
    }
    this.#nextWriteOutMs = performance.now() + this.#writeOutMs;
  }

  put(type: number, record: object, view: object): void {
    this.#records.put(type, record, view);
  }
  get isFull(): boolean {
    return this.#records.isFull;
  }

  async flush(): Promise<void> {
    const nowMs = performance.now();
    const isWriteOutDue = nowMs >= this.#nextWriteOutMs;
    const isHandOverDue = isWriteOutDue || nowMs >= this.#nextHandOverMs;
    if (isHandOverDue) this.#nextHandOverMs = nowMs + HAND_OVER_MS;
    await this.#records.flush(isHandOverDue);
    if (!isWriteOutDue) return;
    this.#nextWriteOutMs = nowMs + this.#writeOutMs;
    // Not waited for: events go on meanwhile.
    this.#writingOut ??= this.#writeOut().finally(() => {
      this.#writingOut = undefined;
    });
  }

  async close(): Promise<void> {
    await this.#records.flush();
    // Nothing is imported twice: each run has a name of its own.
    const facts = { digest: randomBytes(16).toString('hex'), inputs: [this.#input], packets: 0 };
    while (this.#opened.length > 0) await this.#opened.pop()!.close(facts);
  }

  async abort(): Promise<void> {
    for (const sink of this.#opened.splice(0)) await sink.abort().catch(() => undefined);
  }

  async #writeOut(): Promise<void> {
    for (const sink of this.#sinks) if (sink.encoding === 'columns') await sink.writeOut?.();
  }
}
