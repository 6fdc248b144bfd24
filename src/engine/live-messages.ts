// What the main thread and the capturing threads of a live run say to each other.

import type { ColumnBatch } from '../records/columns.ts';
import type { LiveOptions } from '../sources/ring/open-live.ts';
import type { EncodedRows, WantedEncodings } from './encoded-rows.ts';
import type { SentPlan } from './plan.ts';
import type { SentResult } from './sent-result.ts';

/** Words of `LiveSetup.control`: set to 1 the workers stop; bytes of records on their way to the sinks. */
export const CONTROL_STOP = 0;
export const CONTROL_WAITING = 1;
/** Words of `LiveSetup.progress` for each worker: packets, bytes on the wire. */
export const PROGRESS_WORDS = 2;

export interface LiveSetup {
  index: number;
  plan: SentPlan;
  live: Omit<LiveOptions, 'tell' | 'wait'>;
  wanted: WantedEncodings;
  control: Int32Array;
  progress: Float64Array;
  /** Bytes of records that may wait for the sinks, all workers together. */
  maxWaitingBytes: number;
}

export type ToLiveWorker = { kind: 'start' };

/** `bytes`: what the batch was counted as in `CONTROL_WAITING`. */
export type Arriving =
  | { kind: 'rows'; rows: EncodedRows; bytes: number }
  | { kind: 'columns'; columns: ColumnBatch; bytes: number };

export type FromLiveWorker =
  /** The ring is there; packets are taken. */
  | { kind: 'ready' }
  | { kind: 'started' }
  /** The last packet was read: all flows end now. */
  | { kind: 'ending' }
  | { kind: 'tell'; words: string }
  | Arriving
  | { kind: 'done'; result: SentResult }
  | { kind: 'failed'; name: string; message: string };
