// Write-outs at multiples of an interval on the clock on the wall: at 12:00, 12:05, … When the clock is set, the next one is at a
// multiple of the new time, and none is later than an interval of real time.

export const LEAST_INTERVAL_SECONDS = 1;
export const MOST_INTERVAL_SECONDS = 3600;
export const DEFAULT_INTERVAL_SECONDS = 300;

/** The clock is looked at so often, because somebody may set it. */
const LOOK_MS = 1000;

export interface Clocks {
  /** Unix milliseconds. */
  wall(): number;
  /** Milliseconds that nobody sets. */
  steady(): number;
}

const CLOCKS: Clocks = { wall: () => Date.now(), steady: () => performance.now() };

export class Schedule {
  readonly intervalSeconds: number;
  readonly #due: (at: Date) => void;
  readonly #clocks: Clocks;
  #timer: NodeJS.Timeout | undefined;
  /** Wall and steady time of the next one at the latest. */
  #target = 0;
  #latest = 0;
  #lastWall = 0;

  /** `due` is called with the multiple of the interval that has come. Throws a RangeError for an interval out of bounds. */
  constructor(intervalSeconds: number, due: (at: Date) => void, clocks: Clocks = CLOCKS) {
    if (!(intervalSeconds >= LEAST_INTERVAL_SECONDS && intervalSeconds <= MOST_INTERVAL_SECONDS)) {
      throw new RangeError(
        `write-outs are ${LEAST_INTERVAL_SECONDS} s to ${MOST_INTERVAL_SECONDS} s apart, not ${intervalSeconds} s`,
      );
    }
    this.intervalSeconds = intervalSeconds;
    this.#due = due;
    this.#clocks = clocks;
    this.#aim();
    this.#wait();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  /** Looks at the clocks: is it time? The timer calls it; tests may. */
  look(): void {
    const wall = this.#clocks.wall();
    if (wall >= this.#target || this.#clocks.steady() >= this.#latest) {
      const ms = this.intervalSeconds * 1000;
      const at = Math.floor(wall / ms) * ms;
      this.#aim();
      this.#due(new Date(at));
    } else if (wall < this.#lastWall) {
      // Set back: aligned to the new time, but not later than it would have been.
      this.#target = nextMultiple(wall, this.intervalSeconds * 1000);
    }
    this.#lastWall = wall;
  }

  #aim(): void {
    const wall = this.#clocks.wall();
    const ms = this.intervalSeconds * 1000;
    this.#target = nextMultiple(wall, ms);
    this.#latest = this.#clocks.steady() + ms;
    this.#lastWall = wall;
  }

  #wait(): void {
    const left = Math.min(this.#target - this.#clocks.wall(), this.#latest - this.#clocks.steady(), LOOK_MS);
    this.#timer = setTimeout(
      () => {
        this.look();
        this.#wait();
      },
      Math.max(1, left),
    );
    this.#timer.unref();
  }
}

function nextMultiple(of: number, ms: number): number {
  return (Math.floor(of / ms) + 1) * ms;
}
