// Packet time: the running maximum of the packets' times, in whole seconds. It is the only clock that flows, timeouts and
// transactions know, for files and for live traffic alike.

/** A step back of more than this begins a new epoch: everything that was open ends. */
export const EPOCH_STEP_SECONDS = 3600;
/**
 * The same for live packets: somebody has set the clock. Time would stand still until it has caught up, without documents and timeouts. No
 * ring is read so late.
 */
export const LIVE_EPOCH_STEP_SECONDS = 60;

export class Clock {
  /** Unix seconds; -1 before the first packet. */
  seconds = -1;
  /** Packets whose time lay before the clock. */
  backwards = 0;
  readonly #epochStepSeconds: number;

  constructor(epochStepSeconds = EPOCH_STEP_SECONDS) {
    this.#epochStepSeconds = epochStepSeconds;
  }

  /** Does a packet of this second move the clock (forward, or back by so much that an epoch begins)? Counts steps back. */
  moves(seconds: number): boolean {
    if (seconds > this.seconds) return true;
    this.backwards++;
    return this.isBehind(seconds);
  }

  /** Does an epoch begin with this second? */
  isBehind(seconds: number): boolean {
    return seconds < this.seconds - this.#epochStepSeconds;
  }

  /** Moves the clock; true when a new epoch begins. */
  advance(seconds: number): boolean {
    const epoch = seconds < this.seconds;
    this.seconds = seconds;
    return epoch;
  }
}
