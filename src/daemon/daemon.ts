// The daemon: capture thread, figures, API, from one configuration that can be read again while it runs.

import { Registry } from 'prom-client';
import type { Changes } from '../capture/capture-set.ts';
import { checkInterfaces } from '../capture/interface-config.ts';
import { Metrics } from '../capture/metrics.ts';
import type { CaptureStatus } from '../capture/status.ts';
import type { DaemonConfig } from '../config/daemon-schema.ts';
import type { LoadedConfig } from '../config/load.ts';
import { UsageError } from '../config/usage-error.ts';
import { makePlan, sentPlan, shownTypes } from '../engine/plan.ts';
import type { EngineFigures } from '../engine/view.ts';
import { SEES_ALL } from '../processors/process-watch.ts';
import { listLinks } from '../system/links.ts';
import { NETLINK, type NetlinkSocket, openNetlink } from '../system/netlink.ts';
import {
  type Capability,
  giveUpCapabilities,
  keepCapabilitiesAcrossUsers,
  reserveCapabilities,
} from '../system/privileges.ts';
import { tcpStateRecord } from '../tcp-state/record.ts';
import { VERSION } from '../version.ts';
import { becomeUser } from './become-user.ts';
import { CaptureLink } from './capture-link.ts';
import { type Change, compareSettings, type LaterChange, withoutLater } from './changes.ts';
import { checkFilters } from './check-filters.ts';
import { EngineMetrics } from './engine-metrics.ts';
import { InterfaceNews } from './interface-news.ts';
import type { ChosenFlowSource, Renewable, SinkStatus, ThreadStatus, Wanted } from './messages.ts';
import { seenTwice, seenTwiceWords } from './seen-twice.ts';
import { SinkNews } from './sink-news.ts';

export interface DaemonOptions {
  /** Reads the configuration anew: at the start and at every reload. Throws a UsageError. */
  load: () => LoadedConfig;
  /** Names of records as they are meant. */
  records: (config: LoadedConfig) => readonly string[];
  /** A line for whoever runs it. */
  log: (text: string) => void;
  /** Begins to answer requests about this daemon. */
  serve: (daemon: Daemon, config: DaemonConfig) => Promise<Server>;
}

/** Who answers requests. */
export interface Server {
  /** As a client writes it: `http://127.0.0.1:8145`. */
  readonly address: string;
  /**
   * Reads what another configuration has for it (token, names, origins, certificates); the answer puts it in effect. Throws an ApiError or
   * UsageError.
   */
  prepare(config: DaemonConfig): () => void;
  close(): Promise<void>;
}

export interface Reload {
  interfaces: Changes;
  /** What else is in effect now. */
  changed: Change[];
  /** What takes effect at the next start. */
  later: LaterChange[];
  /** `began anew`: those that were open were written and ended, because what is made of packets has changed. */
  flows: 'went on' | 'began anew';
  /** What does not do what one might expect of it. */
  notes: string[];
}

export interface DaemonStatus {
  version: string;
  pid: number;
  startedAt: string;
  uptimeSeconds: number;
  lastWriteout: string | null;
  restarts: number;
  /** Why nothing is captured while the capture thread is being started again; null while it captures. */
  fault: string | null;
  interfaces: Record<string, CaptureStatus>;
  engine: EngineFigures | null;
  sinks: SinkStatus[];
  /** Null until packets are taken. */
  flowSource: ChosenFlowSource | null;
}

const OBSERVE_MS = 1000;
/** Of what is noted once. */
const MOST_NOTES = 1000;

