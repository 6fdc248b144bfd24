// From the kernel's monotonic clock (CLOCK_MONOTONIC, which Node's hrtime reads too) to Unix time. Node tells Unix time in whole
// milliseconds only, so the difference is measured at the moment when they tick. Whoever reads may be held up at any point: then a
// reading tells less, but nothing wrong.

const NS_PER_MS = 1_000_000n;
const NS_PER_SECOND = 1_000_000_000;
/** A difference that moved by more than this was stepped: by an administrator, or by the machine sleeping. */
const STEP_NS = 5_000_000n;
/** So well is the difference known in the end, or as well as so many readings tell. A tick comes after some thousands at most. */
const EXACT_NS = 20_000n;
const MOST_READINGS = 200_000;

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
    const { least, most } = read();
    if (this.#offset > least - STEP_NS && this.#offset < most + STEP_NS) return;
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

/** Between what Unix time minus monotonic time is, in ns, as both say now. */
function read(): { least: bigint; most: bigint } {
  const before = process.hrtime.bigint();
  const now = BigInt(Date.now()) * NS_PER_MS;
  return { least: now - process.hrtime.bigint(), most: now + NS_PER_MS - before };
}

/** Unix time minus monotonic time, in ns: known well once both were read just before a tick and just after it. */
function measure(): bigint {
  let { least, most } = read();
  for (let i = 0; i < MOST_READINGS && most - least > EXACT_NS; i++) {
    const next = read();
    if (next.least > least) least = next.least;
    if (next.most < most) most = next.most;
    // The clock was set meanwhile.
    if (least > most) ({ least, most } = next);
  }
  return least;
}
