// Handshake messages of one direction out of their fragments (RFC 6347 section 4.2, RFC 9147 section 5): in any order, more than once
// when a flight is sent again, across each other. A message is told when it is whole; what is missing of others is told at the end.

import { u16, u24 } from '../octets.ts';
import { MAX_MESSAGE_OCTETS, MessageReader, type MessageSink } from '../tls/message-reader.ts';
import { PiecesInOrder } from '../tls/pieces-in-order.ts';

/** Type, length, message sequence number, fragment offset, fragment length. */
export const FRAGMENT_HEADER_OCTETS = 12;
/** Messages in clear: a full handshake with a second hello has less than ten a side. */
const MAX_MESSAGES = 64;

interface Message {
  readonly sequence: number;
  readonly type: number;
  readonly length: number;
  readonly pieces: PiecesInOrder;
  readonly reader: MessageReader;
  /** Octets of the body that are in order. */
  octets: number;
}

export class Fragments {
  readonly #sink: MessageSink;
  readonly #hold: (bytes: number) => boolean;
  readonly #open = new Map<number, Message>();
  /** Sequence numbers of messages that are told. */
  readonly #told = new Set<number>();

  constructor(sink: MessageSink, hold: (bytes: number) => boolean) {
    this.#sink = sink;
    this.#hold = hold;
  }

  /** The contents bytes[from, to) of a handshake record; `end` is where they would end if nothing were cut off. False: malformed. */
  record(bytes: Uint8Array, from: number, to: number, end: number): boolean {
    let at = from;
    while (at + FRAGMENT_HEADER_OCTETS <= to) {
      const body = at + FRAGMENT_HEADER_OCTETS;
      const length = u24(bytes, at + 1);
      const offset = u24(bytes, at + 6);
      const next = body + u24(bytes, at + 9);
      if (next > end || offset + next - body > length) return false;
      if (!this.#fragment(bytes[at], length, u16(bytes, at + 4), offset, bytes, body, Math.min(next, to))) return false;
      at = next;
    }
    return at >= to || to < end;
  }

  /** Tells what there is of messages whose end will not come. */
  finish(): void {
    for (const message of [...this.#open.values()].sort((a, b) => a.sequence - b.sequence)) this.#close(message);
  }

  #fragment(
    type: number,
    length: number,
    sequence: number,
    offset: number,
    bytes: Uint8Array,
    from: number,
    to: number,
  ): boolean {
    if (this.#told.has(sequence)) return true;
    const message = this.#open.get(sequence) ?? this.#begin(type, length, sequence);
    // Longer than anybody would put together, or one message too many: the sink has heard of it.
    if (message === undefined) return true;
    if (message.type !== type || message.length !== length) return false;
    message.pieces.add(offset, bytes, from, to);
    if (message.octets === message.length) this.#close(message);
    return true;
  }

  #begin(type: number, length: number, sequence: number): Message | undefined {
    if (this.#open.size + this.#told.size >= MAX_MESSAGES || length > MAX_MESSAGE_OCTETS) {
      this.#sink.overLimit();
      return undefined;
    }
    const reader = new MessageReader(this.#sink, this.#hold);
    const pieces = new PiecesInOrder((bytes, from, to) => {
      message.octets += to - from;
      reader.data(bytes, from, to);
    }, this.#hold);
    const message: Message = { sequence, type, length, pieces, reader, octets: 0 };
    // The header of a message in one piece, which is TLS's.
    reader.data(Uint8Array.of(type, length >> 16, length >> 8, length), 0, 4);
    this.#open.set(sequence, message);
    return message;
  }

  #close(message: Message): void {
    this.#open.delete(message.sequence);
    this.#told.add(message.sequence);
    message.reader.finish();
    message.pieces.reset();
  }
}
