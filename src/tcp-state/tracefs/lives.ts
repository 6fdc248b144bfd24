// What the trace does not tell of a socket: since when it is, how long it was in its state, who owns it. Followed from its changes of
// state, by its address in the kernel, which is used again after its end.

import type { Attribution, Role, TcpEvent } from '../event.ts';
import { ECONNRESET, EPIPE } from '../lifecycle.ts';
import type { Process } from '../process.ts';
import * as states from '../states.ts';

const { CLOSED, LISTEN, SYN_RECEIVED, SYN_SENT, UNKNOWN } = states;
const FIN_WAIT_1 = 4;
const CLOSE_WAIT = 8;
const ECONNREFUSED = 111;
const LAST_ACK = 9;
const MAX_LIVES = 262_144;

interface Life {
  /** Its number in this run. */
  readonly id: number;
  /** The socket's address, in 32 and 16 bits. */
  readonly low: number;
  readonly high: number;
  /** Monotonic ns; NaN: before we began. */
  began: number;
  changed: number;
  process: Process | undefined;
  attribution: Attribution;
  role: Role;
  /** 0: not known. */
  state: number;
  /** The other side has sent a reset. */
  isReset: boolean;
  /** Another one in the same bucket, and the one that began next before and behind it. */
  next: Life | undefined;
  older: Life | undefined;
  newer: Life | undefined;
}

const BUCKET_BITS = 14;
/** The golden ratio in 32 bits: sockets lie at multiples of 64 bytes, and often at the same distance from each other. */
const SPREAD = 0x9e3779b1;
const bucketOf = (low: number, high: number): number => Math.imul((low >>> 6) ^ high, SPREAD) >>> (32 - BUCKET_BITS);

export class Lives {
  readonly #run: string;
  /**
   * By address. Not a Map: sockets come and go, each time V8 makes a Map's table anew, and the table before holds what was in it until the
   * next large collection. Replaying 600,002 events again and again, small collections took 8 to 31 ms with a Map and take 0.4 so.
   */
  readonly #buckets: (Life | undefined)[] = new Array(1 << BUCKET_BITS).fill(undefined);
  #size = 0;
  #oldest: Life | undefined = undefined;
  #newest: Life | undefined = undefined;
  /** Who listens on a port, for the connections that come of it. The trace does not tell the network namespace. */
  readonly #listeners = new Map<number, Life>();
  #count = 0;

  /** `run`: makes the sockets of this run different from those of others. */
  constructor(run: string) {
    this.#run = `${run}.`;
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
    if (life === undefined || isNew) {
      if (life !== undefined) this.#forget(life);
      life = this.#begin(low, high, oldState === CLOSED || oldState === LISTEN ? time : Number.NaN);
    } else if (!Number.isNaN(life.changed)) event.stateNs = time - life.changed;
    life.changed = time;
    life.state = newState;
    if (newState === SYN_SENT) own(life, process, 'connect', 'client');
    else if (newState === LISTEN) {
      own(life, process, 'listen', 'unknown');
      this.#listeners.set(event.localPort, life);
    } else if (isAccepted) {
      const listener = this.#listeners.get(event.localPort);
      own(life, listener?.process, listener === undefined ? 'none' : 'listen', 'server');
    } else if (newState === FIN_WAIT_1 || newState === LAST_ACK) own(life, process, 'close', life.role);
    if (newState === CLOSED && life.isReset) event.error = errorOfReset(oldState);
    this.#tell(event, life, time);
    if (newState !== CLOSED) return;
    this.#forget(life);
    if (oldState === LISTEN) this.#listeners.delete(event.localPort);
  }

  /** Somebody listened on the port before we began. */
  listens(port: number, process: Process): void {
    const life = this.#newLife(0, 0, Number.NaN);
    own(life, process, 'descriptor', 'unknown');
    this.#listeners.set(port, life);
  }

  /** The other side has sent a reset, which ends the socket. */
  reset(low: number, high: number): void {
    const life = this.#find(low, high) ?? this.#begin(low, high, Number.NaN);
    life.isReset = true;
  }

  /** Fills in what is known of a socket to which something happened. */
  look(event: TcpEvent, low: number, high: number, time: number): void {
    const life = this.#find(low, high);
    if (life === undefined) return;
    if (event.oldState === UNKNOWN) event.oldState = event.newState = life.state;
    this.#tell(event, life, time);
  }

  #find(low: number, high: number): Life | undefined {
    let life = this.#buckets[bucketOf(low, high)];
    while (life !== undefined && (life.low !== low || life.high !== high)) life = life.next;
    return life;
  }

  #newLife(low: number, high: number, began: number): Life {
    return {
      id: ++this.#count,
      low,
      high,
      began,
      changed: began,
      process: undefined,
      attribution: 'none',
      role: 'unknown',
      state: 0,
      isReset: false,
      next: undefined,
      older: undefined,
      newer: undefined,
    };
  }

  #begin(low: number, high: number, began: number): Life {
    if (this.#size >= MAX_LIVES) this.#forget(this.#oldest!);
    const life = this.#newLife(low, high, began);
    const bucket = bucketOf(low, high);
    life.next = this.#buckets[bucket];
    this.#buckets[bucket] = life;
    life.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = life;
    else this.#newest.newer = life;
    this.#newest = life;
    this.#size++;
    return life;
  }

  #forget(life: Life): void {
    const bucket = bucketOf(life.low, life.high);
    const first = this.#buckets[bucket];
    if (first === life) this.#buckets[bucket] = life.next;
    else {
      let before = first!;
      while (before.next !== life) before = before.next!;
      before.next = life.next;
    }
    if (life.older === undefined) this.#oldest = life.newer;
    else life.older.newer = life.newer;
    if (life.newer === undefined) this.#newest = life.older;
    else life.newer.older = life.older;
    // What it pointed to is not held by it when it is garbage.
    life.next = undefined;
    life.older = undefined;
    life.newer = undefined;
    this.#size--;
  }

  #tell(event: TcpEvent, life: Life, time: number): void {
    event.socket = life.id;
    event.socketRun = this.#run;
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

/** The error that a socket has of a reset (net/ipv4/tcp_input.c, tcp_reset). */
function errorOfReset(state: number): number {
  if (state === SYN_SENT) return ECONNREFUSED;
  return state === CLOSE_WAIT ? EPIPE : ECONNRESET;
}

function own(life: Life, process: Process | undefined, attribution: Attribution, role: Role): void {
  life.role = role;
  if (process === undefined || process.isKernel === true) return;
  life.process = process;
  life.attribution = attribution;
}
