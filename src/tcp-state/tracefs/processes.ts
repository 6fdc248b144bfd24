// Threads as the trace names them → processes and their commands, asked of /proc when they appear first. A thread that is gone by then
// has the name that the kernel kept for it, if it did.

import { type Process, processOf } from '../process.ts';

const MAX_KNOWN = 16_384;
/** A thread's number is used again: what is known of it does not stay true. */
const KNOWN_MS = 5000;

type Known = Process & { sinceMs: number };

export class Processes {
  readonly #saved: () => Map<number, string>;
  #known = new Map<number, Known>();
  /** The last answer: events of one thread come one after the other. */
  #lastTid = 0;
  #last: Known | undefined = undefined;
  /** What the kernel kept, and when it was asked. */
  #commands = new Map<number, string>();
  #readMs = Number.NaN;

  constructor(saved: () => Map<number, string>) {
    this.#saved = saved;
  }

  /** `nowMs`: of performance.now(), some ms old at most. */
  of(tid: number, nowMs: number): Process | undefined {
    if (tid === 0) return undefined;
    const last = this.#last;
    if (tid === this.#lastTid && last !== undefined && nowMs - last.sinceMs < KNOWN_MS) return last;
    this.#lastTid = tid;
    return (this.#last = this.#find(tid, nowMs));
  }

  #find(tid: number, nowMs: number): Known {
    const known = this.#known.get(tid);
    if (known !== undefined && nowMs - known.sinceMs < KNOWN_MS) return known;
    if (this.#known.size >= MAX_KNOWN) this.#known = new Map();
    const found = { ...(processOf(tid) ?? this.#remembered(tid, nowMs)), sinceMs: nowMs };
    this.#known.set(tid, found);
    return found;
  }

  /** Many may be gone: what the kernel kept is looked at once for all that are asked for at a time. */
  #remembered(tid: number, nowMs: number): Process {
    if (nowMs !== this.#readMs) {
      this.#readMs = nowMs;
      this.#commands = this.#saved();
    }
    return { pid: tid, command: this.#commands.get(tid) };
  }
}
