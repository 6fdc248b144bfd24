// Several threads that capture, seen as one. The kernel shares the packets of each interface out among them by address pair; each has rings
// and flows of its own. Their records arrive here and go to the sinks, which this thread owns.

import { Worker } from 'node:worker_threads';
import type { Changes, InterfaceChange } from '../capture/capture-set.ts';
import type { CaptureConfig } from '../capture/interface-config.ts';
import { type CaptureStatus, mergeStatus } from '../capture/status.ts';
import { Arrivals } from '../engine/arrivals.ts';
import type { Delivery } from '../engine/delivery.ts';
import { mergeResults } from '../engine/merge-results.ts';
import { type RunPlan, type SentPlan, sentPlan } from '../engine/plan.ts';
import type { RunResult } from '../engine/result.ts';
import { resultOf } from '../engine/sent-result.ts';
import { mergeFigures } from '../engine/view.ts';
import type { FlowOptions } from '../flow/lifetimes.ts';
import type { ColumnBatch } from '../records/columns.ts';
import { newRingTeam, type RingTeam } from '../sources/ring/ring-team.ts';
import { workerFile } from '../system/program-files.ts';
import { Asker } from './asking.ts';
import type { Wanted } from './messages.ts';
import type { Unit, UnitFigures, UnitResult } from './unit.ts';
import type { FromWorker, WorkerAnswers, WorkerRequest, WorkerSetup } from './worker-messages.ts';

/** Bytes of records on their way from all threads together. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;
/** The threads have ended so long before all must be over: what they gave has to reach the sinks. */
const RESERVE_MS = 300;
/** When one of them failed the others write what they have. */
const LAST_WORDS_MS = 3000;

export class CaptureTeam implements Unit {
  readonly #size: number;
  readonly #deliveryOf: () => Delivery;
  readonly #note: (text: string) => void;
  #delivery: Delivery;
  #plan: RunPlan;
  readonly #workers = new Set<Worker>();
  /** Those that have handed on all that they had, and close their rings. */
  readonly #done = new Set<Worker>();
  readonly #asker = new Asker<WorkerRequest, { [Kind in keyof WorkerAnswers]: WorkerAnswers[Kind] }>();
  readonly #control = new Int32Array(new SharedArrayBuffer(8));
  readonly #arrivals: Arrivals;
  readonly #results: RunResult[] = [];
  #unread = 0;
  #ready = 0;
  /** A sink, or a thread at its start, failed: there is nothing to go by. */
  #failure: Error | undefined;
  /** What went wrong among packets, or in a thread that captured, in words; '' for nothing. */
  #fault = '';
  /** Open flows by thread, as of the last time that figures were asked for. */
  readonly #flows = new Map<Worker, number>();
  #changed = Promise.withResolvers<void>();

  /** `delivery` is asked whenever the plan has changed; `note` hears what people should know. */
  constructor(size: number, plan: RunPlan, delivery: () => Delivery, note: (text: string) => void) {
    this.#note = note;
    this.#size = size;
    this.#plan = plan;
    this.#deliveryOf = delivery;
    this.#delivery = delivery();
    this.#arrivals = new Arrivals(this.#control, Promise.resolve(), (error) => this.#fail(error));
  }

