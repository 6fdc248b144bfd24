// A look into an engine at work, for whoever runs one for months: figures so far, and the flows that are open. Looking changes nothing.

import type { ColumnBatch } from '../records/columns.ts';
import type { LatencyFigures } from './latencies.ts';
import type { LedgerSnapshot } from './ledger.ts';

export interface EngineFigures {
  /** Packets read, what the ledger's outcomes add up to. */
  packets: number;
  /** Flows that are open. */
  flows: number;
  ledger: LedgerSnapshot;
  /** Records made, and those whose status is an error, by type. */
  records: Record<string, number>;
  errors: Record<string, number>;
  /** Of transactions, by type. */
  latencies: Record<string, LatencyFigures>;
}

export interface EngineView {
  figures(): EngineFigures;
  /** Open flows by the interface that saw their first packet: a walk over all of them. */
  flowsByInterface(): Record<string, number>;
  /** What open flows saw since their last document, as documents in one line of JSON each; `limit` at most. */
  liveDocuments(limit: number): string[];
  /** The same of all open flows as columns. */
  liveColumns(): ColumnBatch[];
}
