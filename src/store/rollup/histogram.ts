// Durations in buckets whose width is a sixteenth of their value: percentiles over any span follow from added-up counts, at most
// 3.2 % off (half a bucket). Bucket b holds
//
//   b < 32           the duration of exactly b ns
//   else             [(16 + b % 16) · 2^(b/16 − 1), (17 + b % 16) · 2^(b/16 − 1)) ns
//
// which is the layout of HdrHistogram with one and a half significant digits: four bits of mantissa behind the leading one.

const highWord = new Uint32Array(2);
const asDouble = new Float64Array(highWord.buffer);

/** The bucket of a duration in ns: an exact integer below 2^53; negative ones (there should be none) count as 0. */
export function durationBucket(ns: number): number {
  if (ns < 32) return ns > 0 ? ns : 0;
  // The double's exponent and the first four bits of its mantissa are next to each other.
  asDouble[0] = ns;
  return (highWord[1] >>> 16) - BIAS;
}
/** (1023 + 4) · 16 − 16: 16 ns, the double 1.0 · 2^4, is bucket 16. */
const BIAS = 1027 * 16 - 16;

/** The middle of a bucket, in ns. */
export function bucketDuration(bucket: number): number {
  if (bucket < 32) return bucket;
  const shift = 2 ** (Math.floor(bucket / 16) - 1);
  return (16.5 + (bucket % 16)) * shift;
}

/** The same two in SQL. log2 of a number just below a power of two may be rounded up to it: then nothing is left of v >> e. */
export const HISTOGRAM_MACROS: readonly string[] = [
  `CREATE MACRO duration_exponent(v) AS CAST(floor(log2(v)) AS INTEGER) - CAST((v >> CAST(floor(log2(v)) AS INTEGER)) = 0 AS INTEGER)`,
  `CREATE MACRO duration_bucket(v) AS CASE WHEN v IS NULL THEN NULL WHEN v < 0 THEN 0 WHEN v < 32 THEN v
     ELSE (duration_exponent(v) - 3) * 16 + ((v >> (duration_exponent(v) - 4)) & 15) END`,
  `CREATE MACRO bucket_duration(b) AS CASE WHEN b < 32 THEN b
     ELSE CAST((16.5 + b % 16) * (1::BIGINT << (b // 16 - 1)) AS BIGINT) END`,
];
