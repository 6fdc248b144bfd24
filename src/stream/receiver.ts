// Who is given the bytes of a connection, in order.

import type { TcpEvent } from '../flow/tcp-events.ts';

export interface StreamReceiver {
  /** In-order bytes of a direction (0: side A of the flow's key), with time and number of the packet that brought them. */
  deliver(
    side: 0 | 1,
    bytes: Uint8Array,
    from: number,
    to: number,
    seconds: number,
    nanos: number,
    packet: number,
  ): void;
  /** `missing` bytes will never come. */
  missing(side: 0 | 1, missing: number): void;
  /** No more bytes of this direction. */
  finished(side: 0 | 1): void;
  event(event: TcpEvent, n: number): void;
  /** Asks for room: `bytes` more (negative: fewer) wait. False when the shard's limit is reached. */
  wait(bytes: number): boolean;
}
