// The capture manager: flows of many interfaces, written out at intervals, asked for at any time, reconfigured while it runs. Its words and
// their meaning are goProbe's; what goProbe gets wrong (see docs/capture-manager.md) is not.

import type { PacketBatch } from '../sources/source.ts';
import type { Capture, SourceInit } from './capture.ts';
import { CaptureSet, type Changes } from './capture-set.ts';
import { FlowCounter } from './flow-counter.ts';
import type { FlowLogOptions } from './flow-log.ts';
import type { AggFlowMap } from './flow-map.ts';
import { type Autodetection, type CaptureConfig, ConfigError, type Interfaces } from './interface-config.ts';
import { kernelLinks, type LinkTable } from './link-table.ts';
import { liveSources } from './live-source.ts';
import { LocalBufferOverflowError, LocalBufferPool } from './local-buffer.ts';
import type { Metrics } from './metrics.ts';
import { DEFAULT_INTERVAL_SECONDS, Schedule } from './schedule.ts';
import type { CaptureStatus } from './status.ts';
import { type TaggedFlowMap, type WriteoutHandler, WriteoutQueue } from './writeout.ts';

export interface ManagerSettings {
  pool: LocalBufferPool;
  metrics: Metrics | undefined;
  skipWriteoutSchedule: boolean;
  sourceInit: SourceInit | undefined;
  links: LinkTable | undefined;
  flowLog: FlowLogOptions;
  onError: (error: Error, iface: string) => void;
}
export type ManagerOption = (settings: ManagerSettings) => void;

/** `n` buffers that share `sizeLimit` bytes, for packets that come while flows are read (default: 1, 64 MiB). */
export function withLocalBuffers(n: number, sizeLimit: number): ManagerOption {
  return (settings) => {
    settings.pool = new LocalBufferPool(n, sizeLimit);
  };
}
export function withMetrics(metrics: Metrics): ManagerOption {
  return (settings) => {
    settings.metrics = metrics;
  };
}
/** `initManager` schedules no write-outs: whoever calls it does. */
export function withSkipWriteoutSchedule(skip = true): ManagerOption {
  return (settings) => {
    settings.skipWriteoutSchedule = skip;
  };
}
/** Where packets come from instead of the kernel: files, for tests. Links of the machine are then looked at only with `withLinks`. */
export function withSourceInitFn(sourceInit: SourceInit): ManagerOption {
  return (settings) => {
    settings.sourceInit = sourceInit;
  };
}
export function withLinks(links: LinkTable): ManagerOption {
  return (settings) => {
    settings.links = links;
  };
}
/** Limits of flow logs, and whether clients' ports are left out. */
export function withFlowLog(options: FlowLogOptions): ManagerOption {
  return (settings) => {
    settings.flowLog = options;
  };
}
/** Told of what goes wrong while nobody waits for an answer: write-outs, full buffers. */
export function withErrorHandler(onError: (error: Error, iface: string) => void): ManagerOption {
  return (settings) => {
    settings.onError = onError;
  };
}

export interface ManagerConfig {
  interfaces?: Interfaces;
  /** Instead of `interfaces`. */
  autodetection?: Autodetection;
  /** Seconds between write-outs, 1 to 3600 (default 300). */
  interval?: number;
  local_buffers?: { num_buffers?: number; size_limit?: number };
}

/** Which flows `flowMaps` gives: those for which it says true; undefined: all. */
export type FlowFilter = (flow: { sip: string; dip: string; dport: number; proto: number }) => boolean;

/** A manager that captures what `config` says and writes out to `handler`. Rejects with a ConfigError for a configuration that is none. */
export async function initManager(
  config: ManagerConfig & { writeoutHandler: WriteoutHandler },
  ...options: (ManagerOption | readonly ManagerOption[])[]
): Promise<CaptureManager> {
  const { autodetection, interfaces, local_buffers, interval = DEFAULT_INTERVAL_SECONDS } = config;
  if (autodetection?.enabled === true && Object.keys(interfaces ?? {}).length > 0)
    throw new ConfigError('interfaces are either named or detected: leave out one of interfaces and autodetection');
  const all = options.flat();
  if (local_buffers !== undefined)
    all.unshift(withLocalBuffers(local_buffers.num_buffers ?? 1, local_buffers.size_limit ?? 64 * 1024 * 1024));
  const manager = await newManager(config.writeoutHandler, all);
  try {
    if (autodetection?.enabled === true) await manager.autodetect(autodetection);
    else await manager.update(interfaces ?? {});
    if (!manager.skipsSchedule) manager.scheduleWriteouts(interval);
  } catch (error) {
    await manager.close();
    throw error;
  }
  return manager;
}

