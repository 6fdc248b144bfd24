// What the trace does not tell of a socket: since when it is, how long it was in its state, who owns it. Followed from its changes of
// state, by its address in the kernel, which is used again after its end.

import type { Attribution, Role, TcpEvent } from '../event.ts';
import type { Process } from '../process.ts';
import { CLOSED, LISTEN, SYN_RECEIVED, SYN_SENT } from '../states.ts';

const FIN_WAIT_1 = 4;
const LAST_ACK = 9;
const MAX_LIVES = 262_144;

interface Life {
  readonly id: string;
  /** The socket's address, in 32 and 16 bits. */
  readonly low: number;
  readonly high: number;
  /** Monotonic ns; NaN: before we began. */
  began: number;
  changed: number;
  process: Process | undefined;
  attribution: Attribution;
  role: Role;
  /** Another socket's, whose address has the same key. */
  next: Life | undefined;
}

/**
 * Numbers of 31 bits are quicker keys than whole addresses. Sockets lie at multiples of 64 bytes: those less than 64 GiB from each other have
 * keys of their own.
 */
const keyOf = (low: number, high: number): number => (low >>> 6) | ((high & 15) << 26);

export class Lives {
  readonly #run: string;
  /** By key, each with those of the same key behind it. */
  readonly #lives = new Map<number, Life>();
  /** Who listens on a port, for the connections that come of it. The trace does not tell the network namespace. */
  readonly #listeners = new Map<number, Life>();
  #count = 0;

  /** `run`: makes the sockets of this run different from those of others. */
  constructor(run: string) {
    this.#run = run;
  }

  /**
   * Fills in what follows from a change of state of the socket whose address has these lower 32 and upper 16 bits. `process`: the one on the
   * CPU.
   */
  change(event: TcpEvent, low: number, high: number, time: number, process: Process | undefined): void {
    const { oldState, newState } = event;
    let life = this.#find(low, high);
    const isAccepted = oldState === LISTEN && newState === SYN_RECEIVED;
    const isNew = life === undefined || isAccepted || newState === SYN_SENT || newState === LISTEN;
    if (life === undefined || isNew)
      life = this.#begin(low, high, oldState === CLOSED || oldState === LISTEN ? time : Number.NaN);
    else event.stateNs = time - life.changed;
    life.changed = time;
    if (newState === SYN_SENT) own(life, process, 'connect', 'client');
    else if (newState === LISTEN) {
      own(life, process, 'listen', 'unknown');
      this.#listeners.set(event.localPort, life);
    } else if (isAccepted) {
      const listener = this.#listeners.get(event.localPort);
      own(life, listener?.process, listener === undefined ? 'none' : 'listen', 'server');
    } else if (newState === FIN_WAIT_1 || newState === LAST_ACK) own(life, process, 'close', life.role);
    this.#tell(event, life, time);
    if (newState !== CLOSED) return;
    this.#forget(low, high);
    if (oldState === LISTEN) this.#listeners.delete(event.localPort);
  }

  /** Somebody listened on the port before we began. */
  listens(port: number, process: Process): void {
    const life = this.#newLife(0, 0, Number.NaN);
    own(life, process, 'descriptor', 'unknown');
    this.#listeners.set(port, life);
  }

  /** Fills in what is known of a socket to which something happened. */
  look(event: TcpEvent, low: number, high: number, time: number): void {
    const life = this.#find(low, high);
    if (life !== undefined) this.#tell(event, life, time);
  }

  #find(low: number, high: number): Life | undefined {
    let life = this.#lives.get(keyOf(low, high));
    while (life !== undefined && (life.low !== low || life.high !== high)) life = life.next;
    return life;
  }

  #forget(low: number, high: number): void {
    const key = keyOf(low, high);
    const first = this.#lives.get(key);
    this.#lives.delete(key);
    // Hardly ever: the others of its key stay.
    for (let life = first; life !== undefined; ) {
      const { next } = life;
      if (life.low !== low || life.high !== high) this.#add(key, life);
      life = next;
    }
  }

  #add(key: number, life: Life): void {
    life.next = this.#lives.get(key);
    this.#lives.set(key, life);
  }

  #newLife(low: number, high: number, began: number): Life {
    return {
      id: `${this.#run}.${(++this.#count).toString(16)}`,
      low,
      high,
      began,
      changed: began,
      process: undefined,
      attribution: 'none',
      role: 'unknown',
      next: undefined,
    };
  }

  #begin(low: number, high: number, began: number): Life {
    const life = this.#newLife(low, high, began);
    // Again at the end of the order: the oldest is given up first.
    this.#forget(low, high);
    this.#add(keyOf(low, high), life);
    if (this.#lives.size > MAX_LIVES) this.#lives.delete(this.#lives.keys().next().value!);
    return life;
  }

  #tell(event: TcpEvent, life: Life, time: number): void {
    event.socket = life.id;
    event.role = life.role;
    const owner = life.process;
    event.pid = owner?.pid;
    event.command = owner?.command;
    event.attribution = owner === undefined ? 'none' : life.attribution;
    event.uid = owner?.uid;
    event.cgroup = owner?.cgroup;
    event.netns = owner?.netns;
    event.lifetimeNs = Number.isNaN(life.began) || time === life.began ? undefined : time - life.began;
  }
}

function own(life: Life, process: Process | undefined, attribution: Attribution, role: Role): void {
  life.role = role;
  if (process === undefined) return;
  life.process = process;
  life.attribution = attribution;
}
