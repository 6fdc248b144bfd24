// Sorting a million flows by their first packet without a comparator: least significant digit first, eleven bits at a time.

const BITS = 11;
const BUCKETS = 1 << BITS;

/** `values` in the order of their `keys`, stable. Both arrays may be overwritten. */
export function sortByKey(keys: Uint32Array, values: Uint32Array): Uint32Array {
  const n = values.length;
  let fromKeys = keys;
  let from = values;
  let toKeys: Uint32Array = new Uint32Array(n);
  let to: Uint32Array = new Uint32Array(n);
  for (let shift = 0; shift < 32; shift += BITS) {
    const starts = new Uint32Array(BUCKETS);
    for (let i = 0; i < n; i++) starts[(fromKeys[i] >>> shift) & (BUCKETS - 1)]++;
    // All keys in one bucket: nothing to do for this digit.
    if (n > 0 && starts[(fromKeys[0] >>> shift) & (BUCKETS - 1)] === n) continue;
    let sum = 0;
    for (let b = 0; b < BUCKETS; b++) {
      const count = starts[b];
      starts[b] = sum;
      sum += count;
    }
    for (let i = 0; i < n; i++) {
      const at = starts[(fromKeys[i] >>> shift) & (BUCKETS - 1)]++;
      toKeys[at] = fromKeys[i];
      to[at] = from[i];
    }
    const keysBefore = fromKeys;
    const before = from;
    fromKeys = toKeys;
    from = to;
    toKeys = keysBefore;
    to = before;
  }
  return from;
}
