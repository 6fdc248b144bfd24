// Times that timers of Node wait for: 2^31 ms at most. What is longer would be over at once.

export const LONGEST_TIMER_MS = 24 * 86_400_000;
/** As a refinement of an option in seconds. */
export const FITS_TIMER = [
  (seconds: number) => seconds * 1000 <= LONGEST_TIMER_MS,
  `write ${LONGEST_TIMER_MS / 86_400_000}d at most`,
] as const;
