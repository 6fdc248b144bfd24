// What the daemon could not bring to where it belongs, in words: the last thing it says.

import { GuardedSink } from '../sinks/guarded.ts';
import { LiveStoreSink } from '../sinks/live-store.ts';
import type { Sink } from '../sinks/sink.ts';
import type { UnitResult } from './unit.ts';

/** What was lost in a thread that ended, by the names of the ledger: its figures end with it, so somebody else has to count it. */
export function lostCounts({ result, unread }: UnitResult): Record<string, number> {
  const { counts } = result.ledger;
  return {
    'packets.unread': unread,
    'packets.faulted': counts.get('packets.faulted') ?? 0,
    'flows.unwritten': counts.get('flows.unwritten') ?? 0,
  };
}

/** `unread`: packets left in rings. Sinks have been closed. Empty when nothing is lost. */
export function lossesOf({ result, unread }: UnitResult, sinks: readonly Sink[]): string[] {
  const losses: string[] = [];
  const unwritten = result.ledger.counts.get('flows.unwritten') ?? 0;
  if (unread > 0) losses.push(`${unread} packets were captured and not read`);
  const faulted = result.ledger.counts.get('packets.faulted') ?? 0;
  if (faulted > 0) losses.push(`${faulted} packets were being looked at when it happened`);
  if (unwritten > 0) losses.push(`${unwritten} flows were open and there was no time to write them`);
  for (const [what, n] of result.ledger.counts) {
    const type = /^sink\.dropped\.(.+)$/.exec(what)?.[1];
    if (type !== undefined) losses.push(`${n} records of type ${type} were dropped because the sinks were too slow`);
  }
  return [...losses, ...sinkLosses(sinks)];
}

/** The part of it that sinks tell. They have been closed. */
export function sinkLosses(sinks: readonly Sink[]): string[] {
  const losses: string[] = [];
  for (const sink of sinks) {
    if (!(sink instanceof GuardedSink || sink instanceof LiveStoreSink)) continue;
    const { name, lostRows, error } = sink;
    const why = error === '' ? '' : `: ${error}`;
    if (lostRows > 0) losses.push(`${lostRows} rows could not be written to ${name}${why}`);
    else if (sink instanceof GuardedSink && !sink.isClosed) losses.push(`${name} was not closed${why}`);
  }
  return losses;
}
