// From when to when a query asks, and into which buckets it cuts the time.

import { QueryError } from './error.ts';
import { type Moment, parseTime } from './times.ts';
import { parseSpan } from './values.ts';
import type { Vocabulary } from './vocabulary.ts';

export const DEFAULT_RESOLUTION_NS = 300e9;

/** Unix time in ns; `first` inclusive, `last` exclusive. */
export interface TimeRange {
  readonly first: bigint | undefined;
  readonly last: bigint | undefined;
}

/** Throws QueryError for what is no time, and for a range that ends before it begins. */
export function timeRange(first: string | undefined, last: string | undefined, vocabulary: Vocabulary): TimeRange {
  const end = moment(last, 'last', vocabulary);
  const range: TimeRange = {
    first: moment(first, 'first', vocabulary)?.ns,
    // `-l 2026-11-21` takes that whole day in; a moment to the nanosecond is the end itself.
    last: end === undefined ? undefined : end.ns + end.precisionNs,
  };
  if (range.first !== undefined && range.last !== undefined && range.first >= range.last)
    throw new QueryError('the first time is not before the last');
  return range;
}

function moment(text: string | undefined, what: string, vocabulary: Vocabulary): Moment | undefined {
  if (text === undefined || text === '') return undefined;
  const found = parseTime(text, vocabulary);
  if (found === undefined)
    throw new QueryError(
      `the ${what} time ${JSON.stringify(text)} is not understood`,
      '2026-11-21T10:00:00Z, "21.11.2026 10:00", 1795255200 and -15d4h are times',
    );
  return found;
}

const [SECOND, MINUTE, HOUR, DAY] = [1e9, 60e9, 3600e9, 86_400e9];
/** Widths that people count in. */
const WIDTHS = [1, 5, 10, 30]
  .map((n) => n * SECOND)
  .concat([1, 5, 10, 30].map((n) => n * MINUTE))
  .concat([1, 3, 6, 12].map((n) => n * HOUR))
  .concat([1, 7, 30].map((n) => n * DAY));
/** `auto` makes no more buckets than these. */
const MOST_BUCKETS = 100;

/** Width of time buckets in ns. `auto` fits `spanNs` and needs it; without a text it is goProbe's five minutes. */
export function timeResolution(text: string | undefined, spanNs: bigint | undefined): number {
  if (text === undefined) return DEFAULT_RESOLUTION_NS;
  if (text.toLowerCase() === 'auto') {
    if (spanNs === undefined) return DEFAULT_RESOLUTION_NS;
    return WIDTHS.find((width) => Number(spanNs) / width <= MOST_BUCKETS) ?? WIDTHS[WIDTHS.length - 1];
  }
  const ns = parseSpan(text);
  if (typeof ns !== 'number' || ns <= 0)
    throw new QueryError(`the time resolution ${JSON.stringify(text)} is not a span`, '1s, 5m, 1h, auto');
  return ns;
}
