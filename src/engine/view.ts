// A look into an engine at work, for whoever runs one for months: figures so far, and the flows that are open. Looking changes nothing.

import type { FlowOptions } from '../flow/lifetimes.ts';
import type { ColumnBatch } from '../records/columns.ts';
import type { LatencyFigures } from './latencies.ts';
import { Ledger, type LedgerSnapshot } from './ledger.ts';

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
  flowsByInterface(): Promise<Record<string, number>>;
  /**
   * What open flows saw since their last document, as documents in one line of JSON each; `limit` at most. Packets go on meanwhile: what of
   * them is in the answer depends on when their flow was looked at.
   */
  liveDocuments(limit: number): Promise<string[]>;
  /** The same of all open flows as columns. */
  liveColumns(): Promise<ColumnBatch[]>;
  /** Hands on the records that wait. Only while nothing is read: the source answers to nobody. */
  flush(): Promise<void>;
  /** From now on these timeouts and this interval; the size of the table stays. */
  retime(options: FlowOptions): void;
}

/** The figures of several engines as those of one. */
export function mergeFigures(all: readonly EngineFigures[]): EngineFigures {
  const ledger = new Ledger();
  const sum: EngineFigures = {
    packets: 0,
    flows: 0,
    ledger: ledger.snapshot(),
    records: {},
    errors: {},
    latencies: {},
  };
  for (const one of all) {
    sum.packets += one.packets;
    sum.flows += one.flows;
    ledger.add(one.ledger);
    addTo(sum.records, one.records);
    addTo(sum.errors, one.errors);
    for (const [type, { buckets, sumSeconds }] of Object.entries(one.latencies)) {
      const known = sum.latencies[type] ?? { buckets: buckets.map(() => 0), sumSeconds: 0 };
      sum.latencies[type] = {
        buckets: known.buckets.map((n, i) => n + buckets[i]),
        sumSeconds: known.sumSeconds + sumSeconds,
      };
    }
  }
  sum.ledger = ledger.snapshot();
  return sum;
}

/** Adds figures by name to others. */
export function addTo(sums: Record<string, number>, more: Readonly<Record<string, number>>): void {
  for (const [name, n] of Object.entries(more)) sums[name] = (sums[name] ?? 0) + n;
}
