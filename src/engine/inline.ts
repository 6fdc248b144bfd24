// The default: analysis in the thread that reads.

import { SHARDS } from '../flow/hash.ts';
import { flowRecord } from '../flow/record.ts';
import { Stage } from '../flow/stage.ts';
import type { ColumnBatch } from '../records/columns.ts';
import { newPacketBatch, type PacketBatch, type PacketSource } from '../sources/source.ts';
import { Analysis } from './analysis.ts';
import type { Analyst } from './analyst.ts';
import type { Delivery } from './delivery.ts';
import { Gathering } from './gathering.ts';
import { Ledger } from './ledger.ts';
import { ColumnOutlet, causeOf, PHASE_PACKET, RowOutlet } from './outlet.ts';
import { detectionFor, type RunPlan, type ShownTypes, shownTypes } from './plan.ts';
import type { RunResult } from './result.ts';
import type { EngineView } from './view.ts';

/** Rows per stage: 128 KiB of rows stay in the cache between decoding and counting. */
const STAGE_ROWS = 512;
/** For rows that stand for no packet, before any packet came. */
const NO_PACKETS = newPacketBatch(new Uint8Array(0), 0);

export class InlineAnalyst implements Analyst {
  readonly #analysis: Analysis;
  readonly #stage = new Stage(STAGE_ROWS);
  readonly #delivery: Delivery;
  readonly #gathering: Gathering;
  readonly #shown: ShownTypes;
  readonly #flowType: number;
  readonly #sliceMs: number;
  #batch: PacketBatch | undefined;

