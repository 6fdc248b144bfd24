// What the trace does not tell of a socket: since when it is, how long it was in its state, who owns it. Followed from its changes of
// state, by its address in the kernel, which is used again after its end.

import type { Attribution, Role, TcpEvent } from '../event.ts';
import type { Process } from '../process.ts';
import { CLOSED, LISTEN, SYN_RECEIVED, SYN_SENT } from '../states.ts';

const FIN_WAIT_1 = 4;
const LAST_ACK = 9;
const MAX_LIVES = 262_144;

interface Life {
  id: string;
  /** Monotonic ns; NaN: before we began. */
  began: number;
  changed: number;
  process: Process | undefined;
  attribution: Attribution;
  role: Role;
}

export class Lives {
  readonly #run: string;
  readonly #lives = new Map<number, Life>();
  /** Who listens on a port, for the connections that come of it. The trace does not tell the network namespace. */
  readonly #listeners = new Map<number, Life>();
  #count = 0;

  /** `run`: makes the sockets of this run different from those of others. */
  constructor(run: string) {
    this.#run = run;
  }

  /** Fills in what follows from a change of state. `process`: the one on the CPU. */
  change(event: TcpEvent, socket: number, time: number, process: Process | undefined): void {
    const { oldState, newState } = event;
    let life = this.#lives.get(socket);
    const isAccepted = oldState === LISTEN && newState === SYN_RECEIVED;
    const isNew = life === undefined || isAccepted || newState === SYN_SENT || newState === LISTEN;
    if (life === undefined || isNew)
      life = this.#begin(socket, oldState === CLOSED || oldState === LISTEN ? time : Number.NaN);
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
    this.#lives.delete(socket);
    if (oldState === LISTEN) this.#listeners.delete(event.localPort);
  }

  /** Somebody listened on the port before we began. */
  listens(port: number, process: Process): void {
    const life = this.#newLife(Number.NaN);
    own(life, process, 'descriptor', 'unknown');
    this.#listeners.set(port, life);
  }

  /** Fills in what is known of a socket to which something happened. */
  look(event: TcpEvent, socket: number, time: number): void {
    const life = this.#lives.get(socket);
    if (life !== undefined) this.#tell(event, life, time);
  }

  #newLife(began: number): Life {
    return {
      id: `${this.#run}.${(++this.#count).toString(16)}`,
      began,
      changed: began,
      process: undefined,
      attribution: 'none',
      role: 'unknown',
    };
  }

  #begin(socket: number, began: number): Life {
    const life = this.#newLife(began);
    // Again at the end of the order: the oldest is given up first.
    this.#lives.delete(socket);
    this.#lives.set(socket, life);
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
