// What captures, as the rest of the daemon sees it: one thread or several. Its records leave by a delivery.

import type { Changes } from '../capture/capture-set.ts';
import type { CaptureConfig } from '../capture/interface-config.ts';
import type { CaptureStatus } from '../capture/status.ts';
import type { RunPlan } from '../engine/plan.ts';
import type { RunResult } from '../engine/result.ts';
import type { EngineFigures } from '../engine/view.ts';
import type { FlowOptions } from '../flow/lifetimes.ts';
import type { ColumnBatch } from '../records/columns.ts';
import type { HoldUp } from './hold-ups.ts';
import type { Wanted } from './messages.ts';

/** Packets are held for a question no longer than this: smaller rings bear twice as much. */
export const HOLD_MS = 400;

export interface UnitFigures {
  interfaces: Record<string, CaptureStatus>;
  /** Undefined until packets are read. */
  engine: EngineFigures | undefined;
  /** The worst since it was asked last. */
  holdUp: HoldUp;
}

export interface UnitResult {
  result: RunResult;
  /** Packets left in the rings because there was no time to read them, or nobody who could. */
  unread: number;
  /** What went wrong among packets, in words for who mends it; '' for nothing. */
  fault: string;
}

export interface Unit {
  /** Captures exactly these from now on. */
  update(wanted: Wanted): Promise<Changes>;
  config(): Promise<Record<string, CaptureConfig>>;
  figures(): Promise<UnitFigures>;
  /** What open flows saw since their last document. */
  documents(limit: number): Promise<{ documents: string[]; total: number }>;
  columns(): Promise<ColumnBatch[]>;
  /** Nothing goes on until `goOn`, for `HOLD_MS` at most; what was made until now was handed on. */
  hold(): Promise<void>;
  /** Whether nothing went on since `hold`. */
  goOn(): Promise<boolean>;
  retime(options: FlowOptions): Promise<void>;
  /** Ends all flows and hands their records on; packets wait in the rings until `resume`. */
  pause(): Promise<void>;
  resume(plan: RunPlan): Promise<void>;
  /** Ends after what is there, within the time: `by` in `performance.now()`'s milliseconds. */
  stop(by: number): void;
  /** Captures until it is stopped. `started`: packets can be taken. */
  run(started: () => void): Promise<UnitResult>;
  /** Gives back what it captured with. The kernel takes tens of milliseconds for each ring, so what was recorded is brought home before. */
  close(): Promise<void>;
}
