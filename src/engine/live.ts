// A live run: threads that capture, each with a ring and flows of its own, and this thread, which has the sinks. Nothing that a sink
// does holds up a capturing thread. The kernel gives both directions of an address pair to the same thread (see kernel-filter.ts).

import { Worker } from 'node:worker_threads';
import type { Sink } from '../sinks/sink.ts';
import { InputError } from '../sources/input-error.ts';
import { LIVE_DEFAULTS, type LiveOptions } from '../sources/ring/open-live.ts';
import { MissingError } from '../system/errors.ts';
import { FilterError } from '../system/libpcap.ts';
import { workerFile } from '../system/program-files.ts';
import { Arrivals } from './arrivals.ts';
import { type Delivery, deliveryTo } from './delivery.ts';
import {
  CONTROL_STOP,
  type FromLiveWorker,
  type LiveSetup,
  PROGRESS_WORDS,
  type ToLiveWorker,
} from './live-messages.ts';
import { mergeResults } from './merge-results.ts';
import { type RunPlan, sentPlan } from './plan.ts';
import type { RunResult } from './result.ts';
import { overSinks, type RunHooks } from './run.ts';
import { resultOf } from './sent-result.ts';

/** Bytes of records that may be on their way to the sinks before some are dropped. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;
/** How often signals and progress are looked at. */
const LOOK_MS = 100;

/** Captures until `hooks.stop` says so (or `plan.maxPackets`, with one worker). `plan.workers` threads share the packets. */
export async function runLive(
  live: LiveOptions,
  sinks: readonly Sink[],
  plan: RunPlan,
  hooks: RunHooks = {},
): Promise<RunResult> {
  const threads = new CaptureThreads(live, plan, deliveryTo(sinks));
  return overSinks(threads, sinks, plan, hooks, () => threads.run(hooks));
}

class CaptureThreads {
  readonly interfaces = [];
  readonly secrets = [];
  readonly names = [];
  readonly #live: LiveOptions;
  readonly #plan: RunPlan;
  readonly #delivery: Delivery;
  readonly #workers: Worker[] = [];
  readonly #control = new Int32Array(new SharedArrayBuffer(8));
  readonly #progress: Float64Array;
  readonly #results: RunResult[] = [];
  #hooks: RunHooks = {};
  #ready = 0;
  #started = 0;
  #ended = 0;
  #failure: Error | undefined;
  readonly #sinksAreOpen = Promise.withResolvers<void>();
  readonly #arrivals: Arrivals;
  #changed = Promise.withResolvers<void>();

  constructor(live: LiveOptions, plan: RunPlan, delivery: Delivery) {
    this.#live = live;
    this.#plan = plan;
    this.#delivery = delivery;
    this.#arrivals = new Arrivals(this.#control, this.#sinksAreOpen.promise, (error) => this.#fail(error));
    this.#progress = new Float64Array(new SharedArrayBuffer(8 * PROGRESS_WORDS * plan.workers));
  }

  async open(): Promise<void> {
    const { tell: _tell, wait: _wait, ...live } = this.#live;
    const { workers, ...plan } = sentPlan(this.#plan);
    const ringBytes = Math.floor((live.ringBytes ?? LIVE_DEFAULTS.ringBytes) / workers);
    const fanOutGroup = workers > 1 ? Math.floor(Math.random() * 0x10000) : undefined;
    for (let index = 0; index < workers; index++) {
      const setup: LiveSetup = {
        index,
        plan: { ...plan, workers: 1 },
        live: { ...live, ringBytes, ...(fanOutGroup === undefined ? {} : { fanOutGroup }) },
        wanted: this.#delivery.wanted,
        control: this.#control,
        progress: this.#progress,
        maxWaitingBytes: MAX_WAITING_BYTES,
      };
      const worker = new Worker(workerFile('engine/live-worker'), {
        workerData: setup,
        name: `capture-${index}`,
      });
      this.#workers.push(worker);
      worker.on('message', (message: FromLiveWorker) => this.#hear(message));
      worker.on('error', (error) => this.#fail(error instanceof Error ? error : new Error(String(error))));
      worker.on('exit', () => {
        this.#ended++;
        this.#wake();
      });
    }
    await this.#until(() => this.#ready === workers);
    for (const worker of this.#workers) worker.postMessage({ kind: 'start' } satisfies ToLiveWorker);
    await this.#until(() => this.#started === workers);
  }

  async run(hooks: RunHooks): Promise<RunResult> {
    this.#hooks = hooks;
    this.#sinksAreOpen.resolve();
    const timer = setInterval(() => this.#look(hooks), LOOK_MS);
    try {
      while (this.#ended < this.#workers.length) await this.#changed.promise;
      await this.#arrivals.settled();
    } finally {
      clearInterval(timer);
    }
    if (this.#failure !== undefined) throw this.#failure;
    const result = mergeResults(this.#results);
    result.stoppedBySignal = Atomics.load(this.#control, CONTROL_STOP) === 1;
    return result;
  }

  async close(): Promise<void> {
    Atomics.store(this.#control, CONTROL_STOP, 1);
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  async #until(isSo: () => boolean): Promise<void> {
    while (!isSo() && this.#failure === undefined) await this.#changed.promise;
    if (this.#failure !== undefined) throw this.#failure;
  }

  #look(hooks: RunHooks): void {
    if (hooks.stop?.() === true) Atomics.store(this.#control, CONTROL_STOP, 1);
    let packets = 0;
    let frameBytes = 0;
    for (let i = 0; i < this.#progress.length; i += PROGRESS_WORDS) {
      packets += this.#progress[i];
      frameBytes += this.#progress[i + 1];
    }
    hooks.progress?.({ packets, frameBytes, bytesRead: frameBytes, bytesTotal: 0 });
    hooks.report?.()?.({ ...mergeResults([]), packets, frameBytes });
  }

  #hear(message: FromLiveWorker): void {
    if (message.kind === 'ending') this.#hooks.ending?.();
    else if (message.kind === 'tell') this.#live.tell?.(message.words);
    else if (message.kind === 'rows' || message.kind === 'columns') this.#arrivals.take(message, this.#delivery);
    else if (message.kind === 'failed') this.#fail(errorOf(message.name, message.message));
    else {
      if (message.kind === 'ready') this.#ready++;
      else if (message.kind === 'started') this.#started++;
      else {
        this.#results.push(resultOf(message.result));
      }
      this.#wake();
    }
  }

  /** The first failure counts; the others stop too. */
  #fail(error: Error): void {
    this.#failure ??= error;
    Atomics.store(this.#control, CONTROL_STOP, 1);
    this.#wake();
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}

/** Errors lose their class on their way between threads; the command line tells them apart by it. */
function errorOf(name: string, message: string): Error {
  if (name === 'MissingError') return new MissingError(message);
  if (name === 'FilterError') return new FilterError(message);
  if (name === 'InputError') return new InputError('', message);
  return Object.assign(new Error(message), { name });
}