  async run(started: () => void): Promise<UnitResult> {
    const team = newRingTeam(this.#size);
    for (let i = 0; i < this.#size; i++) this.#start(i, team);
    while (this.#ready < this.#size && this.#failure === undefined) await this.#changed.promise;
    this.#delivery = this.#deliveryOf();
    if (this.#failure === undefined) {
      await this.#all({ kind: 'run', wanted: this.#delivery.wanted });
      started();
    }
    while ([...this.#workers].some((worker) => !this.#done.has(worker))) await this.#changed.promise;
    await this.#arrivals.settled();
    if (this.#failure !== undefined) throw this.#failure;
    return { result: mergeResults(this.#results), unread: this.#unread, fault: this.#fault };
  }

  async update(wanted: Wanted): Promise<Changes> {
    return mergeChanges(await this.#all({ kind: 'update', wanted }));
  }
  async config(): Promise<Record<string, CaptureConfig>> {
    return (await this.#all({ kind: 'config' }))[0] ?? {};
  }

  async figures(): Promise<UnitFigures> {
    const workers = [...this.#workers];
    const all = await this.#all({ kind: 'figures' });
    for (const [i, worker] of workers.entries()) this.#flows.set(worker, all[i].engine?.flows ?? 0);
    const engines = all.flatMap(({ engine }) => (engine === undefined ? [] : [engine]));
    const interfaces: Record<string, CaptureStatus> = {};
    for (const one of all) {
      for (const [name, status] of Object.entries(one.interfaces))
        interfaces[name] = Object.hasOwn(interfaces, name) ? mergeStatus(interfaces[name], status) : status;
    }
    return {
      interfaces,
      engine: engines.length === 0 ? undefined : mergeFigures(engines),
      holdUp: {
        seconds: Math.max(0, ...all.map(({ holdUp }) => holdUp.seconds)),
        cpuSeconds: Math.max(0, ...all.map(({ holdUp }) => holdUp.cpuSeconds)),
      },
    };
  }

  async documents(limit: number): Promise<{ documents: string[]; total: number }> {
    const all = await this.#all({ kind: 'documents', limit });
    return {
      documents: all.flatMap(({ documents }) => documents).slice(0, limit),
      total: all.reduce((sum, { total }) => sum + total, 0),
    };
  }
  async columns(): Promise<ColumnBatch[]> {
    return (await this.#all({ kind: 'columns' })).flat();
  }
  async hold(): Promise<void> {
    await this.#all({ kind: 'hold' });
    await this.#arrivals.settled();
  }
  async goOn(): Promise<boolean> {
    return (await this.#all({ kind: 'goOn' })).every((wasHeld) => wasHeld);
  }
  async retime(options: FlowOptions): Promise<void> {
    await this.#all({ kind: 'retime', options });
  }

  async pause(): Promise<void> {
    await this.#all({ kind: 'pause' });
    await this.#arrivals.settled();
  }
  async resume(plan: RunPlan): Promise<void> {
    this.#plan = plan;
    this.#delivery = this.#deliveryOf();
    await this.#all({ kind: 'resume', plan: planOfOne(plan), wanted: this.#delivery.wanted });
  }

  stop(by: number): void {
    const unix = Date.now() + by - performance.now() - RESERVE_MS;
    this.#all({ kind: 'stop', by: unix }).catch(() => undefined);
  }
  async close(): Promise<void> {
    await this.#terminate([...this.#workers].filter((worker) => !this.#done.has(worker)));
    while (this.#workers.size > 0) await this.#changed.promise;
  }

  /** Rings of a thread that is ended so stay open. */
  async #terminate(workers: readonly Worker[]): Promise<void> {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  #start(index: number, team: RingTeam): void {
    const workerData: WorkerSetup = {
      plan: planOfOne(this.#plan),
      team: { ...team, number: index },
      control: this.#control,
      maxWaitingBytes: MAX_WAITING_BYTES,
    };
    const name = `capture-${index}`;
    const worker = new Worker(workerFile('daemon/capture-worker'), { workerData, name });
    this.#workers.add(worker);
    worker.on('message', (message: FromWorker) => {
      if (message.kind === 'done') this.#done.add(worker);
      this.#hear(message, name);
    });
    worker.on('error', (error) => this.#falter(`${name}: ${error instanceof Error ? error.stack : String(error)}`));
    worker.on('exit', (code) => {
      if (code !== 0) this.#falter(`${name} ended with code ${code}`);
      // It could not say what it had.
      const flows = this.#flows.get(worker) ?? 0;
      if (!this.#done.has(worker) && flows > 0) this.#fault += `; ${flows} flows that ${name} had open lately are lost`;
      this.#workers.delete(worker);
      this.#asker.end('a thread that captures has ended');
      this.#wake();
    });
  }

  #hear(message: FromWorker, name: string): void {
    switch (message.kind) {
      case 'ready':
        this.#ready++;
        this.#wake();
        break;
      case 'rows':
      case 'columns':
        this.#arrivals.take(message, this.#delivery);
        break;
      case 'answer':
      case 'refusal':
        this.#asker.hear(message);
        break;
      case 'note':
        this.#note(message.text);
        break;
      case 'failed':
        this.#falter(`${name}: ${message.error}`);
        break;
      case 'done': {
        this.#results.push(resultOf(message.result));
        this.#unread += message.unread;
        if (message.fault !== '') this.#falter(`${name}: ${message.fault}`);
        this.#wake();
      }
    }
  }

  /** The first fault counts; all threads write what they have and end. */
  #falter(fault: string): void {
    if (this.#ready < this.#size) this.#fail(new Error(fault));
    else if (this.#fault === '') {
      this.#fault = fault;
      this.#end();
    }
  }

  #fail(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#end();
  }

  #end(): void {
    this.stop(performance.now() + LAST_WORDS_MS);
    setTimeout(() => void this.#terminate([...this.#workers]), LAST_WORDS_MS + RESERVE_MS).unref();
    this.#wake();
  }

  #all<Kind extends WorkerRequest['kind']>(
    request: Extract<WorkerRequest, { kind: Kind }>,
  ): Promise<WorkerAnswers[Kind][]> {
    return Promise.all([...this.#workers].map((worker) => this.#asker.ask<Kind>(worker, request)));
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}

/** Each thread is alone with its rings. */
function planOfOne(plan: RunPlan): SentPlan {
  return { ...sentPlan(plan), workers: 1 };
}

/** A change has succeeded when it has everywhere. */
function mergeChanges(all: readonly Changes[]): Changes {
  const merge = (lists: readonly InterfaceChange[][]): InterfaceChange[] => {
    const byName = new Map<string, boolean>();
    for (const { name, success } of lists.flat()) byName.set(name, (byName.get(name) ?? true) && success);
    return [...byName].map(([name, success]) => ({ name, success }));
  };
  return {
    enabled: merge(all.map(({ enabled }) => enabled)),
    updated: merge(all.map(({ updated }) => updated)),
    disabled: merge(all.map(({ disabled }) => disabled)),
  };
}
