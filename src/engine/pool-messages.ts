// What the reading thread and the analysing threads say to each other.

import type { Extra, Tick } from '../flow/stage.ts';
import type { ColumnBatch } from '../records/columns.ts';
import type { PacketBatch } from '../sources/source.ts';
import type { EncodedRows, WantedEncodings } from './encoded-rows.ts';
import type { LedgerSnapshot } from './ledger.ts';
import type { SentPlan } from './plan.ts';
import type { PackedTalkers } from './talkers.ts';

export interface WorkerSetup {
  plan: SentPlan;
  salts: readonly [number, number];
  owned: Uint8Array;
  wanted: WantedEncodings;
  stages: { capacity: number; rows: Int32Array; wide: Int32Array }[];
}

export type ToWorker =
  /** The source has these interfaces. */
  | { kind: 'interfaces'; names: readonly string[] }
  /** The memory of a batch, under this number from now on. */
  | { kind: 'batch'; id: number; batch: PacketBatch }
  /** The batch was filled again. */
  | { kind: 'count'; id: number; count: number; firstPacket: number }
  | { kind: 'stage'; stage: number; count: number; ticks: Tick[]; extras: Extra[]; batch: number }
  | { kind: 'finish'; lastPacket: number }
  /** Part of an answer was taken: go on. */
  | { kind: 'more' };

export interface WorkerFigures {
  ledger: LedgerSnapshot;
  records: Record<string, number>;
  errors: Record<string, number>;
  talkers: PackedTalkers | undefined;
  peakFlows: number;
  packets: number;
}

/** A fact on its way from a worker. */
export interface SentFact {
  protocol: string;
  fact: object;
  seconds: number;
  nanos: number;
  cause: number;
  first: number;
}

/** A part of the answer to one stage; the last one says `done`. */
export interface Partial {
  kind: 'part';
  rows: EncodedRows | null;
  columns: ColumnBatch[];
  /** What analyzers shared since the last part. */
  facts: SentFact[];
  done: boolean;
  figures?: WorkerFigures;
}

export type FromWorker = { kind: 'ready' } | Partial;
