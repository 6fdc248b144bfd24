// How long a flow lives: when it has been idle for long enough, which one makes room when a shard is full, and why it ended.

import type { FlowEnd } from './handler.ts';
import * as layout from './layout.ts';
import type { FlowTable } from './table.ts';
import { tcpState } from './tcp-state.ts';
import { Timers } from './timers.ts';

// A module's own constants become part of its machine code, imported ones are read each time, with checks: see docs/decisions.md.
const {
  F_LAST_SECONDS,
  F_STATE,
  HOT_SHIFT,
  S_LONG,
  S_RESET_LAST,
  S_SEEN_A,
  TCP_CLOSED,
  TCP_CLOSING,
  TCP_ESTABLISHED,
  TCP_PARTIAL,
  TCP_REJECTED,
  TCP_RESET,
} = layout;

export interface FlowOptions {
  /** Flows held at most, all shards together. */
  maxFlows: number;
  /** Idle seconds after which a flow ends: UDP and the rest; established TCP; TCP that never answered; TCP after FIN or RST. */
  timeoutSeconds: number;
  tcpTimeoutSeconds: number;
  halfOpenSeconds: number;
  lingerSeconds: number;
  /** Seconds between documents of a flow that goes on, aligned to the clock; 0: only the last one. */
  intervalSeconds: number;
}

export class Lifetimes {
  #options: FlowOptions;
  readonly #v4: FlowTable;
  readonly #v6: FlowTable;
  readonly #timers4: Timers;
  readonly #timers6: Timers;

  constructor(options: FlowOptions, v4: FlowTable, v6: FlowTable) {
    this.#options = options;
    this.#v4 = v4;
    this.#v6 = v6;
    this.#timers4 = new Timers(v4.cold);
    this.#timers6 = new Timers(v6.cold);
  }

  /** Other timeouts. A flow that waits for a longer one than the new one is looked at when it would have been. */
  retime(options: FlowOptions): void {
    this.#options = options;
  }

  /** A new flow. */
  begin(table: FlowTable, slot: number): void {
    const base = slot << HOT_SHIFT;
    this.#arm(table, slot, base, this.#dueAt(table, base));
  }

  /** The flow's time is another one now: a closed connection lingers for a short time only. */
  changed(table: FlowTable, slot: number): void {
    this.end(table, slot);
    this.begin(table, slot);
  }

  /** The flow is going to be removed. */
  end(table: FlowTable, slot: number): void {
    const base = slot << HOT_SHIFT;
    this.#timersOf(table).remove(slot, table.shardOfRow(base), (table.words[base + F_STATE] & S_LONG) !== 0);
  }

  /** Flows that are over in second `now`, as slot * 2, + 1 for IPv6; in no order. They are in no list any more. */
  advance(now: number): number[] {
    const due: number[] = [];
    this.#timers4.advance(now, (slot) => this.#look(this.#v4, slot, now, due, 0));
    this.#timers6.advance(now, (slot) => this.#look(this.#v6, slot, now, due, 1));
    return due;
  }

  /**
   * Takes the flow out of the lists that makes room in a shard: what would end first goes first, half-open flows before established
   * ones. False when there is none. The answer is in `evicted`.
   */
  evict(shard: number, wanted: FlowTable): boolean {
    const other = wanted === this.#v4 ? this.#v6 : this.#v4;
    return (
      this.#evict(shard, wanted, false) ||
      this.#evict(shard, other, false) ||
      this.#evict(shard, wanted, true) ||
      this.#evict(shard, other, true)
    );
  }
  readonly evicted = { table: null as never as FlowTable, slot: -1, isHalfOpen: false };

  clear(): void {
    this.#timers4.clear();
    this.#timers6.clear();
  }

  /** A new epoch: time begins again at `now`. No flow may be there. */
  restart(now: number): void {
    this.#timers4.restart(now);
    this.#timers6.restart(now);
  }

  #timersOf(table: FlowTable): Timers {
    return table.v6 ? this.#timers6 : this.#timers4;
  }

  /** A flow's second has come: over, or put where its time will be. */
  #look(table: FlowTable, slot: number, now: number, due: number[], family: 0 | 1): void {
    const base = slot << HOT_SHIFT;
    const at = this.#dueAt(table, base);
    if (at > now) this.#arm(table, slot, base, at);
    else due.push(slot * 2 + family);
  }

  #arm(table: FlowTable, slot: number, base: number, due: number): void {
    const long = isLong(table.words[base + F_STATE]);
    if (long) table.words[base + F_STATE] |= S_LONG;
    else table.words[base + F_STATE] &= ~S_LONG;
    this.#timersOf(table).add(slot, table.shardOfRow(base), long, due);
  }

  #evict(shard: number, table: FlowTable, long: boolean): boolean {
    const timers = this.#timersOf(table);
    for (let slot = timers.first(shard, long); slot >= 0; slot = timers.first(shard, long)) {
      const base = slot << HOT_SHIFT;
      // Looked at before its time: a flow that became established, or was busy since, goes where it belongs now.
      const isLongNow = isLong(table.words[base + F_STATE]);
      timers.remove(slot, shard, long);
      if (isLongNow !== long) {
        this.#arm(table, slot, base, this.#dueAt(table, base));
        continue;
      }
      this.evicted.table = table;
      this.evicted.slot = slot;
      this.evicted.isHalfOpen = !long;
      return true;
    }
    return false;
  }

  /** The second in which the flow has been idle for long enough. */
  #dueAt(table: FlowTable, base: number): number {
    const state = table.words[base + F_STATE];
    const tcp = tcpState(state);
    const o = this.#options;
    let idle = o.timeoutSeconds;
    if (tcp !== 0) {
      if (isOver(tcp)) idle = o.lingerSeconds;
      else idle = isLong(state) ? o.tcpTimeoutSeconds : o.halfOpenSeconds;
    }
    return (table.words[base + F_LAST_SECONDS] >>> 0) + idle + 1;
  }
}

/** Established, as far as anybody saw: it lives for long, and is evicted last. */
function isLong(state: number): boolean {
  if ((state & S_RESET_LAST) !== 0) return false;
  const tcp = tcpState(state);
  return (
    tcp === TCP_ESTABLISHED || tcp === TCP_CLOSING || (tcp === TCP_PARTIAL && (state & (3 * S_SEEN_A)) === 3 * S_SEEN_A)
  );
}

/** Why a flow ended: its connection's own end goes before what took it out of the table. */
export function endOf(state: number, reason: FlowEnd): FlowEnd {
  const tcp = tcpState(state);
  if (tcp === TCP_CLOSED) return 'fin';
  return tcp === TCP_RESET || tcp === TCP_REJECTED || (state & S_RESET_LAST) !== 0 ? 'rst' : reason;
}

/** The connection ended, of itself or by a reset. */
export function isOver(tcp: number): boolean {
  return tcp === TCP_CLOSED || tcp === TCP_RESET || tcp === TCP_REJECTED;
}