  /**
   * `sliceMs`: how long others may wait for their turn while many documents are made; 0: nobody waits. `rolling`: the reports of an
   * interval come by way of `catchUp`.
   */
  constructor(plan: RunPlan, delivery: Delivery, salts: readonly [number, number], sliceMs = 0, rolling = false) {
    this.#delivery = delivery;
    this.#sliceMs = sliceMs;
    this.#shown = shownTypes(plan);
    this.#flowType = plan.types.indexOf(flowRecord);
    this.#analysis = new Analysis(
      {
        flow: plan.flow,
        stream: plan.stream,
        internalNetworks: plan.internalNetworks,
        geoip: plan.geoip,
        wantsProcesses: plan.processes !== undefined,
        types: plan.types,
        shown: this.#shown,
        wanted: this.#delivery.wanted,
        maxHeldBytes: plan.maxHeldBytes,
        maxConversationBytes: plan.maxConversationBytes,
        wantsTalkers: plan.wantsTalkers,
        sliceMs,
        rolling,
      },
      detectionFor(plan),
      salts,
      new Uint8Array(SHARDS).fill(1),
    );
    this.#gathering = new Gathering(
      this.#analysis.detection.enabled,
      (...record) => this.#analysis.put(...record),
      (name, n) => this.#analysis.count(name, n),
    );
    this.#analysis.gathering = this.#gathering;
  }

  interfaces(names: readonly string[]): void {
    this.#analysis.interfaceNames = names;
  }

  stage(): Stage {
    this.#stage.clear();
    return this.#stage;
  }

  analyse(stage: Stage, batch: PacketBatch | undefined): void | Promise<void> {
    // At the end of input rows of given-up fragments come without a batch of their own; they refer to no packet.
    this.#batch = batch ?? this.#batch ?? NO_PACKETS;
    this.#analysis.tracker.begin();
    if (this.#analysis.run(stage, this.#batch) && !this.#analysis.full()) return;
    return this.#rest(stage, this.#batch);
  }

  async #rest(stage: Stage, batch: PacketBatch): Promise<void> {
    await this.#pause();
    while (!this.#analysis.run(stage, batch)) await this.#pause();
  }

  /** What is full is handed on; after a slice of many documents others have their turn. */
  async #pause(): Promise<void> {
    await this.#deliver(false);
    const { slice } = this.#analysis;
    if (!slice.isOver) return;
    await new Promise((resolve) => setImmediate(resolve));
    slice.begin();
  }

  catchUp(): void | Promise<void> {
    if (this.#analysis.tracker.isBehind && this.#delivery.hasRoom) return this.#catchUp();
  }

  async #catchUp(): Promise<void> {
    const { slice, tracker } = this.#analysis;
    slice.begin();
    while (!slice.isOver && !tracker.catchUp()) await this.#deliver(false);
    await this.#pause();
  }

  release(batch: PacketBatch, source: PacketSource): void {
    source.release(batch);
  }

  idle(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  async flush(all: boolean): Promise<void> {
    const { rows } = this.#analysis;
    if (rows !== undefined) {
      const batch = rows.peek();
      if (batch !== null) await this.#delivery.rows(batch);
      rows.clear();
    }
    if (all) await this.#deliver(true);
  }

  /** What `EngineView` shows of this thread's analysis; packets and outcomes are known where they are read. */
  look(ledger: Ledger): EngineView {
    const analysis = this.#analysis;
    return {
      figures: () => {
        const figures = analysis.figures();
        const all = new Ledger();
        all.add(ledger);
        all.add(figures.ledger);
        return { ...figures, packets: all.packetsRead, ledger: all.snapshot() };
      },
      flowsByInterface: async () => {
        const flows = analysis.flowsByInterface();
        await shardByShard(Math.min(this.#sliceMs, COUNTING_MS), (shard) => {
          flows.add(shard);
          return true;
        });
        return flows.counts();
      },
      liveDocuments: async (limit) => {
        const flow = this.#shown.rows[this.#flowType];
        const documents: string[] = [];
        if (flow === undefined) return documents;
        const outlet = new RowOutlet([flow], ['ndjson']);
        await shardByShard(this.#sliceMs, (shard) =>
          analysis.look(shard, (record, view) => {
            outlet.put(0, record, view, documents.length, 0);
            const { encodings, rows } = outlet.take()!;
            documents.push(
              Buffer.from(
                encodings[0].bytes.buffer,
                encodings[0].bytes.byteOffset,
                encodings[0].ends[rows - 1] - 1,
              ).toString(),
            );
            return documents.length < limit;
          }),
        );
        return documents;
      },
      liveColumns: async () => {
        const flow = this.#shown.columns[this.#flowType];
        if (flow === undefined) return [];
        const outlet = new ColumnOutlet([flow]);
        const batches: ColumnBatch[] = [];
        await shardByShard(this.#sliceMs, (shard) =>
          analysis.look(shard, (record, view) => {
            outlet.put(0, record, view);
            if (outlet.isFull) batches.push(...outlet.take(false));
            return true;
          }),
        );
        return [...batches, ...outlet.take(true)];
      },
      flush: () => this.flush(true),
      retime: (options) => analysis.tracker.retime(options),
    };
  }

  async finish(lastPacket: number, result: RunResult, isLate?: () => boolean): Promise<void> {
    const { tracker } = this.#analysis;
    for (let started = false; !tracker.finish(lastPacket, started); started = true) {
      if (isLate?.() === true) {
        result.ledger.count('flows.unwritten', tracker.flows);
        break;
      }
      await this.#pause();
    }
    this.#gathering.end(causeOf(lastPacket + 1, PHASE_PACKET));
    await this.#deliver(true);
    const analysis = this.#analysis;
    analysis.finishCounts();
    result.ledger.add(analysis.ledger);
    result.records = analysis.counts.records;
    result.errors = analysis.counts.errors;
    result.peakFlows = tracker.counters.peak;
    if (analysis.talkers !== undefined) result.talkers = analysis.talkers;
  }

  async close(): Promise<void> {}

  async #deliver(all: boolean): Promise<void> {
    const { rows, columns } = this.#analysis;
    if (rows !== undefined && (all || rows.isFull)) {
      const batch = rows.peek();
      if (batch !== null) await this.#delivery.rows(batch);
      rows.clear();
    }
    if (columns === undefined || !(all || columns.isFull)) return;
    const { lentColumns } = this.#delivery;
    if (lentColumns === undefined) {
      for (const batch of columns.take(all)) await this.#delivery.columns(batch);
      return;
    }
    const written: Promise<unknown>[] = [];
    columns.lend(all, (batch) => written.push(lentColumns(batch)));
    await Promise.all(written);
  }
}

/** Counting flows is nothing that a packet should wait for. */
const COUNTING_MS = 4;

/** Packets have their turn between shards, where many flows are looked at. */
async function shardByShard(sliceMs: number, look: (shard: number) => boolean): Promise<void> {
  let ends = performance.now() + sliceMs;
  for (let shard = 0; shard < SHARDS && look(shard); shard++) {
    if (performance.now() < ends) continue;
    await new Promise((resolve) => setImmediate(resolve));
    ends = performance.now() + sliceMs;
  }
}
