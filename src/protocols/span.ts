// When what a record tells ended. Directions captured in the wrong order, and clocks that are set, let an answer come before its question;
// no record ends before it begins.

interface Span {
  startSeconds: number;
  startNanos: number;
  endSeconds?: number | undefined;
  endNanos?: number | undefined;
}

/** Sets the end, at the earliest at the begin; returns nanoseconds between the two. */
export function endAt(record: Span, seconds: number, nanos: number): number {
  const duration = (seconds - record.startSeconds) * 1e9 + (nanos - record.startNanos);
  const isOrdered = duration >= 0;
  record.endSeconds = isOrdered ? seconds : record.startSeconds;
  record.endNanos = isOrdered ? nanos : record.startNanos;
  return isOrdered ? duration : 0;
}
