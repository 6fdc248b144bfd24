// Waiting for a ring and for word of links at the same time.

import type { Libc } from '../../system/libc.ts';

const POLLIN = 1;
const POLLERR = 8;
/** struct pollfd: the descriptor, what is asked for, what there is. */
const POLLFD_BYTES = 8;
const EVENTS = 4;
const REVENTS = 6;
const LINKS = POLLFD_BYTES;

export class RingPoll {
  readonly #libc: Libc;
  readonly #fds = new Uint8Array(2 * POLLFD_BYTES);
  readonly #view = new DataView(this.#fds.buffer);

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#view.setInt16(EVENTS, POLLIN | POLLERR, true);
    this.#view.setInt16(LINKS + EVENTS, POLLIN, true);
  }

  /** What is waited for from now on. */
  watch(ring: number, links: number): void {
    this.#view.setInt32(0, ring, true);
    this.#view.setInt32(LINKS, links, true);
  }

  /** Waits so long at most. Gives how many of the two have something. */
  wait(ms: number): number {
    return this.#libc.poll(this.#fds, ms);
  }
  /** The same, while this thread goes on. */
  waitLater(ms: number): Promise<number> {
    return this.#libc.pollLater(this.#fds, ms);
  }

  /** The ring's socket was not well when the last wait ended. */
  get hasError(): boolean {
    return (this.#view.getInt16(REVENTS, true) & POLLERR) !== 0;
  }
}
