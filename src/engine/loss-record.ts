// The loss ledger as a record: one document at the end of a run, so that whoever reads the records later knows what is not in them.

import { program } from '../records/common.ts';
import { f } from '../records/field.ts';
import { blankRecord, defineRecord } from '../records/record.ts';
import { VERSION } from '../version.ts';
import { type Ledger, OUTCOMES } from './ledger.ts';

export const lossRecord = defineRecord(
  'loss',
  {
    family: 'loss',
    doc: 'what became of every packet of a run, and everything that was dropped, given up or bounded on the way',
  },
  {
    ...program(VERSION),
    time: f.time('@timestamp', 'time of the last packet; absent when there was none').optional().alias('time'),
    eventKind: f.constant('event.kind', 'metric'),
    eventCategory: f.constant('event.category', ['network']),
    eventDataset: f.constant(['event.dataset', 'type'], 'loss'),
    packets: f.int('netscribe.loss.packets', 'packets read: the sum of the outcomes').inUnit('packets'),
    kernelDropped: f
      .int('netscribe.loss.kernel_dropped', 'packets that the kernel dropped before they were read')
      .inUnit('packets'),
    outcomes: f.map('netscribe.loss.outcomes', 'packets by what became of them; disjoint'),
    outcomeBytes: f.map('netscribe.loss.outcome_bytes', 'bytes of the same packets'),
    counts: f.map(
      'netscribe.loss.counts',
      'everything else that is counted: faults by layer, gaps, evictions, unmatched requests, …',
    ),
  },
);

/** The ledger as a record; `seconds`: time of the last packet, negative without one. */
export function lossOf(ledger: Ledger, seconds: number, nanos: number, kernelDropped: number) {
  const record = blankRecord(lossRecord);
  if (seconds >= 0) {
    record.timeSeconds = seconds;
    record.timeNanos = nanos;
  }
  record.packets = ledger.packetsRead;
  record.kernelDropped = kernelDropped;
  record.outcomes = OUTCOMES.map((name, i) => [name, ledger.packets[i]] as const);
  record.outcomeBytes = OUTCOMES.map((name, i) => [name, ledger.bytes[i]] as const);
  record.counts = ledger.snapshot().counts;
  return record;
}
