// The bytes of bodies that somebody wants to see.

/** The body of one message as far as it is kept. */
export class KeptBody {
  #bytes: Uint8Array;
  length = 0;
  /** There was more than the limit allows. */
  isCut = false;
  readonly limit: number;

  constructor(expected: number, limit: number) {
    this.limit = limit;
    this.#bytes = new Uint8Array(Math.min(limit, Math.max(512, expected)));
  }

  /** Bytes of memory in use. */
  get capacity(): number {
    return this.#bytes.length;
  }

  /** The kept bytes: ours, so they may be changed. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  append(bytes: Uint8Array, from: number, to: number): void {
    let end = to;
    if (this.length + (to - from) > this.limit) {
      end = from + (this.limit - this.length);
      this.isCut = true;
    }
    if (end === from) return;
    const length = this.length + (end - from);
    if (length > this.#bytes.length) {
      const larger = new Uint8Array(Math.min(this.limit, Math.max(length, this.#bytes.length * 2)));
      larger.set(this.#bytes.subarray(0, this.length));
      this.#bytes = larger;
    }
    this.#bytes.set(bytes.subarray(from, end), this.length);
    this.length = length;
  }
}
