// TCP segments that the kernel threw away, counted by reason in a per-CPU array, and what was added to it since the last look.

import type { BpfMap } from '../../system/bpf/bpf.ts';

export class DropCounts {
  readonly #map: BpfMap;
  readonly #names: ReadonlyMap<number, string>;
  readonly #before: Float64Array;
  readonly #keys: Uint8Array;
  readonly #values: Buffer;

  constructor(map: BpfMap, names: ReadonlyMap<number, string>) {
    this.#map = map;
    this.#names = names;
    const { maxEntries } = map.definition;
    this.#before = new Float64Array(maxEntries);
    this.#keys = new Uint8Array(maxEntries * 4);
    this.#values = Buffer.alloc(maxEntries * map.valueBytes);
  }

  /** Reasons with how often each came since the last call, in the order of their numbers. */
  sinceLast(): [string, number][] {
    const cursor = this.#map.newCursor();
    const rows = this.#map.readBatch(cursor, this.#keys, this.#values, false);
    const found: [string, number][] = [];
    for (let reason = 0; reason < rows; reason++) {
      let sum = 0;
      const from = reason * this.#map.valueBytes;
      for (let at = from; at < from + this.#map.valueBytes; at += 8) sum += Number(this.#values.readBigUInt64LE(at));
      const added = sum - this.#before[reason];
      if (added === 0) continue;
      this.#before[reason] = sum;
      found.push([this.#names.get(reason) ?? String(reason), added]);
    }
    return found;
  }
}
