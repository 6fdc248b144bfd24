// What the daemon could not bring to where it belongs, in words: the last thing it says.

import { GuardedSink } from '../sinks/guarded.ts';
import { LiveStoreSink } from '../sinks/live-store.ts';
import type { Sink } from '../sinks/sink.ts';

/** `unread`: packets left in rings; `unwritten`: flows that are no records yet. Sinks have been closed. Empty when nothing is lost. */
export function lossesOf(unread: number, unwritten: number, sinks: readonly Sink[]): string[] {
  const losses: string[] = [];
  if (unread > 0) losses.push(`${unread} packets were captured and there was no time to read them`);
  if (unwritten > 0) losses.push(`${unwritten} flows were open and there was no time to write them`);
  for (const sink of sinks) {
    if (!(sink instanceof GuardedSink || sink instanceof LiveStoreSink)) continue;
    const { name, lostRows, error } = sink;
    const why = error === '' ? '' : `: ${error}`;
    if (lostRows > 0) losses.push(`${lostRows} rows could not be written to ${name}${why}`);
    else if (sink instanceof GuardedSink && !sink.isClosed) losses.push(`${name} was not closed${why}`);
  }
  return losses;
}
