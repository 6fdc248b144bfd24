// Several analysing threads. The reading thread dissects and stages; the workers own shards and take the rows that are theirs. Packets
// and rows lie in shared memory, records come back as transferred buffers, one answer per stage; the answers of a stage are merged
// by (cause, first packet), so the output is that of one thread, byte for byte.

import { Worker } from 'node:worker_threads';
import { SHARDS } from '../flow/hash.ts';
import { Stage } from '../flow/stage.ts';
import type { ColumnBatch } from '../records/columns.ts';
import type { PacketBatch, PacketSource } from '../sources/source.ts';
import { workerFile } from '../system/program-files.ts';
import type { Analyst } from './analyst.ts';
import type { Delivery } from './delivery.ts';
import { mergeRows } from './merge.ts';
import { type RunPlan, sentPlan } from './plan.ts';
import { type JobEvents, PoolGathering } from './pool-gathering.ts';
import type { FromWorker, Partial, ToWorker, WorkerFigures, WorkerSetup } from './pool-messages.ts';
import type { RunResult } from './result.ts';

/** Stages on the way: enough that no worker waits while another one catches up. */
const STAGES = 4;
const STAGE_ROWS = 16_384;

/** Which worker owns each shard: dealt out in turn, so that any number of workers gets equal parts. */
export function shardOwners(workers: number): Uint8Array {
  return Uint8Array.from({ length: SHARDS }, (_, shard) => shard % workers);
}

interface Job {
  /** Workers that are not done with it. */
  open: number;
  /** What each worker has given so far and whether more comes. */
  parts: { queue: Partial[]; done: boolean }[];
  stage: number;
  batch: BatchUse | undefined;
  last: boolean;
  events: JobEvents;
}

/** A batch is given back to its source when it was staged whole and every stage of it was analysed. */
interface BatchUse {
  batch: PacketBatch;
  jobs: number;
  source: PacketSource | undefined;
}

export async function startPool(plan: RunPlan, delivery: Delivery, salts: readonly [number, number]): Promise<Analyst> {
  const pool = new Pool(plan, delivery, salts);
  await pool.ready;
  return pool;
}

class Pool implements Analyst {
  readonly ready: Promise<unknown>;
  readonly #workers: Worker[] = [];
  readonly #stages: Stage[] = [];
  readonly #freeStages: number[] = [];
  readonly #delivery: Delivery;
  readonly #gathering: PoolGathering;
  readonly #jobs: Job[] = [];
  readonly #known = new Map<PacketBatch, { id: number; bytes: Uint8Array }>();
  readonly #uses = new Map<PacketBatch, BatchUse>();
  readonly #figures: WorkerFigures[] = [];
  #batches = 0;
  #delivering: Promise<void> | undefined;
  #wake = Promise.withResolvers<void>();
  #failure: Error | undefined;

  constructor(plan: RunPlan, delivery: Delivery, salts: readonly [number, number]) {
    this.#delivery = delivery;
    this.#gathering = new PoolGathering(plan, this.#delivery.wanted);
    for (let i = 0; i < STAGES; i++) {
      this.#stages.push(new Stage(STAGE_ROWS, (bytes) => new SharedArrayBuffer(bytes)));
      this.#freeStages.push(i);
    }
    const owners = shardOwners(plan.workers);
    const starting: Promise<void>[] = [];
    for (let index = 0; index < plan.workers; index++) {
      const setup: WorkerSetup = {
        plan: sentPlan(plan),
        salts,
        owned: owners.map((owner) => (owner === index ? 1 : 0)),
        wanted: this.#delivery.wanted,
        stages: this.#stages.map(({ capacity, rows, wide }) => ({ capacity, rows, wide })),
      };
      const worker = new Worker(workerFile('engine/pool-worker'), {
        workerData: setup,
        name: `analysis-${index}`,
      });
      this.#workers.push(worker);
      const start = Promise.withResolvers<void>();
      starting.push(start.promise);
      worker.on('message', (message: FromWorker) => {
        if (message.kind === 'ready') start.resolve();
        else this.#hear(index, message);
      });
      worker.on('error', (error) => {
        start.reject(error);
        this.#fail(error instanceof Error ? error : new Error(String(error)));
      });
    }
    this.ready = Promise.all(starting);
  }

  interfaces(names: readonly string[]): void {
    this.#send({ kind: 'interfaces', names });
  }

