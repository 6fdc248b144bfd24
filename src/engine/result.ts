// What a run says of itself when it is over.

import type { SourceStats } from '../sources/source.ts';
import type { Ledger } from './ledger.ts';
import { Talkers } from './talkers.ts';

export interface RunResult {
  packets: number;
  frameBytes: number;
  /** Unix time of the first and last packet in the order of the input; seconds are -1 without packets. */
  firstSeconds: number;
  firstNanos: number;
  lastSeconds: number;
  lastNanos: number;
  ledger: Ledger;
  records: Record<string, number>;
  errors: Record<string, number>;
  talkers: Talkers;
  stats: SourceStats;
  peakFlows: number;
  stoppedBySignal: boolean;
  /** Packets that each analysing thread counted; empty with one. */
  workerPackets: number[];
}

/** The result of a run that has not seen anything yet. */
export function newResult(ledger: Ledger, stats: SourceStats): RunResult {
  return {
    packets: 0,
    frameBytes: 0,
    firstSeconds: -1,
    firstNanos: 0,
    lastSeconds: -1,
    lastNanos: 0,
    ledger,
    records: {},
    errors: {},
    talkers: new Talkers(),
    stats,
    peakFlows: 0,
    stoppedBySignal: false,
    workerPackets: [],
  };
}
