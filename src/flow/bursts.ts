// Many flows that end, or are reported, at once: in the order of their first packets, and only as fast as their documents are taken.

import type { Arrears } from './arrears.ts';
import { resetCounters } from './counting.ts';
import type { FlowEnd, FlowHandler } from './handler.ts';
import * as layout from './layout.ts';
import { coldAt } from './layout.ts';
import { endOf } from './lifetimes.ts';
import { sortByKey } from './radix.ts';
import type { FlowTable } from './table.ts';

const { C_FIRST_PACKET, COLD_WORDS, F_PACKETS_A, F_PACKETS_B, F_STATE, HOT_SHIFT } = layout;

const NONE = new Uint32Array(0);

/** Flows whose rows are read together, before they are handed on one by one: the memory accesses overlap. A power of two. */
const AHEAD = 64;

interface Burst {
  /** Slot * 2 + 1 for IPv6, slot * 2 for IPv4, in the order of the flows' first packets. */
  flows: Uint32Array;
  at: number;
  reason: FlowEnd | 'interval' | 'roll';
  /** Number of the packet before which it happens. */
  number: number;
}

export class Bursts {
  readonly #v4: FlowTable;
  readonly #v6: FlowTable;
  readonly #handler: FlowHandler;
  readonly #counters: { expired: number };
  readonly #allEnded: () => void;
  readonly #arrears: Arrears;
  readonly #waiting: Burst[] = [];
  /** Of no meaning: what was read ahead is used, so that it is read. */
  #readAhead = 0;

  /**
   * `allEnded` is called when every flow of the tables was told to be over: the tables have to be emptied. `arrears`: what flows owe that
   * come to their end.
   */
  constructor(
    v4: FlowTable,
    v6: FlowTable,
    handler: FlowHandler,
    counters: { expired: number },
    allEnded: () => void,
    arrears: Arrears,
  ) {
    this.#v4 = v4;
    this.#v6 = v6;
    this.#handler = handler;
    this.#counters = counters;
    this.#allEnded = allEnded;
    this.#arrears = arrears;
  }

  /** These flows are over, just before packet `number`. */
  timeout(due: readonly number[], number: number): void {
    if (due.length > 0) this.#add('timeout', Uint32Array.from(due), number);
  }

  /** All flows are over. */
  endAll(reason: 'end-of-input' | 'epoch', number: number): void {
    this.#add(reason, this.#all(), number);
  }

  /** Flows that had packets since their last document are reported, but for those that end now. */
  interval(except: ReadonlySet<number>, number: number): void {
    const flows = this.#all().filter((flow) => {
      if (except.has(flow)) return false;
      const { words } = this.#tableOf(flow);
      const base = (flow >>> 1) << HOT_SHIFT;
      return words[base + F_PACKETS_A] !== 0 || words[base + F_PACKETS_B] !== 0;
    });
    this.#add('interval', flows, number);
  }

  /** Flows that had packets since their last document owe a report from here on. */
  roll(number: number): void {
    this.#add('roll', NONE, number);
  }

  /** Flows that are over, and still in the tables, which are emptied when all are. */
  get ended(): number {
    const [burst] = this.#waiting;
    return burst?.reason === 'end-of-input' || burst?.reason === 'epoch' ? burst.at : 0;
  }

  /** Hands flows to the handler until none waits (true) or the handler is full (false: take its output and call again). */
  run(): boolean {
    for (let burst = this.#waiting[0]; burst !== undefined; burst = this.#waiting[0]) {
      if (burst.reason === 'roll') {
        // Who still owes the report before this one has to make it first.
        if (!this.#arrears.run()) return false;
        this.#arrears.begin(burst.number);
        this.#waiting.shift();
        continue;
      }
      const phase = burst.reason === 'interval' ? 'interval' : 'timeout';
      this.#handler.cause(burst.number, phase);
      while (burst.at < burst.flows.length) {
        if (this.#handler.full()) return false;
        if ((burst.at & (AHEAD - 1)) === 0) this.#readAhead ^= this.#lookAhead(burst.flows, burst.at);
        const flow = burst.flows[burst.at++];
        const table = this.#tableOf(flow);
        if (burst.reason !== 'interval' && this.#arrears.settle(table, flow >>> 1))
          this.#handler.cause(burst.number, phase);
        this.#hand(table, flow >>> 1, burst.reason);
      }
      this.#waiting.shift();
      // Emptying the tables at once is far cheaper than taking out one flow after the other.
      if (burst.reason === 'end-of-input' || burst.reason === 'epoch') this.#allEnded();
    }
    return true;
  }

  /** Reads of the next flows what their documents need; gives something that depends on all of it. */
  #lookAhead(flows: Uint32Array, from: number): number {
    // Both tables have the same.
    const { words, cold } = this.#v4;
    const to = Math.min(from + AHEAD, flows.length);
    let sum = 0;
    for (let i = from; i < to; i++) {
      const slot = flows[i] >>> 1;
      sum ^= words[slot << HOT_SHIFT] ^ cold[slot * COLD_WORDS] ^ cold[slot * COLD_WORDS + COLD_WORDS - 1];
    }
    return sum;
  }

  #hand(table: FlowTable, slot: number, reason: FlowEnd | 'interval'): void {
    const base = slot << HOT_SHIFT;
    if (reason === 'interval') {
      this.#handler.report(table, slot);
      resetCounters(table, base);
      return;
    }
    this.#handler.ended(table, slot, endOf(table.words[base + F_STATE], reason));
    if (reason === 'timeout') {
      this.#counters.expired++;
      table.remove(slot);
    }
  }

  #tableOf(flow: number): FlowTable {
    return (flow & 1) === 0 ? this.#v4 : this.#v6;
  }

  #all(): Uint32Array {
    const list = new Uint32Array(this.#v4.count + this.#v6.count);
    let n = 0;
    this.#v4.forEach((slot) => {
      list[n++] = slot * 2;
    });
    this.#v6.forEach((slot) => {
      list[n++] = slot * 2 + 1;
    });
    return list;
  }

  #add(reason: Burst['reason'], flows: Uint32Array, number: number): void {
    this.#waiting.push({ flows: this.#isInOrder(flows) ? flows : this.#sorted(flows), at: 0, reason, number });
  }

  /** As flows are that were found row by row: a million of them need not be sorted, which takes memory when there is least of it. */
  #isInOrder(flows: Uint32Array): boolean {
    let before = 0;
    for (let i = 0; i < flows.length; i++) {
      const key = this.#firstPacketOf(flows[i]) >>> 0;
      if (key < before) return false;
      before = key;
    }
    return true;
  }

  #sorted(flows: Uint32Array): Uint32Array {
    const keys = new Uint32Array(flows.length);
    for (let i = 0; i < flows.length; i++) keys[i] = this.#firstPacketOf(flows[i]);
    return sortByKey(keys, flows);
  }

  #firstPacketOf(flow: number): number {
    return this.#tableOf(flow).cold[coldAt((flow >>> 1) << HOT_SHIFT) + C_FIRST_PACKET];
  }
}
