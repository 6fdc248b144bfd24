// A response that was captured before its query, kept as its bytes.

import type { Context, Direction } from '../protocol.ts';
import { latin1, latin1Bytes } from './latin1.ts';
import { HEADER_OCTETS, type Message, questionEnd } from './message.ts';
import type { PendingQuery } from './pending.ts';

export class EarlyResponse {
  readonly direction: Direction;
  readonly remark: string | undefined;
  readonly seconds: number;
  readonly nanos: number;
  readonly forwardedIp: string | undefined;
  readonly #id: number;
  /** The message as a Latin-1 string. */
  readonly #raw: string;
  readonly #wireLength: number;
  readonly #questionEnd: number;

  constructor(direction: Direction, message: Message, remark: string | undefined, context: Context) {
    this.direction = direction;
    this.remark = remark;
    this.seconds = context.seconds;
    this.nanos = context.nanos;
    this.forwardedIp = context.flow.forwardedIp;
    this.#id = message.id;
    this.#raw = latin1(message.bytes, message.at, message.to);
    this.#wireLength = message.wireLength;
    this.#questionEnd = questionEnd(message);
  }

  /** The same id and question; some servers refuse without repeating what they were asked. */
  answers(query: PendingQuery): boolean {
    if (query.id !== this.#id || query.direction === this.direction) return false;
    const end = this.#questionEnd;
    if (end === HEADER_OCTETS) return true;
    return end === query.questionEnd && this.#raw.slice(HEADER_OCTETS, end) === query.raw.slice(HEADER_OCTETS, end);
  }

  /** Makes `message` what it was. */
  read(message: Message): void {
    const bytes = new Uint8Array(this.#raw.length);
    latin1Bytes(this.#raw, bytes);
    message.parse(bytes, 0, bytes.length, this.#wireLength);
  }

  /** Bytes of memory, roughly. */
  get cost(): number {
    return this.#raw.length + 200;
  }
}
