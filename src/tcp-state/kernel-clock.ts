// From the kernel's monotonic clock (CLOCK_MONOTONIC, which Node's hrtime reads too) to Unix time. Node tells Unix time in whole
// milliseconds only, so the difference is measured at the moment when they tick.

const NS_PER_MS = 1_000_000n;
const NS_PER_SECOND = 1_000_000_000;
/** A difference that moved by more than this was stepped: by an administrator, or by the machine sleeping. */
const STEP_NS = 5_000_000n;

export class KernelClock {
  #offset: bigint;
  #offsetSeconds = 0;
  #offsetNanos = 0;
  /** Times that the difference was found changed. */
  steps = 0;

  constructor() {
    this.#offset = measure();
    this.#split();
  }

  /** Notices that the clock was set. Called now and then. */
  check(): void {
    const now = BigInt(Date.now()) * NS_PER_MS - process.hrtime.bigint();
    const moved = now - this.#offset;
    if (moved < STEP_NS && moved > -STEP_NS) return;
    this.#offset = measure();
    this.#split();
    this.steps++;
  }

  /** Unix seconds of a monotonic time in ns. `nanos` after it gives the rest. */
  seconds(monotonicNs: number): number {
    const into = monotonicNs - this.#secondBegan;
    if (into >= 0 && into < NS_PER_SECOND) {
      this.nanos = into;
      return this.#second;
    }
    const whole = Math.floor(monotonicNs / NS_PER_SECOND);
    const nanos = monotonicNs - whole * NS_PER_SECOND + this.#offsetNanos;
    const carry = nanos >= NS_PER_SECOND ? 1 : 0;
    this.nanos = nanos - carry * NS_PER_SECOND;
    this.#second = this.#offsetSeconds + whole + carry;
    this.#secondBegan = monotonicNs - this.nanos;
    return this.#second;
  }
  /** Nanoseconds that belong to the last `seconds`. */
  nanos = 0;
  /** The second that was asked for last, and its monotonic beginning in ns: most events are in the same one. */
  #second = 0;
  #secondBegan = Number.NaN;

  #split(): void {
    this.#offsetSeconds = Number(this.#offset / BigInt(NS_PER_SECOND));
    this.#offsetNanos = Number(this.#offset % BigInt(NS_PER_SECOND));
    this.#secondBegan = Number.NaN;
  }
}

/** Unix time minus monotonic time, in ns: the best of a few ticks, for a tick may be noticed late. */
function measure(): bigint {
  let best: bigint | undefined;
  for (let i = 0; i < 3; i++) {
    const before = Date.now();
    let now = before;
    while (now === before) now = Date.now();
    const offset = BigInt(now) * NS_PER_MS - process.hrtime.bigint();
    // Noticing late makes the difference smaller.
    if (best === undefined || offset > best) best = offset;
  }
  return best!;
}
