// Sources and handlers for tests of the manager: packets from memory through the real code.

import type { TaggedFlowMap, WriteoutHandler } from '../../src/capture/writeout.ts';
import { type PacketBatch, type PacketSource, type SourceStats, sourceStats } from '../../src/sources/source.ts';
import { batchOf, type MadePacket } from '../kit/packets.ts';

/** A source that gives what it is fed, and is idle otherwise. */
export class FedSource implements PacketSource {
  readonly interfaces = [];
  readonly secrets = [];
  readonly names = [];
  readonly #batches: PacketBatch[] = [];
  #packets = 0;
  #held = false;
  dropped = 0;
  isOpen = false;
  error: Error | undefined;
  #isStopped = false;

  feed(packets: readonly MadePacket[]): void {
    this.#batches.push(batchOf(packets));
  }
  async open(): Promise<void> {
    if (this.error !== undefined) throw this.error;
    this.isOpen = true;
  }
  next(): PacketBatch | 'idle' | 'end' {
    if (this.error !== undefined) throw this.error;
    if (this.#held) throw new Error('asked for a batch while one is held');
    const batch = this.#batches.shift();
    if (batch === undefined) return this.#isStopped ? 'end' : 'idle';
    this.#packets += batch.count;
    this.#held = true;
    return batch;
  }
  release(batch: PacketBatch): void {
    this.#held = false;
    batch.bytes.fill(0xee);
  }
  stop(): void {
    this.#isStopped = true;
  }
  stats(): SourceStats {
    return sourceStats({ packets: this.#packets, kernelDropped: this.dropped });
  }
  async close(): Promise<void> {
    this.isOpen = false;
  }
}

export class Writeouts implements WriteoutHandler {
  readonly all: { timestamp: Date; flows: readonly TaggedFlowMap[] }[] = [];
  error: Error | undefined;
  async handleWriteout(timestamp: Date, flows: readonly TaggedFlowMap[]): Promise<void> {
    if (this.error !== undefined) throw this.error;
    this.all.push({ timestamp, flows });
  }
  /** Packets of all write-outs, by interface. */
  packets(): Record<string, number> {
    const sums: Record<string, number> = {};
    for (const { flows } of this.all)
      for (const { iface, totals } of flows) sums[iface] = (sums[iface] ?? 0) + totals.packetsRcvd + totals.packetsSent;
    return sums;
  }
}

/** Only against what never comes. */
const PATIENCE_MS = 100_000;

export async function until(condition: () => boolean): Promise<void> {
  const begun = performance.now();
  while (!condition() && performance.now() - begun < PATIENCE_MS)
    await new Promise((resolve) => setTimeout(resolve, 2));
  if (!condition()) throw new Error(`never true: ${condition}`);
}