/** A manager that captures nothing yet. */
export async function newManager(
  handler: WriteoutHandler,
  ...options: (ManagerOption | readonly ManagerOption[])[]
): Promise<CaptureManager> {
  const settings: ManagerSettings = {
    pool: new LocalBufferPool(),
    metrics: undefined,
    skipWriteoutSchedule: false,
    sourceInit: undefined,
    links: undefined,
    flowLog: {},
    onError: (error, iface) => process.emitWarning(iface === '' ? error.message : `${iface}: ${error.message}`),
  };
  for (const option of options.flat()) option(settings);
  if (settings.sourceInit === undefined) settings.links ??= await kernelLinks().catch(() => undefined);
  return new CaptureManager(handler, settings);
}

export class CaptureManager {
  readonly startedAt = new Date();
  readonly skipsSchedule: boolean;
  readonly #settings: ManagerSettings;
  readonly #set: CaptureSet;
  readonly #counters = new Map<Capture, FlowCounter>();
  /** Batches that found no room to wait in, with the packet that is next. */
  readonly #unfinished = new Map<FlowCounter, { batch: PacketBatch; from: number }>();
  readonly #writeouts: WriteoutQueue;
  readonly #metricsTimer: NodeJS.Timeout | undefined;
  #schedule: Schedule | undefined;
  #lastRotation = this.startedAt;
  #pumping: Promise<void> | undefined;
  #rotating: Promise<void> = Promise.resolve();
  #isClosed = false;

