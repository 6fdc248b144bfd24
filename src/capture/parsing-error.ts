// What can be wrong with a packet, as goProbe numbers and names it, and the counters of it.

/** The packet was read. */
export const ERRNO_OK = -1;
/** A fragment behind the first: it names no ports, so it can not be counted in a flow. Ignored, not failed. */
export const ERRNO_PACKET_FRAGMENT_IGNORE = 0;
/** Not an IPv4 or IPv6 header. */
export const ERRNO_INVALID_IP_HEADER = 1;
/** The packet ends before what must be read of it. */
export const ERRNO_PACKET_TRUNCATED = 2;
export const NUM_PARSING_ERRORS = 3;

export type ParsingErrno = -1 | 0 | 1 | 2;

/** Names by number, for people and as values of the label `issue_type`. */
export const PARSING_ERROR_NAMES = ['packet fragmented', 'invalid IP header', 'packet truncated'] as const;

/** Was the packet not understood (as opposed to understood, or left out on purpose)? */
export function parsingFailed(errno: number): boolean {
  return errno >= ERRNO_INVALID_IP_HEADER;
}

export class ParsingErrors {
  readonly counts: number[] = new Array(NUM_PARSING_ERRORS).fill(0);

  count(errno: number): void {
    this.counts[errno]++;
  }
  /** All of them. */
  sum(): number {
    return this.counts.reduce((sum, n) => sum + n, 0);
  }
  /** Those that mean that a packet was not understood. */
  sumFailed(): number {
    return this.sum() - this.counts[ERRNO_PACKET_FRAGMENT_IGNORE];
  }
  add(other: ParsingErrors): void {
    for (let i = 0; i < NUM_PARSING_ERRORS; i++) this.counts[i] += other.counts[i];
  }
  reset(): void {
    this.counts.fill(0);
  }
  toJSON(): number[] {
    return [...this.counts];
  }
}
