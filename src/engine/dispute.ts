// What was contradicted in a connection: bytes that came again with other contents. Receivers may differ in what they read, so the records
// that were going on then say so.

/** A transaction's record. */
interface Started {
  startSeconds: number;
  startNanos: number;
}

export class Dispute {
  /** Bytes that were contradicted wait to be delivered. */
  isOpen = false;
  // Time of the last packet that has to do with a contradiction; negative: none was noted.
  #seconds = -1;
  #nanos = 0;

  /** A packet of this time contradicts another, or brings what was contradicted. `isWaiting`: more of it is to come. */
  note(seconds: number, nanos: number, isWaiting: boolean): void {
    this.isOpen = isWaiting;
    // What waited is delivered at the time it came, which may be before that of what it waited for.
    if (seconds < this.#seconds || (seconds === this.#seconds && nanos < this.#nanos)) return;
    this.#seconds = seconds;
    this.#nanos = nanos;
  }

  /** What began behind the last contradiction has nothing to do with it. */
  touches(record: object): boolean {
    const { startSeconds = Number.POSITIVE_INFINITY, startNanos = 0 } = record as Partial<Started>;
    return startSeconds < this.#seconds || (startSeconds === this.#seconds && startNanos <= this.#nanos);
  }
}
