// Bytes that wait until it is clear whose they are: what one side said and is not read yet, or said before it was its turn.

/** What a side may say for the protocol that comes next before the other one has agreed: a TLS hello, a request. */
export const MAX_EARLY_OCTETS = 16 * 1024;

/** Grows by doubling: a side may send octet by octet. */
export class Held {
  #buffer = new Uint8Array(0);
  #from = 0;
  #to = 0;

  get length(): number {
    return this.#to - this.#from;
  }

  /** Valid until the next `add`. */
  get bytes(): Uint8Array {
    return this.#buffer.subarray(this.#from, this.#to);
  }

  add(bytes: Uint8Array, from: number, to: number): void {
    const length = this.length + to - from;
    if (this.#to + to - from > this.#buffer.length) {
      const larger = new Uint8Array(2 * length);
      larger.set(this.bytes);
      this.#buffer = larger;
      this.#from = 0;
    }
    this.#buffer.set(bytes.subarray(from, to), this.#from + length - (to - from));
    this.#to = this.#from + length;
  }

  drop(octets: number): void {
    this.#from += octets;
  }
}
