// The application protocol of a flow, as a number in its row.

import { SHARDS } from '../flow/hash.ts';
import * as layout from '../flow/layout.ts';
import type { FlowTable } from '../flow/table.ts';

// A module's own constants become part of its machine code, imported ones are read each time, with checks: see docs/decisions.md.
const { APPLICATION_SHIFT, C_SHARD, COLD_WORDS } = layout;
/** A row has eight bits for it. More protocols than that leave their flows unnamed. */
const MAX_NAMES = 256;

export class Applications {
  readonly #names: string[] = [''];
  readonly #numbers = new Map<string, number>([['', 0]]);

  name(table: FlowTable, slot: number, protocol: string): void {
    let number = this.#numbers.get(protocol);
    if (number === undefined) {
      if (this.#names.length >= MAX_NAMES) return;
      number = this.#names.length;
      this.#names.push(protocol);
      this.#numbers.set(protocol, number);
    }
    const at = slot * COLD_WORDS + C_SHARD;
    table.cold[at] = (table.cold[at] & (SHARDS - 1)) | (number << APPLICATION_SHIFT);
  }

  /** '' where none is known. */
  of(table: FlowTable, slot: number): string {
    return this.#names[table.cold[slot * COLD_WORDS + C_SHARD] >>> APPLICATION_SHIFT];
  }
}
