// How long transactions took, per record type, in fixed buckets: what a histogram of Prometheus is made of.

/** Upper bounds in seconds; one more bucket has what is longer. */
export const LATENCY_BOUNDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

const BOUNDS_NS = LATENCY_BOUNDS.map((seconds) => seconds * 1e9);

export interface LatencyFigures {
  /** Transactions per bucket, not added up. */
  buckets: number[];
  sumSeconds: number;
}

export class Latencies {
  readonly #buckets: Float64Array;
  readonly #sums: Float64Array;

  /** `types`: how many record types there are. */
  constructor(types: number) {
    this.#buckets = new Float64Array(types * (BOUNDS_NS.length + 1));
    this.#sums = new Float64Array(types);
  }

  observe(type: number, nanos: number): void {
    let bucket = 0;
    while (bucket < BOUNDS_NS.length && nanos > BOUNDS_NS[bucket]) bucket++;
    this.#buckets[type * (BOUNDS_NS.length + 1) + bucket]++;
    this.#sums[type] += nanos / 1e9;
  }

  of(type: number): LatencyFigures {
    const width = BOUNDS_NS.length + 1;
    return { buckets: [...this.#buckets.subarray(type * width, (type + 1) * width)], sumSeconds: this.#sums[type] };
  }
}
