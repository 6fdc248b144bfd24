// What the daemon's main thread and its capture thread say to each other. Plain data; rows of records are transferred, not copied.

import type { Changes } from '../capture/capture-set.ts';
import type { Autodetection, CaptureConfig, Interfaces } from '../capture/interface-config.ts';
import type { CaptureStatus } from '../capture/status.ts';
import type { FlowSource } from '../config/daemon-schema.ts';
import type { TcpStateConfig } from '../config/tcp-state-schema.ts';
import type { SentPlan } from '../engine/plan.ts';
import type { EngineFigures } from '../engine/view.ts';
import type { Retention } from '../store/retention.ts';
import type { Question, Reply } from './asking.ts';
import type { HoldUp } from './hold-ups.ts';

/** Interfaces by name, or by detection. */
export type Wanted = { interfaces: Interfaces } | { autodetection: Autodetection };

/** What can change while the thread runs. */
export interface Renewable {
  plan: SentPlan;
  /** As `--to` takes them. */
  sinks: readonly string[];
  retention: Retention;
}

export interface CaptureThreadData extends Renewable {
  wanted: Wanted;
  /** Threads that capture; with more than one, this thread only has the sinks. */
  workers: number;
  flowSource: FlowSource;
  /** Room of the kernel's map of flows. */
  kernelEntries: number;
  /** The folder of the store; undefined: there is none. */
  store: string | undefined;
  /** TCP events beside the packets. */
  tcpState: TcpStateConfig | undefined;
  /** The process becomes another user before anything is opened: keep the capability to open rings, and wait for `dropped`. */
  waitsForUser: boolean;
}

/** Which one it is, and why, for people. */
export interface ChosenFlowSource {
  used: 'ring' | 'tcx' | 'tcpdump';
  why: string;
}

export interface ThreadStatus {
  interfaces: Record<string, CaptureStatus>;
  /** Undefined until packets are read. */
  engine: EngineFigures | undefined;
  sinks: SinkStatus[];
  flowSource: ChosenFlowSource;
  /** The worst of the threads that capture since the last status. */
  holdUp: HoldUp;
  /** Unix milliseconds. */
  lastWriteout: number;
  /** Seconds that each write-out since the last status took. */
  writeoutSeconds: number[];
}

export interface SinkStatus {
  name: string;
  rows: number;
  bytes: number;
  /** '' while all is well. */
  error: string;
  [figure: string]: string | number;
}

export type Request =
  | { kind: 'update'; wanted: Wanted }
  | { kind: 'renew'; renewable: Renewable; wanted: Wanted }
  | { kind: 'config' }
  | { kind: 'status' }
  | { kind: 'flows'; limit: number }
  /** Live flows and what is not in segments yet, as a store in this folder. */
  | { kind: 'snapshot'; directory: string }
  | { kind: 'writeout' }
  | { kind: 'stream'; on: boolean }
  /** `by`: Unix milliseconds; everything is written, and the thread has ended, before. */
  | { kind: 'stop'; by: number };

export interface Answers {
  update: Changes;
  /** `notes`: what people should know about it. */
  renew: { flows: 'went on' | 'began anew'; notes: string[] };
  config: Record<string, CaptureConfig>;
  status: ThreadStatus;
  flows: { documents: string[]; total: number };
  /** `isExact`: open flows and what is stored are of one moment. */
  snapshot: { rows: number; isExact: boolean };
  writeout: { rows: number };
  stream: undefined;
  stop: undefined;
}

export type ToThread =
  | Question<Request>
  | { kind: 'dropped' }
  /** So many lines of `documents` were handed on. */
  | { kind: 'taken'; lines: number };
export type FromThread =
  /** It would keep its capability: the process may become another user now. */
  | { kind: 'prepared' }
  | { kind: 'ready' }
  | Reply
  /** Documents for whoever streams: lines of JSON. */
  | { kind: 'documents'; lines: string[]; missed: number }
  | { kind: 'note'; text: string }
  /** The thread's work ended: `error` is '' when it was told to. `lost`: what was, by the names of the ledger. */
  | { kind: 'ended'; error: string; code: string; lost?: Record<string, number> };