  /** Use `newManager` or `initManager`. */
  constructor(handler: WriteoutHandler, settings: ManagerSettings) {
    this.#settings = settings;
    this.skipsSchedule = settings.skipWriteoutSchedule;
    this.#writeouts = new WriteoutQueue(handler);
    this.#set = new CaptureSet({
      ...(settings.sourceInit === undefined ? liveSources() : { sourceInit: settings.sourceInit }),
      links: settings.links,
      beforeClose: (captures) => this.#writeOut(captures, new Date()),
      closed: (capture) => {
        this.#counters.delete(capture);
        settings.metrics?.forget(capture.name);
      },
      isEndless: true,
      sharesMemory: settings.sourceInit === undefined,
    });
    if (settings.metrics !== undefined) {
      this.#metricsTimer = setInterval(() => this.#observe(), 1000);
      this.#metricsTimer.unref();
    }
  }

  /** When the flows were written out last; when the manager began, before the first time. */
  get lastRotation(): Date {
    return this.#lastRotation;
  }
  get timestamps(): { startedAt: Date; lastRotation: Date } {
    return { startedAt: this.startedAt, lastRotation: this.#lastRotation };
  }

  /**
   * Captures exactly these interfaces from now on. What leaves or changes is written out first. An interface that can not be captured is
   * told with `success: false` and tried again; it touches no other. Rejects with a ConfigError, and nothing has changed.
   */
  update(interfaces: Interfaces): Promise<Changes> {
    this.#pump();
    return this.#set.update(interfaces);
  }
  /** Captures all links but the excluded, now and as they come. */
  autodetect(detection: Autodetection): Promise<Changes> {
    this.#pump();
    return this.#set.autodetect(detection);
  }

  /** Writes out and closes these interfaces; without names all, and the manager is over. */
  async close(...names: string[]): Promise<void> {
    if (names.length > 0) return this.#set.closeInterfaces(names);
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#schedule?.stop();
    await this.#rotating;
    await this.#set.closeInterfaces([]);
    this.#set.stop();
    await this.#pumping;
    await this.#set.close();
    clearInterval(this.#metricsTimer);
    this.#observe();
  }

  config(...names: string[]): Record<string, CaptureConfig> {
    return this.#set.config(names);
  }
  /** What each interface does and has counted. Reading changes nothing, however many read. */
  status(...names: string[]): Record<string, CaptureStatus> {
    return this.#set.status(names);
  }

  /** A copy of the flows since the last write-out, by interface; they go on being counted. */
  async flowMaps(filter?: FlowFilter, ...names: string[]): Promise<Record<string, AggFlowMap>> {
    const maps: Record<string, AggFlowMap> = {};
    for (const capture of this.#set.select(names)) {
      const counter = this.#counterOf(capture);
      const view = counter.log.beginAggregation();
      await counter.read((rows) => view.step(rows));
      maps[capture.name] = filter === undefined ? view.aggregate : view.aggregate.filter(filter);
    }
    return maps;
  }

  /** Writes out at multiples of so many seconds on the clock on the wall (1 to 3600). */
  scheduleWriteouts(intervalSeconds = DEFAULT_INTERVAL_SECONDS): void {
    const schedule = new Schedule(intervalSeconds, (at) => {
      void this.rotate(at).catch(() => undefined);
    });
    this.#schedule?.stop();
    this.#schedule = schedule;
  }

  /** Writes out now. Rejects with the handler's error; the flows are offered again. */
  rotate(timestamp = new Date()): Promise<void> {
    const turn = this.#rotating.then(async () => {
      const started = performance.now();
      await this.#writeOut(this.#set.select([]), timestamp);
      const seconds = (performance.now() - started) / 1000;
      this.#settings.metrics?.rotated(seconds);
      const interval = this.#schedule?.intervalSeconds ?? Number.POSITIVE_INFINITY;
      if (seconds > interval / 10)
        this.#tell(new Error(`a write-out took ${seconds.toFixed(2)} s, more than a tenth of the interval`), '');
    });
    this.#rotating = turn.catch(() => undefined);
    return turn;
  }

  async #writeOut(captures: readonly Capture[], timestamp: Date): Promise<void> {
    const flows: TaggedFlowMap[] = [];
    for (const capture of captures) {
      const counter = this.#counterOf(capture);
      const { received, processed, dropped } = capture.status();
      const overflow = counter.log.overflowPackets;
      const rotation = counter.log.beginRotation();
      await counter.read((rows) => rotation.step(rows));
      capture.rotated();
      capture.flows = counter.log.size;
      const { aggregate: map, totals } = rotation;
      flows.push({ iface: capture.name, map, totals, stats: { received, processed, dropped, overflow } });
    }
    this.#lastRotation = timestamp;
    if (flows.length === 0) return;
    try {
      await this.#writeouts.put(timestamp, flows);
    } catch (error) {
      this.#tell(error, '');
    }
  }

  #counterOf(capture: Capture): FlowCounter {
    let counter = this.#counters.get(capture);
    if (counter === undefined) {
      const { pool, flowLog } = this.#settings;
      counter = new FlowCounter(capture, pool, flowLog, () =>
        this.#tell(new LocalBufferOverflowError(pool.maxSize), capture.name),
      );
      this.#counters.set(capture, counter);
    }
    return counter;
  }

  /** Reads as long as the manager is open. */
  #pump(): void {
    this.#pumping ??= this.#read();
  }

  async #read(): Promise<void> {
    for (;;) {
      this.#resume();
      const next = this.#set.next();
      const batch = next instanceof Promise ? await next : next;
      if (batch === 'end') return;
      if (batch !== 'idle') this.#take(this.#counterOf(this.#set.ownerOf(batch)!), batch, 0);
    }
  }

  #take(counter: FlowCounter, batch: PacketBatch, from: number): void {
    const to = counter.take(batch, from);
    if (to < batch.count) this.#unfinished.set(counter, { batch, from: to });
    else this.#set.release(batch);
  }

  /** Goes on with batches that there is room for again. */
  #resume(): void {
    if (this.#unfinished.size === 0) return;
    for (const [counter, { batch, from }] of this.#unfinished) {
      if (counter.capture.isPaused) continue;
      this.#unfinished.delete(counter);
      this.#take(counter, batch, from);
    }
  }

  #observe(): void {
    this.#settings.metrics?.observe(this.status(), this.#settings.pool.usage());
  }

  #tell(error: unknown, iface: string): void {
    this.#settings.onError(error instanceof Error ? error : new Error(String(error)), iface);
  }
}
