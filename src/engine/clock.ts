// Packet time: the running maximum of the packets' times, in whole seconds. It is the only clock that flows, timeouts and
// transactions know, for files and for live traffic alike.

/** A step back of more than this begins a new epoch: everything that was open ends. */
export const EPOCH_STEP_SECONDS = 3600;

export class Clock {
  /** Unix seconds; -1 before the first packet. */
  seconds = -1;
  /** Packets whose time lay before the clock. */
  backwards = 0;

  /** Does a packet of this second move the clock (forward, or back by more than `EPOCH_STEP_SECONDS`)? Counts steps back. */
  moves(seconds: number): boolean {
    if (seconds > this.seconds) return true;
    this.backwards++;
    return seconds < this.seconds - EPOCH_STEP_SECONDS;
  }

  /** Moves the clock; true when a new epoch begins. */
  advance(seconds: number): boolean {
    const epoch = seconds < this.seconds;
    this.seconds = seconds;
    return epoch;
  }
}
