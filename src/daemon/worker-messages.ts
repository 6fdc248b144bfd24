// What the capture thread and the threads that capture for it say to each other, where there are several.

import type { Changes } from '../capture/capture-set.ts';
import type { CaptureConfig } from '../capture/interface-config.ts';
import type { WantedEncodings } from '../engine/encoded-rows.ts';
import type { Arriving } from '../engine/live-messages.ts';
import type { SentPlan } from '../engine/plan.ts';
import type { SentResult } from '../engine/sent-result.ts';
import type { FlowOptions } from '../flow/lifetimes.ts';
import type { ColumnBatch } from '../records/columns.ts';
import type { RingTeam } from '../sources/ring/ring-team.ts';
import type { Question, Reply } from './asking.ts';
import type { Wanted } from './messages.ts';
import type { UnitFigures } from './unit.ts';

export interface WorkerSetup {
  plan: SentPlan;
  team: RingTeam;
  /** Shared by all: see `CONTROL_WAITING`. */
  control: Int32Array;
  maxWaitingBytes: number;
}

export type WorkerRequest =
  | { kind: 'run'; wanted: WantedEncodings }
  | { kind: 'update'; wanted: Wanted }
  | { kind: 'config' }
  | { kind: 'figures' }
  | { kind: 'documents'; limit: number }
  | { kind: 'columns' }
  | { kind: 'hold' }
  | { kind: 'goOn' }
  | { kind: 'retime'; options: FlowOptions }
  | { kind: 'pause' }
  | { kind: 'resume'; plan: SentPlan; wanted: WantedEncodings }
  /** `by`: Unix milliseconds. */
  | { kind: 'stop'; by: number };

export interface WorkerAnswers {
  run: undefined;
  update: Changes;
  config: Record<string, CaptureConfig>;
  figures: UnitFigures;
  documents: { documents: string[]; total: number };
  columns: ColumnBatch[];
  hold: undefined;
  goOn: boolean;
  retime: undefined;
  pause: undefined;
  resume: undefined;
  stop: undefined;
}

export type ToWorker = Question<WorkerRequest>;
export type FromWorker =
  | { kind: 'ready' }
  | Reply
  | Arriving
  | { kind: 'done'; result: SentResult; unread: number; fault: string }
  /** What people should know; one of the threads says it. */
  | { kind: 'note'; text: string }
  | { kind: 'failed'; error: string };