export class Daemon {
  readonly registry = new Registry();
  readonly captureMetrics: Metrics;
  readonly engineMetrics: EngineMetrics;
  readonly startedAt = new Date();
  readonly #options: DaemonOptions;
  readonly #link: CaptureLink;
  readonly #readers = new Set<(lines: readonly string[], missed: number) => void>();
  #config: LoadedConfig;
  #renewable: Renewable;
  #server: Server | undefined;
  #timer: NodeJS.Timeout | undefined;
  #status: ThreadStatus | undefined;
  #fault: string | null = null;
  #isObserving = false;
  #changing: Promise<unknown> = Promise.resolve();
  readonly #noted = new Set<string>();
  /** Undefined where the kernel can not be asked. */
  #netlink: NetlinkSocket | undefined;
  #captured = '';
  /** Interfaces that were told to be above others that are captured. */
  readonly #saidTwice = new Set<string>();
  readonly #sinkNews = new SinkNews();
  readonly #interfaceNews = new InterfaceNews();

  constructor(options: DaemonOptions) {
    this.#options = options;
    this.#config = options.load();
    const { daemon } = this.#config;
    this.captureMetrics = new Metrics({
      registry: this.registry,
      disableIfaceTracking: daemon.api.disable_iface_metrics,
    });
    this.engineMetrics = new EngineMetrics(this.registry);
    this.#renewable = renewableOf(this.#config, options.records(this.#config));
    this.#link = new CaptureLink(
      {
        ...this.#renewable,
        wanted: wantedOf(this.#config),
        tcpState: this.#config.tcpState.enabled ? this.#config.tcpState : undefined,
        workers: this.#config.workers,
        flowSource: daemon.capture.flow_source,
        kernelEntries: this.#config.kernelEntries,
        store: daemon.store.enabled ? daemon.store.directory : undefined,
        waitsForUser: becomesUser(this.#config),
      },
      {
        prepared: () => becomeUser(daemon.capture.user!),
        documents: (lines, missed) => {
          for (const reader of this.#readers) reader(lines, missed);
        },
        note: (text) => options.log(text),
        again: () => {
          this.#fault = null;
          void this.#show();
        },
        restarted: (why, lost) => {
          options.log(`the capture thread died and is started again: ${why}`);
          this.#fault = why.split('\n')[0];
          this.engineMetrics.restarted(lost);
          for (const iface of Object.keys(this.#status?.interfaces ?? {})) this.captureMetrics.forget(iface);
          this.#status = undefined;
        },
      },
    );
  }

  get config(): LoadedConfig {
    return this.#config;
  }
  /** The store's folder; undefined when there is none. */
  get store(): string | undefined {
    const { store } = this.#config.daemon;
    return store.enabled ? store.directory : undefined;
  }

  /** Resolves when packets are captured and the API answers. Rejects with a RefusedError, ApiError or UsageError. */
  async start(): Promise<void> {
    await checkFilters(wantedOf(this.#config));
    for (const note of [...this.#config.notes, ...this.#config.daemonNotes]) this.#options.log(note);
    // Of what the process has as root, this thread keeps what it starts another capture thread with.
    const isToBecome = becomesUser(this.#config);
    if (isToBecome) await keepCapabilitiesAcrossUsers();
    this.#netlink = await openNetlink(NETLINK.ROUTE).catch(() => undefined);
    await this.#link.start();
    // The process is who it shall be once the thread captures: who started without the thread's capability has none either.
    this.#link.renew({ waitsForUser: false });
    await this.#observe();
    const used = this.#status?.flowSource.used;
    // Where tcpdump stands in, a thread that is started after a fault must be able to start it again.
    if (used === 'tcpdump') {
      if (isToBecome) await giveUpCapabilities();
    } else if (process.getuid?.() !== 0) await reserveCapabilities(capabilitiesOf(this.#config, used === 'tcx'));
    try {
      if (this.#config.daemon.api.enabled) this.#server = await this.#options.serve(this, this.#config.daemon);
    } catch (error) {
      await this.#link.stop(this.#stopMs, 0);
      throw error;
    }
    this.#timer = setInterval(() => void this.#observe(), OBSERVE_MS);
  }

  /** From the signal to the end of the process. */
  get #stopMs(): number {
    return this.#config.daemon.stop_timeout * 1000;
  }
  get address(): string | undefined {
    return this.#server?.address;
  }

  /** Everything is written, then all ends. Resolves to what went wrong, '' for nothing. */
  async stop(): Promise<string> {
    clearInterval(this.#timer);
    this.#netlink?.close();
    this.#netlink = undefined;
    const [why] = await Promise.all([
      this.#link.stop(this.#stopMs, this.#status?.engine?.flows ?? 0),
      this.#server?.close(),
    ]);
    return why;
  }

  /**
   * Reads the configuration again, and follows it as far as that goes without a new start. Rejects with a UsageError, ApiError or
   * RefusedError, and nothing has changed.
   */
  reload(): Promise<Reload> {
    return this.#inTurn(() => this.#reload());
  }

  async #reload(): Promise<Reload> {
    const loaded = this.#options.load();
    const { now, later } = compareSettings(this.#config.effective, loaded.effective);
    const config = asOfNow(loaded, withoutLater(loaded.effective, later));
    const wanted = wantedOf(config);
    if ('interfaces' in wanted) checkInterfaces(wanted.interfaces);
    await checkFilters(wanted);
    const renewable = renewableOf(config, this.#options.records(config));
    const renewApi = this.#server?.prepare(config.daemon);
    const { flows, notes } = isSame(renewable, this.#renewable)
      ? ({ flows: 'went on', notes: [] } as const)
      : await this.#link.ask({ kind: 'renew', renewable, wanted });
    this.#renewable = renewable;
    const interfaces = await this.#link.ask({ kind: 'update', wanted });
    this.#link.renew({ ...renewable, wanted });
    renewApi?.();
    this.#config = config;
    return { interfaces, changed: now, later, flows, notes: [...config.notes, ...config.daemonNotes, ...notes] };
  }

  /** Captures these until the next reload. */
  update(wanted: Wanted): Promise<Changes> {
    return this.#inTurn(async () => {
      await checkFilters(wanted);
      const changes = await this.#link.ask({ kind: 'update', wanted });
      this.#link.renew({ wanted });
      return changes;
    });
  }

  /** Changes one after the other: each compares with what the one before it left. */
  #inTurn<Result>(change: () => Promise<Result>): Promise<Result> {
    const done = this.#changing.then(change, change);
    this.#changing = done;
    return done;
  }

  interfaceConfig() {
    return this.#link.ask({ kind: 'config' });
  }
  liveFlows(limit: number) {
    return this.#link.ask({ kind: 'flows', limit });
  }
  /** Open flows as a store in this folder; what was acknowledged is in the store itself afterwards. */
  async snapshot(directory: string) {
    const snapshot = await this.#link.ask({ kind: 'snapshot', directory });
    if (!snapshot.isExact)
      this.#options.log(
        `there were ${snapshot.rows} open flows to look at for a question, which took too long to hold the packets: flows that ended meanwhile may be missing in the answer, or in it twice`,
      );
    return snapshot;
  }
  writeOut() {
    return this.#link.ask({ kind: 'writeout' });
  }

  /** Goes to the log, the first time that it is said. */
  noteOnce(text: string): void {
    if (this.#noted.has(text) || this.#noted.size === MOST_NOTES) return;
    this.#noted.add(text);
    this.#options.log(text);
  }

  async status(): Promise<DaemonStatus> {
    await this.#observe();
    const status = this.#status;
    return {
      version: VERSION,
      pid: process.pid,
      startedAt: this.startedAt.toISOString(),
      uptimeSeconds: Math.floor((Date.now() - this.startedAt.getTime()) / 1000),
      lastWriteout:
        status === undefined || status.lastWriteout === 0 ? null : new Date(status.lastWriteout).toISOString(),
      restarts: this.#link.restarts,
      fault: this.#fault,
      interfaces: status?.interfaces ?? {},
      engine: status?.engine ?? null,
      sinks: status?.sinks ?? [],
      flowSource: status?.flowSource ?? null,
    };
  }

  /** Documents as they are made. The answer ends it. */
  async stream(reader: (lines: readonly string[], missed: number) => void): Promise<() => void> {
    this.#readers.add(reader);
    await this.#show();
    return () => {
      this.#readers.delete(reader);
      void this.#show();
    };
  }

  /** The capture thread shows documents while somebody reads them. One that is being started again is told when it captures. */
  async #show(): Promise<void> {
    await this.#link.ask({ kind: 'stream', on: this.#readers.size > 0 }).catch(() => undefined);
  }

  /** When interfaces have come or gone. */
  #tellSeenTwice(interfaces: Readonly<Record<string, CaptureStatus>>): void {
    const captured = Object.keys(interfaces).filter((name) => interfaces[name].state === 'capturing');
    const key = captured.join('\n');
    if (this.#netlink === undefined || key === this.#captured) return;
    this.#captured = key;
    const names = new Set(captured);
    const found = seenTwice(listLinks(this.#netlink), (name) => names.has(name));
    for (const [upper, words] of seenTwiceWords(found)) {
      if (this.#saidTwice.has(upper)) continue;
      this.#saidTwice.add(upper);
      this.#options.log(words);
    }
  }

  async #observe(): Promise<void> {
    if (this.#isObserving) return;
    this.#isObserving = true;
    try {
      const status = await this.#link.ask({ kind: 'status' });
      for (const iface of Object.keys(this.#status?.interfaces ?? {})) {
        if (!Object.hasOwn(status.interfaces, iface)) this.captureMetrics.forget(iface);
      }
      this.#tellSeenTwice(status.interfaces);
      const now = performance.now();
      for (const line of this.#interfaceNews.look(status.interfaces, now)) this.#options.log(line);
      for (const line of this.#sinkNews.look(status.sinks, now)) this.#options.log(line);
      this.#status = status;
      this.captureMetrics.observe(status.interfaces, 0);
      for (const seconds of status.writeoutSeconds) this.captureMetrics.rotated(seconds);
      this.engineMetrics.observe(status, this.#link.restarts);
    } catch {
      // The capture thread is being started again; the figures stay as they were.
    } finally {
      this.#isObserving = false;
    }
  }
}

function becomesUser({ daemon }: LoadedConfig): boolean {
  return process.getuid?.() === 0 && daemon.capture.user !== undefined;
}

/** What a capture thread needs at its start, with the threads that it starts. */
function capabilitiesOf({ tcpState, plan: { processes } }: LoadedConfig, countsInKernel: boolean): Capability[] {
  const usesBpf = countsInKernel || tcpState.enabled || processes?.event === 'auto';
  return [
    'net_raw',
    ...(usesBpf ? (['perfmon', 'bpf'] as const) : []),
    ...(countsInKernel ? (['net_admin'] as const) : []),
    ...(processes === undefined ? [] : SEES_ALL),
  ];
}

/** All links but the excluded ones, unless interfaces are named. */
function wantedOf({ daemon }: LoadedConfig): Wanted {
  const { interfaces, autodetection } = daemon.capture;
  const isDetected = autodetection.enabled ?? Object.keys(interfaces).length === 0;
  return isDetected ? { autodetection: { enabled: true, exclude: autodetection.exclude } } : { interfaces };
}

/** A configuration whose settings for the daemon are these. */
function asOfNow(config: LoadedConfig, effective: Record<string, unknown>): LoadedConfig {
  const {
    capture,
    store,
    to,
    api,
    stop_timeout,
    workers,
    tcp_state: tcpState,
  } = effective as LoadedConfig['daemon'] & {
    workers: number;
    tcp_state: LoadedConfig['tcpState'];
  };
  return { ...config, effective, workers, tcpState, daemon: { capture, store, to, api, stop_timeout } };
}

/** Throws a UsageError for records that can not be shown as asked. */
function renewableOf(config: LoadedConfig, records: readonly string[]): Renewable {
  const plan = makePlan({
    ...config.plan,
    dissect: { ...config.plan.dissect!, interfaceInKey: true },
    records: config.tcpState.enabled ? [...records, tcpStateRecord.name] : records,
    workers: 1,
    inputs: ['live'],
  });
  try {
    shownTypes(plan);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  return { plan: sentPlan(plan), sinks: config.daemon.to, retention: config.retention };
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
