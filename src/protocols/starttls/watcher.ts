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

/** First octet of a TLS record with a hello (RFC 8446 section 5.1). */
export const TLS_HANDSHAKE = 22;

/** `watch`: go on; `over`: there will be no TLS, or nobody could tell. */
export type Watched = 'watch' | 'over' | Switch;

export interface Watcher {
  data(direction: Direction, bytes: Uint8Array, from: number, to: number): Watched;
}

export type Answer = 'yes' | 'no' | 'more';

export interface Watchable {
  /** `network.protocol` of the flow until TLS takes over. */
  readonly name: string;
  open(): Watcher;
}

export interface Recogniser extends Watchable {
  probe(direction: Direction, bytes: Uint8Array, from: number, to: number): Answer;
}
