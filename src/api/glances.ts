// How far back the partial answers to a long question look, one after the other, before the whole one.

const NS = 1_000_000_000n;
const MINUTE = 60n * NS;
const HOUR = 60n * MINUTE;
const DAY = 24n * HOUR;
/** Each is some times the one before, so all together cost little beside the whole. */
const SPANS = [5n * MINUTE, HOUR, 6n * HOUR, DAY, 7n * DAY, 30n * DAY, 180n * DAY];

/**
 * Beginnings in Unix nanoseconds, the latest first. One that is no later than what was asked for, or not before its end, says nothing;
 * neither does one behind which there is no older record than in the one before.
 */
export function glances(
  nowNs: bigint,
  asked: { firstNs?: bigint | undefined; lastNs?: bigint | undefined },
  oldestNs: bigint | undefined,
): bigint[] {
  const { firstNs, lastNs } = asked;
  if (oldestNs === undefined) return [];
  const begin = firstNs !== undefined && firstNs > oldestNs ? firstNs : oldestNs;
  return SPANS.map((span) => nowNs - span).filter(
    (sinceNs) => sinceNs > begin && (lastNs === undefined || sinceNs < lastNs),
  );
}