  async stage(): Promise<Stage> {
    while (this.#freeStages.length === 0) await this.#wait();
    if (this.#failure !== undefined) throw this.#failure;
    const stage = this.#stages[this.#freeStages[0]];
    stage.clear();
    return stage;
  }

  analyse(stage: Stage, batch: PacketBatch | undefined): void {
    if (this.#failure !== undefined) throw this.#failure;
    const index = this.#freeStages.shift()!;
    let use: BatchUse | undefined;
    if (batch !== undefined) {
      use = this.#uses.get(batch) ?? { batch, jobs: 0, source: undefined };
      use.jobs++;
      this.#uses.set(batch, use);
    }
    const { ticks, extras, count } = stage;
    this.#send({
      kind: 'stage',
      stage: index,
      count,
      ticks: [...ticks],
      extras: [...extras],
      batch: batch === undefined ? -1 : this.#share(batch),
    });
    this.#push(index, use, false, { ticks: [...ticks], facts: [], lastPacket: -1 });
  }

  catchUp(): void {}

  release(batch: PacketBatch, source: PacketSource): void {
    const use = this.#uses.get(batch);
    if (use === undefined) {
      source.release(batch);
      return;
    }
    use.source = source;
    this.#maybeRelease(use);
  }

  async idle(): Promise<void> {
    // Batches come back when workers are done with them; without work under way the source itself is waiting.
    if (this.#jobs.length > 0) await this.#wait();
    else await new Promise((resolve) => setImmediate(resolve));
  }

  /** Workers give all they have with each stage. */
  async flush(_all: boolean): Promise<void> {}

  async finish(lastPacket: number, result: RunResult): Promise<void> {
    this.#send({ kind: 'finish', lastPacket });
    this.#push(-1, undefined, true, { ticks: [], facts: [], lastPacket });
    while (this.#jobs.length > 0 || this.#delivering !== undefined) await this.#wait();
    if (this.#failure !== undefined) throw this.#failure;
    for (const figures of this.#figures) {
      result.ledger.add(figures.ledger);
      for (const [name, n] of Object.entries(figures.records)) result.records[name] = (result.records[name] ?? 0) + n;
      for (const [name, n] of Object.entries(figures.errors)) result.errors[name] = (result.errors[name] ?? 0) + n;
      if (figures.talkers !== undefined) result.talkers.addAll(figures.talkers);
      result.peakFlows += figures.peakFlows;
    }
    this.#gathering.addFigures(result.records, result.errors, result.ledger);
    result.workerPackets = this.#figures.map(({ packets }) => packets);
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  /** Tells the workers of a batch's memory once; afterwards its number is enough. */
  #share(batch: PacketBatch): number {
    const known = this.#known.get(batch);
    if (known !== undefined && known.bytes === batch.bytes) return this.#refresh(known.id, batch);
    const id = this.#batches++;
    this.#known.set(batch, { id, bytes: batch.bytes });
    this.#send({ kind: 'batch', id, batch });
    return id;
  }

  #refresh(id: number, batch: PacketBatch): number {
    this.#send({ kind: 'count', id, count: batch.count, firstPacket: batch.firstPacket });
    return id;
  }

  #send(message: ToWorker): void {
    for (const worker of this.#workers) worker.postMessage(message);
  }

  #push(stage: number, batch: BatchUse | undefined, last: boolean, events: JobEvents): void {
    this.#jobs.push({
      open: this.#workers.length,
      parts: this.#workers.map(() => ({ queue: [], done: false })),
      stage,
      batch,
      last,
      events,
    });
  }

  #hear(worker: number, message: Exclude<FromWorker, { kind: 'ready' }>): void {
    const job = this.#jobs.find(({ parts }) => !parts[worker].done);
    if (job === undefined) return;
    const part = job.parts[worker];
    part.queue.push(message);
    if (message.done) {
      part.done = true;
      job.open--;
      if (job.open === 0 && job.stage >= 0) {
        this.#freeStages.push(job.stage);
        if (job.batch !== undefined) {
          job.batch.jobs--;
          this.#maybeRelease(job.batch);
        }
      }
      if (message.figures !== undefined) this.#figures.push(message.figures);
    }
    this.#delivering ??= this.#deliver().finally(() => {
      this.#delivering = undefined;
      this.#awake();
    });
    this.#awake();
  }

  #maybeRelease(use: BatchUse): void {
    if (use.jobs > 0 || use.source === undefined) return;
    this.#uses.delete(use.batch);
    use.source.release(use.batch);
  }

  /** Delivers what is complete at the head of the queue, in order. */
  async #deliver(): Promise<void> {
    try {
      while (this.#jobs.length > 0) {
        const job = this.#jobs[0];
        this.#gathering.advance(job.events, job.parts);
        const parts = [...job.parts, this.#gathering.part];
        for (const batch of takeColumns(parts)) await this.#delivery.columns(batch);
        const merged = mergeRows(parts);
        if (merged !== null) await this.#delivery.rows(merged);
        for (const [i, { queue }] of job.parts.entries()) {
          // A worker that gave a part of its answer goes on when that part was taken.
          while (queue.length > 0 && isEmpty(queue[0]))
            if (!queue.shift()!.done) this.#workers[i].postMessage({ kind: 'more' } satisfies ToWorker);
        }
        if (job.open > 0 || job.parts.some(({ queue }) => queue.length > 0)) {
          if (merged === null) return;
          continue;
        }
        this.#jobs.shift();
      }
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#awake();
  }

  #awake(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers<void>();
  }

  async #wait(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    await this.#wake.promise;
  }
}

/** Column batches need no order: they are taken as they come. */
function takeColumns(parts: Job['parts']): ColumnBatch[] {
  const batches: ColumnBatch[] = [];
  for (const { queue } of parts) for (const part of queue) batches.push(...part.columns.splice(0));
  return batches;
}

function isEmpty(part: Partial): boolean {
  return part.rows === null && part.columns.length === 0;
}
