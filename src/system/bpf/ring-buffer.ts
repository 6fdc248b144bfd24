// A BPF ring buffer read in place: its memory is mapped, records are looked at where they lie and released together
// (Documentation/bpf/ringbuf.rst). The data pages are mapped twice in a row, so a record never wraps.

import type { Kernel, Mapping } from './kernel.ts';
import type { BpfMap } from './map.ts';

const BUSY = 0x80000000;
const DISCARDED = 0x40000000;
const LENGTH = 0x3fffffff;
const HEADER_BYTES = 8;

/** Looks at the record at `at` in `bytes` and `view`; they are valid only during the call. */
export type Visit = (at: number, length: number) => void;

export class RingBuffer implements Disposable {
  /** The ring's data, as bytes and as words. */
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  readonly view: DataView;
  readonly #size: number;
  readonly #consumer: BigInt64Array;
  readonly #producer: BigInt64Array;
  readonly #mappings: readonly Mapping[];
  #isOpen = true;

  constructor(kernel: Kernel, map: BpfMap) {
    const { pageSize } = kernel;
    this.#size = map.definition.maxEntries;
    const consumer = kernel.map(map.fd, 0, pageSize, true);
    const producer = kernel.map(map.fd, pageSize, pageSize + 2 * this.#size, false);
    this.#mappings = [consumer, producer];
    this.#consumer = new BigInt64Array(consumer.buffer, 0, 1);
    this.#producer = new BigInt64Array(producer.buffer, 0, 1);
    this.words = new Int32Array(producer.buffer, pageSize);
    this.view = new DataView(producer.buffer, pageSize);
    this.bytes = new Uint8Array(producer.buffer, pageSize);
  }

  /** Bytes that wait to be read. */
  get waiting(): number {
    return Number(Atomics.load(this.#producer, 0) - Atomics.load(this.#consumer, 0));
  }
  get size(): number {
    return this.#size;
  }

  /** Visits the records that wait, `max` at most; returns how many. The kernel can use their room again when it returns. */
  drain(visit: Visit, max: number): number {
    const mask = this.#size - 1;
    const headers = this.words;
    let at = Number(Atomics.load(this.#consumer, 0));
    const first = at;
    let end = Number(Atomics.load(this.#producer, 0));
    let count = 0;
    try {
      while (count < max) {
        if (at >= end) {
          end = Number(Atomics.load(this.#producer, 0));
          if (at >= end) break;
        }
        const offset = at & mask;
        const header = Atomics.load(headers, offset >> 2);
        // A program is still writing this one; what is behind it waits too.
        if ((header & BUSY) !== 0) break;
        const length = header & LENGTH;
        at += (length + HEADER_BYTES + 7) & ~7;
        if ((header & DISCARDED) !== 0) continue;
        visit(offset + HEADER_BYTES, length);
        count++;
      }
    } finally {
      if (at !== first) Atomics.store(this.#consumer, 0, BigInt(at));
    }
    return count;
  }

  /** Nothing of the ring may be touched afterwards. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    for (const mapping of this.#mappings) mapping.unmap();
  }
  [Symbol.dispose](): void {
    this.close();
  }
}
