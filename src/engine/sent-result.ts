// The result of a run as one thread sends it to another: what has methods goes as plain data, and is made again.

import { Ledger, type LedgerSnapshot } from './ledger.ts';
import type { RunResult } from './result.ts';
import { type PackedTalkers, Talkers } from './talkers.ts';

export interface SentResult extends Omit<RunResult, 'ledger' | 'talkers'> {
  ledger: LedgerSnapshot;
  talkers: PackedTalkers;
}

export function sentResult({ ledger, talkers, ...figures }: RunResult): SentResult {
  return { ...figures, ledger: ledger.snapshot(), talkers: talkers.packed() };
}

export function resultOf({ ledger: snapshot, talkers: packed, ...figures }: SentResult): RunResult {
  const ledger = new Ledger();
  ledger.add(snapshot);
  const talkers = new Talkers();
  talkers.addAll(packed);
  return { ...figures, ledger, talkers };
}
