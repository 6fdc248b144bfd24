// What the snap length cut off fragments: stretches of a datagram that were sent and are not in the capture, as starts and ends in order,
// apart from each other.

/** Starts and ends together: fragments come one behind the other, nearly always. */
const MAX_CUTS = 512;

/** Adds [start, end), joined with what it touches; false: there are too many. */
export function noteCut(cuts: number[], start: number, end: number): boolean {
  let at = 0;
  while (at < cuts.length && cuts[at + 1] < start) at += 2;
  let behind = at;
  while (behind < cuts.length && cuts[behind] <= end) behind += 2;
  if (behind === at) cuts.splice(at, 0, start, end);
  else cuts.splice(at, behind - at, Math.min(start, cuts[at]), Math.max(end, cuts[behind - 1]));
  return cuts.length <= MAX_CUTS;
}

/** Is all of [from, to) cut off? */
export function isCut(cuts: readonly number[], from: number, to: number): boolean {
  for (let at = 0; at < cuts.length; at += 2) if (cuts[at] <= from && cuts[at + 1] >= to) return true;
  return false;
}
