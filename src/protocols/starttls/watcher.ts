// The contract between `index.ts` and one protocol that TLS can take over from: it watches the plain beginning and tells where TLS
// begins. It reads no more than it needs for that.

import type { Direction } from '../protocol.ts';

/** The flow goes on as `protocol` ('' means: see what it is), which the last `rest` bytes belong to already. */
export interface Switch {
  readonly protocol: 'tls' | '';
  readonly rest: number;
  /** What the other side said behind its last word in clear, before it was its turn. */
  readonly early?: Uint8Array;
}

/** What a side may say of its TLS before the other one has agreed. */
export const MAX_EARLY_OCTETS = 16 * 1024;

/** `watch`: go on; `over`: there will be no TLS, or nobody could tell. */
export type Watched = 'watch' | 'over' | Switch;

export interface Watcher {
  data(direction: Direction, bytes: Uint8Array, from: number, to: number): Watched;
}

export type Answer = 'yes' | 'no' | 'more';

export interface Recogniser {
  /** `network.protocol` of the flow until TLS takes over. */
  readonly name: string;
  probe(direction: Direction, bytes: Uint8Array, from: number, to: number): Answer;
  open(): Watcher;
}

/** What one side said and is not read yet. Grows by doubling: a side may send octet by octet. */
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
