// The main thread's end of the capture thread: asks, hears, and starts it again when it died of a fault.

import { Worker } from 'node:worker_threads';
import { Backoff } from '../capture/backoff.ts';
import { withReserved } from '../system/privileges.ts';
import { workerFile } from '../system/program-files.ts';
import { Asker, RefusedError, UnavailableError } from './asking.ts';
import type { Answers, CaptureThreadData, FromThread, Request, ToThread } from './messages.ts';

const FIRST_RESTART_MS = 1000;
const LAST_RESTART_MS = 60_000;
/** A thread that ran for so long had no fault that comes back at once. */
const STEADY_MS = 60_000;
/** A question waits so long for a thread that is being started again. */
const PATIENCE_MS = 5000;
/** They find out for themselves, or are for a thread that is there. */
const NOT_WAITING: ReadonlySet<Request['kind']> = new Set(['status', 'stream', 'stop']);
/** Asked twice, they do no more than once. */
const REPEATABLE: ReadonlySet<Request['kind']> = new Set(['config', 'flows', 'writeout']);
/** The thread is told to have ended so much before it is ended. */
const RESERVE_MS = 300;

export interface CaptureLinkEvents {
  /** The thread keeps its capability: become another user now. */
  prepared(): void;
  documents(lines: string[], missed: number): void;
  note(text: string): void;
  /** It captures again. */
  again(): void;
  /** The thread died and is started again. `lost`: what was, by the names of the ledger. */
  restarted(why: string, lost: Readonly<Record<string, number>>): void;
}

export class CaptureLink {
  restarts = 0;
  readonly #events: CaptureLinkEvents;
  #data: CaptureThreadData;
  #worker: Worker | undefined;
  readonly #asker = new Asker<Request, { [Kind in keyof Answers]: Answers[Kind] }>();
  readonly #backoff = new Backoff(FIRST_RESTART_MS, LAST_RESTART_MS);
  #isStopping = false;
  /** Resolved while the thread captures. */
  #capturing = Promise.withResolvers<void>();
  #startsAt = 0;
  /** All was written, or what went wrong is known. */
  readonly #ended = Promise.withResolvers<string>();
  /** The thread is gone, while this stops. */
  readonly #exited = Promise.withResolvers<void>();
  #timer: NodeJS.Timeout | undefined;

  constructor(data: CaptureThreadData, events: CaptureLinkEvents) {
    this.#data = data;
    this.#events = events;
  }

