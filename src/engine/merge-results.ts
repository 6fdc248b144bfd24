// Several runs seen as one: threads that captured beside each other, or runs that followed each other.

import { sourceStats } from '../sources/source.ts';
import { Ledger } from './ledger.ts';
import { newResult, type RunResult } from './result.ts';
import { addTo } from './view.ts';

/** Of runs beside each other: everything adds up, their sources' counters too. */
export function mergeResults(results: readonly RunResult[]): RunResult {
  const stats = sourceStats({
    live: { received: 0, dropped: 0, freezes: 0, ringBlocks: 0, ringHighWater: 0, ringBytes: 0 },
  });
  const all = newResult(new Ledger(), stats);
  if (results.length > 1) all.workerPackets = results.map(({ packets }) => packets);
  for (const one of results) {
    all.packets += one.packets;
    all.frameBytes += one.frameBytes;
    all.peakFlows += one.peakFlows;
    all.ledger.add(one.ledger);
    if (
      one.firstSeconds >= 0 &&
      (all.firstSeconds < 0 || isBefore(one.firstSeconds, one.firstNanos, all.firstSeconds, all.firstNanos))
    ) {
      all.firstSeconds = one.firstSeconds;
      all.firstNanos = one.firstNanos;
    }
    if (isBefore(all.lastSeconds, all.lastNanos, one.lastSeconds, one.lastNanos)) {
      all.lastSeconds = one.lastSeconds;
      all.lastNanos = one.lastNanos;
    }
    addTo(all.records, one.records);
    addTo(all.errors, one.errors);
    all.talkers.addAll(one.talkers.packed());
    stats.packets += one.stats.packets;
    stats.bytesRead += one.stats.bytesRead;
    stats.kernelDropped += one.stats.kernelDropped;
    const { live } = one.stats;
    if (live === undefined || stats.live === undefined) continue;
    stats.live.received += live.received;
    stats.live.dropped += live.dropped;
    stats.live.freezes += live.freezes;
    stats.live.ringBlocks += live.ringBlocks;
    stats.live.ringBytes += live.ringBytes;
    stats.live.ringHighWater = Math.max(stats.live.ringHighWater, live.ringHighWater);
  }
  return all;
}

function isBefore(seconds: number, nanos: number, thanSeconds: number, thanNanos: number): boolean {
  return seconds < thanSeconds || (seconds === thanSeconds && nanos < thanNanos);
}
