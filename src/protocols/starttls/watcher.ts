// The contract between `index.ts` and one protocol that TLS can take over from: it watches the plain beginning and tells where TLS
// begins. It reads no more than it needs for that.

import type { Direction } from '../protocol.ts';

/** The flow goes on as `protocol` ('' means: see what it is), which the last `rest` bytes belong to already. */
export interface Switch {
  readonly protocol: 'tls' | '';
  readonly rest: number;
}

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

/** What one side said and is not read yet. */
export class Held {
  bytes: Uint8Array = new Uint8Array(0);

  add(bytes: Uint8Array, from: number, to: number): void {
    if (this.bytes.length === 0) {
      this.bytes = bytes.slice(from, to);
      return;
    }
    const all = new Uint8Array(this.bytes.length + to - from);
    all.set(this.bytes);
    all.set(bytes.subarray(from, to), this.bytes.length);
    this.bytes = all;
  }

  drop(octets: number): void {
    this.bytes = this.bytes.subarray(octets);
  }
}
