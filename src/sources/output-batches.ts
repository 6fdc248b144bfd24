// Batches that packets of several files are copied into.

import type { BatchPool } from './batch-pool.ts';
import { type Allocate, growBatchBytes, type PacketBatch } from './source.ts';

export class OutputBatches {
  readonly #pool: BatchPool;
  readonly #limit: number;
  readonly #allocate: Allocate;
  #held = 0;

  /** At most `limit` batches are held at a time. */
  constructor(pool: BatchPool, limit: number, allocate: Allocate) {
    this.#pool = pool;
    this.#limit = limit;
    this.#allocate = allocate;
  }

  /** An empty batch; undefined when all are held. */
  take(): PacketBatch | undefined {
    if (this.#held === this.#limit) return undefined;
    this.#held++;
    return this.#pool.take();
  }

  release(batch: PacketBatch): void {
    this.#held--;
    this.#pool.give(batch);
  }

  /** Appends entries `[at, at + count)` of `from` to `to` as far as there is room, one at least when `to` is empty. */
  copy(from: PacketBatch, at: number, count: number, to: PacketBatch): number {
    const capacity = to.offset.length;
    let used = to.count === 0 ? 0 : to.offset[to.count - 1] + to.capturedLength[to.count - 1];
    let copied = 0;
    for (; copied < count && to.count < capacity; copied++) {
      const i = at + copied;
      const length = from.capturedLength[i];
      if (used + length > to.bytes.length) {
        if (to.count > 0) break;
        growBatchBytes(to, length, this.#allocate);
      }
      copyEntry(from, i, to, used);
      used += length;
    }
    return copied;
  }
}

function copyEntry(from: PacketBatch, i: number, to: PacketBatch, offset: number): void {
  const j = to.count++;
  const start = from.offset[i];
  const length = from.capturedLength[i];
  to.bytes.set(from.bytes.subarray(start, start + length), offset);
  to.offset[j] = offset;
  to.capturedLength[j] = length;
  to.wireLength[j] = from.wireLength[i];
  to.seconds[j] = from.seconds[i];
  to.nanos[j] = from.nanos[i];
  to.interfaceId[j] = from.interfaceId[i];
  to.linkType[j] = from.linkType[i];
  to.vlan[j] = from.vlan[i];
  to.flags[j] = from.flags[i];
  to.segments[j] = from.segments[i];
}
