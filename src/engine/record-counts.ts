// How many records were made, how many of them say that something failed, and how long transactions took, by type.

import type { RecordType } from '../records/record.ts';
import { Latencies, type LatencyFigures } from './latencies.ts';

export class RecordCounts {
  readonly #types: readonly RecordType[];
  readonly #records: Float64Array;
  readonly #errors: Float64Array;
  readonly #latencies: Latencies;

  constructor(types: readonly RecordType[]) {
    this.#types = types;
    this.#records = new Float64Array(types.length);
    this.#errors = new Float64Array(types.length);
    this.#latencies = new Latencies(types.length);
  }

  /** A record of the type with this number that neither fails nor takes time. */
  plain(type: number): void {
    this.#records[type]++;
  }

  count(type: number, record: { duration?: number; status?: string }): void {
    this.#records[type]++;
    const { duration, status } = record;
    if (duration !== undefined) this.#latencies.observe(type, duration);
    if (status !== undefined && status !== 'OK') this.#errors[type]++;
  }

  get records(): Record<string, number> {
    return this.#byType(this.#records);
  }

  get errors(): Record<string, number> {
    return this.#byType(this.#errors);
  }

  /** Of transactions. */
  get latencies(): Record<string, LatencyFigures> {
    return Object.fromEntries(
      this.#types.flatMap((type, i) => (type.family === 'transaction' ? [[type.name, this.#latencies.of(i)]] : [])),
    );
  }

  #byType(counts: Float64Array): Record<string, number> {
    return Object.fromEntries(this.#types.map(({ name }, i) => [name, counts[i]]));
  }
}
