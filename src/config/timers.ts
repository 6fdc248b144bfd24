// Times that timers of Node wait for: 2^31 ms at most. What is longer would be over at once.

const DAYS = 24;
export const LONGEST_TIMER_MS = DAYS * 86_400_000;
/** The same for people. */
export const LONGEST_TIMER = `${DAYS}d`;
/** As a refinement of an option in seconds. */
export const FITS_TIMER = [
  (seconds: number) => seconds * 1000 <= LONGEST_TIMER_MS,
  `write ${LONGEST_TIMER} at most`,
] as const;
