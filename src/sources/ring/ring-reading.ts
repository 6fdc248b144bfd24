// A ring as it is read: block after block, each as a batch; and how far that has come.

import { FRAME_LEAST } from '../../system/abi.ts';
import type { PacketRing } from '../../system/packet-ring.ts';
import { newPacketBatch, type PacketBatch } from '../source.ts';
import { BlockReader, type InterfaceNumber } from './read-block.ts';
import type { RingShare } from './ring-team.ts';

export class RingReading {
  readonly ring: PacketRing;
  /** Its part in a fan-out group; undefined: it takes all that comes. */
  readonly share: RingShare | undefined;
  /** Interfaces whose packets for other machines it takes too. */
  readonly promiscuous = new Set<number>();
  /** Packets that were read. */
  packets = 0;
  /** Blocks that waited at most. */
  highWater = 0;
  /** A block is being read: its memory has to stay. */
  isHeld = false;
  readonly #reader: BlockReader;
  readonly #batch: PacketBatch;

  constructor(ring: PacketRing, share: RingShare | undefined, numberOf: InterfaceNumber) {
    this.ring = ring;
    this.share = share;
    this.#reader = new BlockReader(ring, numberOf);
    this.#batch = newPacketBatch(ring.bytes, Math.ceil(ring.blockBytes / FRAME_LEAST));
  }

  /** Interfaces changed: their numbers are asked for again. */
  forget(): void {
    this.#reader.forget();
  }

  /** The block that is ready, its packets numbered from `first` on; valid until `release`. */
  take(first: number): PacketBatch {
    const batch = this.#batch;
    this.isHeld = true;
    const { waiting } = this.ring;
    if (waiting > this.highWater) this.highWater = waiting;
    this.#reader.read(batch, this.ring.blockOffset, first);
    this.packets += batch.count;
    return batch;
  }

  release(): void {
    this.isHeld = false;
    this.ring.release();
  }

  /** Packets that the kernel put into it and that were not read. */
  get unread(): number {
    this.ring.count();
    return Math.max(0, this.ring.received - this.ring.dropped - this.packets);
  }

  setPromiscuous(wanted: ReadonlySet<number>): void {
    for (const index of wanted) if (!this.promiscuous.has(index)) this.ring.setPromiscuous(index, true);
    for (const index of this.promiscuous) if (!wanted.has(index)) this.ring.setPromiscuous(index, false);
    this.promiscuous.clear();
    for (const index of wanted) this.promiscuous.add(index);
  }
}
