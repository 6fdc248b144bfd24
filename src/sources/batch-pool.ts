// Batches that no file uses at the moment, so that a thousand small files cost the memory of one.

import { type Allocate, newPacketBatch, type PacketBatch } from './source.ts';

export class BatchPool {
  readonly #chunkBytes: number;
  readonly #capacity: number;
  readonly #allocate: Allocate;
  readonly #free: PacketBatch[] = [];

  constructor(chunkBytes: number, capacity: number, allocate: Allocate) {
    this.#chunkBytes = chunkBytes;
    this.#capacity = capacity;
    this.#allocate = allocate;
  }

  /** An empty batch. */
  take(): PacketBatch {
    const bytes = this.#chunkBytes;
    const batch =
      this.#free.pop() ?? newPacketBatch(new Uint8Array(this.#allocate(bytes)), this.#capacity, this.#allocate);
    batch.count = 0;
    return batch;
  }

  /** Takes a batch back. One that had to grow for a giant packet is not kept. */
  give(batch: PacketBatch): void {
    if (batch.bytes.length <= this.#chunkBytes) this.#free.push(batch);
  }
}
