// Reports of an interval that is over, made little by little while packets go on: a capturing thread cannot leave its ring for as long
// as a million documents take. The cut stays exact: who still owes the report of the interval before is told from a flow's state word
// at its next packet, and reports then, before that packet is counted.

import { resetCounters } from './counting.ts';
import type { FlowHandler } from './handler.ts';
import * as layout from './layout.ts';
import type { FlowTable } from './table.ts';
import * as tableWords from './table.ts';

const { F_PACKETS_A, F_PACKETS_B, F_STATE, HOT_SHIFT, S_INTERVAL } = layout;
const { SLOT_MASK } = tableWords;

/** Rows looked at in one go; many of them may have nothing to report. */
const ROWS_AT_ONCE = 16_384;

export class Arrears {
  /** `S_INTERVAL` of flows that owe nothing: it changes with each interval. */
  current = 0;
  readonly #tables: readonly FlowTable[];
  readonly #handler: FlowHandler;
  /** Number of the packet before which the interval ended. */
  #number = 0;
  /** Where the round through all rows is: the table and its next row. */
  #table: number;
  #slot = 0;

  constructor(tables: readonly FlowTable[], handler: FlowHandler) {
    this.#tables = tables;
    this.#handler = handler;
    this.#table = tables.length;
  }

  /** Some flows may still have to report. */
  get isOpen(): boolean {
    return this.#table < this.#tables.length;
  }

  /** The interval ends just before packet `number`. Nothing may be open of the one before. */
  begin(number: number): void {
    this.current ^= S_INTERVAL;
    this.#number = number;
    this.#table = 0;
    this.#slot = this.#tables[0].first;
  }

  /** All flows are gone. */
  clear(): void {
    this.#table = this.#tables.length;
  }

  /** Reports some of those that have to, until none is left (true), the handler is full or many rows were looked at (false). */
  run(): boolean {
    for (let left = ROWS_AT_ONCE; this.isOpen; this.#table++) {
      const table = this.#tables[this.#table];
      const from = this.#slot;
      const until = Math.min(table.rowsEnd, from + left);
      this.#slot = this.#settleRows(table, from, until);
      left -= this.#slot - from;
      if (this.#slot < table.rowsEnd) return false;
      this.#slot = this.#tables[this.#table + 1]?.first ?? 0;
    }
    return true;
  }

  /** The rows [from, until) report, unless the handler is full before; the first row that did not. */
  #settleRows(table: FlowTable, from: number, until: number): number {
    const handler = this.#handler;
    handler.cause(this.#number, 'interval');
    let slot = from;
    for (; slot < until && !handler.full(); slot++) if (this.#owes(table, slot)) this.#report(table, slot);
    return slot;
  }

  /** The flow reports now if it has to (true): before anything else is counted in it, and before it ends. */
  settle(table: FlowTable, slot: number): boolean {
    if (!this.#owes(table, slot)) return false;
    this.#handler.cause(this.#number, 'interval');
    this.#report(table, slot);
    return true;
  }

  /** Whether the flow has to report. It is not asked again in this interval. */
  #owes(table: FlowTable, slot: number): boolean {
    const { words } = table;
    const base = (slot & SLOT_MASK) << HOT_SHIFT;
    if (((words[base + F_STATE] ^ this.current) & S_INTERVAL) === 0) return false;
    words[base + F_STATE] ^= S_INTERVAL;
    return words[base + F_PACKETS_A] !== 0 || words[base + F_PACKETS_B] !== 0;
  }

  #report(table: FlowTable, slot: number): void {
    this.#handler.report(table, slot);
    resetCounters(table, slot << HOT_SHIFT);
  }
}
