// Calls of C that go on in other threads, so many at once. koffi refuses more than 256 and has memory for each, so the others wait here until
// it is their turn: a thousand interfaces are opened together.

/** As many threads as the daemon has for it: see bin/netscribe.js. */
const MOST_AT_ONCE = 32;

export class CallQueue {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  /** Begins now, or when it is its turn: in the order in which they were given. */
  async run<Result>(call: () => Promise<Result>): Promise<Result> {
    if (this.#running === MOST_AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running++;
    try {
      return await call();
    } finally {
      const next = this.#waiting.shift();
      // Its place goes to the one that waited longest.
      if (next === undefined) this.#running--;
      else next();
    }
  }
}
