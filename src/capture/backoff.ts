// How long to wait before what failed is tried again: twice as long each time, up to a limit.

export class Backoff {
  readonly #firstMs: number;
  readonly #lastMs: number;
  #ms: number;

  constructor(firstMs: number, lastMs: number) {
    this.#firstMs = firstMs;
    this.#lastMs = lastMs;
    this.#ms = firstMs;
  }

  /** It failed again: the wait until the next try. */
  next(): number {
    const ms = this.#ms;
    this.#ms = Math.min(ms * 2, this.#lastMs);
    return ms;
  }

  /** It went well: the next failure is a new one. */
  reset(): void {
    this.#ms = this.#firstMs;
  }
}
