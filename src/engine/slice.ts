// Many documents at once (all flows at an interval, or at the end) pause after a while, so that others in the thread have their turn.

/** What a thread that captures allows itself, in milliseconds. */
export const LIVE_SLICE_MS = 10;
/** Documents between two looks at the clock; a power of two. */
const CHECK = 256;

export class Slice {
  /** Time for a pause; `begin` goes on. */
  isOver = false;
  readonly #ms: number;
  #ends = 0;
  #documents = 0;

  /** `ms`: length in milliseconds; 0: without end. */
  constructor(ms: number) {
    this.#ms = ms;
  }

  begin(): void {
    this.isOver = false;
    this.#ends = performance.now() + this.#ms;
  }

  /** One more document was made. */
  count(): void {
    if (this.#ms > 0 && (++this.#documents & (CHECK - 1)) === 0) this.isOver = performance.now() > this.#ends;
  }
}
