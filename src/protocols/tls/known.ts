// What was worked out once is looked up the next time: the same certificates and the same texts of fingerprints come again and again.
// Bounded: when a table is full it begins anew. Only pure functions of the bytes belong here, so the output does not depend on it.

export class Known<Value> {
  readonly #values = new Map<string, Value>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  get(key: string, make: () => Value): Value {
    let value = this.#values.get(key);
    if (value === undefined) {
      value = make();
      if (this.#values.size >= this.#most) this.#values.clear();
      this.#values.set(key, value);
    }
    return value;
  }
}