  /** Resolves when packets are captured. Rejects with a RefusedError: the first start must succeed. */
  start(): Promise<void> {
    const ready = Promise.withResolvers<void>();
    const options = {
      workerData: this.#data,
      name: 'capture',
      // Descriptors of rings and of BPF come from system calls that Node knows nothing of; it would warn of each that is closed.
      trackUnmanagedFds: false,
    };
    // One that follows another needs what that had.
    const worker = withReserved(() => new Worker(workerFile('daemon/capture-thread'), options));
    this.#worker = worker;
    const started = performance.now();
    let isReady = false;
    let why: { error: string; code: string; lost?: Record<string, number> } | undefined;
    worker.on('message', (message: FromThread) => {
      switch (message.kind) {
        case 'prepared':
          try {
            this.#events.prepared();
            worker.postMessage({ kind: 'dropped' } satisfies ToThread);
          } catch (error) {
            why = { error: (error as Error).message, code: (error as Error).name };
            void worker.terminate();
          }
          break;
        case 'ready':
          isReady = true;
          this.#capturing.resolve();
          ready.resolve();
          break;
        case 'answer':
        case 'refusal':
          this.#asker.hear(message);
          break;
        case 'documents':
          this.#events.documents(message.lines, message.missed);
          worker.postMessage({ kind: 'taken', lines: message.lines.length } satisfies ToThread);
          break;
        case 'note':
          this.#events.note(message.text);
          break;
        case 'ended':
          why ??= message;
          if (this.#isStopping) this.#ended.resolve(why.error);
      }
    });
    worker.on('error', (error) => {
      why ??= { error: error instanceof Error ? (error.stack ?? error.message) : String(error), code: 'crashed' };
    });
    worker.on('exit', (code) => {
      const {
        error,
        code: kind,
        lost = {},
      } = why ?? { error: `the capture thread ended with code ${code}`, code: 'crashed' };
      this.#worker = undefined;
      this.#capturing.resolve();
      this.#capturing = Promise.withResolvers();
      this.#asker.end('capture has ended');
      if (this.#isStopping) {
        this.#ended.resolve(error);
        this.#exited.resolve();
      } else if (!isReady && this.restarts === 0) ready.reject(new RefusedError(error, kind));
      else this.#restart(error, lost, performance.now() - started);
    });
    return ready.promise;
  }

  /** Rejects with a RefusedError, or an UnavailableError while the thread is being started again and that takes long. */
  async ask<Kind extends Request['kind']>(request: Extract<Request, { kind: Kind }>): Promise<Answers[Kind]> {
    const { kind } = request;
    for (let isFirst = true; ; isFirst = false) {
      if (!NOT_WAITING.has(kind)) await this.#untilCapturing();
      if (this.#worker === undefined) throw this.#unavailable();
      try {
        return await this.#asker.ask<Kind>(this.#worker, request);
      } catch (error) {
        if (!(error instanceof RefusedError) || error.code !== 'ended') throw error;
        if (!isFirst || !REPEATABLE.has(kind)) throw this.#unavailable();
      }
    }
  }

  async #untilCapturing(): Promise<void> {
    if (this.#isStopping) return;
    const patience = Promise.withResolvers<void>();
    const timer = setTimeout(() => patience.reject(this.#unavailable()), PATIENCE_MS);
    try {
      await Promise.race([this.#capturing.promise, patience.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  #unavailable(): UnavailableError {
    const seconds = Math.max(1, Math.ceil((this.#startsAt - performance.now()) / 1000));
    if (this.#isStopping) return new UnavailableError('the daemon ends', seconds);
    return new UnavailableError(
      `nothing is captured now: the capture thread is being started again after a fault (the log says which). Ask again in ${seconds} s; what is stored can be asked meanwhile`,
      seconds,
    );
  }

  /** What the thread is started with the next time. */
  renew(change: Partial<CaptureThreadData>): void {
    this.#data = { ...this.#data, ...change };
  }

  /**
   * Everything is written, then the thread ends. Resolves to what went wrong, '' for nothing; `deadlineMs` is the longest it takes.
   * `openFlows`: as of the last time that anybody asked.
   */
  async stop(deadlineMs: number, openFlows: number): Promise<string> {
    this.#isStopping = true;
    clearTimeout(this.#timer);
    const worker = this.#worker;
    if (worker === undefined) return '';
    this.ask({ kind: 'stop', by: Date.now() + deadlineMs - RESERVE_MS }).catch(() => undefined);
    const late = new Promise<string>((resolve) => {
      const text = `the capture thread did not end within ${deadlineMs / 1000} s: what was not written yet of ${openFlows} open flows, and records that waited, are lost (stop_timeout)`;
      setTimeout(() => resolve(text), deadlineMs).unref();
    });
    const answer = await Promise.race([this.#ended.promise, late]);
    // Rings that it has no time to close are closed with the process.
    await Promise.race([this.#exited.promise, late]);
    if (this.#worker !== undefined) await worker.terminate();
    return answer;
  }

  #restart(why: string, lost: Readonly<Record<string, number>>, ranMs: number): void {
    if (ranMs > STEADY_MS) this.#backoff.reset();
    this.restarts++;
    this.#events.restarted(why, lost);
    const waitMs = this.#backoff.next();
    this.#startsAt = performance.now() + waitMs;
    this.#timer = setTimeout(() => {
      this.start().then(
        () => this.#events.again(),
        () => undefined,
      );
    }, waitMs);
  }
}
