// Half an exchange that waits for the other half.

import type { Address } from '../../records/address.ts';
import { asciiText } from '../../records/text.ts';
import type { Direction } from '../protocol.ts';
import type { IcmpMessage } from './message.ts';
import {
  type IcmpVersion,
  requestTypeOf,
  V4_ECHO,
  V6_ECHO,
  V6_HOME_AGENT_REQUEST,
  V6_NEIGHBOR_SOLICITATION,
  V6_NODE_INFORMATION_QUERY,
} from './types.ts';

/** What one `Exchange` costs, as `context.hold` counts it: the object, its key, its place in the map. */
export const EXCHANGE_BYTES = 256;

/** A request, kept until its response comes or the timeout is over. */
export interface Exchange {
  key: number | string;
  direction: Direction;
  type: number;
  code: number;
  role: number;
  seconds: number;
  nanos: number;
  payloadBytes: number;
  identifier: number;
  sequence: number;
  /** Data of the request when it was asked for. */
  text: string | undefined;
  /** Of neighbour discovery. */
  target: Address | undefined;
  linkLayerAddress: string | undefined;
  /** Bytes counted with `context.hold`. */
  held: number;
}

/** A reply that was captured before its request. */
export interface EarlyReply {
  /** That of its request. */
  readonly key: number | string;
  readonly direction: Direction;
  /** The message. */
  readonly bytes: Uint8Array;
  readonly wireLength: number;
  readonly seconds: number;
  readonly nanos: number;
  /** Bytes of memory, roughly. */
  readonly cost: number;
}

const TARGET = 8;
const TARGET_END = 24;
const NONCE = 8;
const NONCE_END = 16;

/**
 * The same for a request and its response, and for no other request that may wait in this flow at the same time. `asker` is the
 * direction of the request. The bytes of the message start at `from`.
 */
export function exchangeKey(
  message: IcmpMessage,
  asker: Direction,
  version: IcmpVersion,
  bytes: Uint8Array,
  from: number,
  to: number,
): number | string {
  const requestType = requestTypeOf(version, message.type);
  const kind = requestType * 2 + asker;
  if (version === 6) {
    // RFC 4861: the target; RFC 4620: the nonce. They do not fit into a number.
    if (requestType === V6_NEIGHBOR_SOLICITATION && from + TARGET_END <= to)
      return `${kind} ${asciiText(bytes, from + TARGET, from + TARGET_END)}`;
    if (requestType === V6_NODE_INFORMATION_QUERY && from + NONCE_END <= to)
      return `${kind} ${asciiText(bytes, from + NONCE, from + NONCE_END)}`;
    // RFC 6275 section 6.5: an identifier, and no sequence number.
    if (requestType === V6_HOME_AGENT_REQUEST) return kind * 2 ** 32 + ((bytes[from + 4] << 8) | bytes[from + 5]);
  }
  if (message.identifier < 0) return kind * 2 ** 32;
  return kind * 2 ** 32 + message.identifier * 2 ** 16 + message.sequence;
}

/** Is the identifier of this type that of a ping? Timestamp and mask requests have one too, but no echo fields. */
export function isEcho(version: IcmpVersion, type: number): boolean {
  return requestTypeOf(version, type) === (version === 4 ? V4_ECHO : V6_ECHO);
}
