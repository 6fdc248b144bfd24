// Queries that wait for their response: in order of arrival, found by direction and id. Most flows have one; a resolver's flow
// has thousands, for which an index appears.

import type { Direction } from '../protocol.ts';
import { latin1 } from './latin1.ts';
import { HEADER_OCTETS, isRare, type Message, questionEnd } from './message.ts';
import type { Transfer } from './transfer.ts';

/** One waiting query. Its bytes are kept as they are; what is needed of them is read when the document is made. */
export class PendingQuery {
  readonly direction: Direction;
  readonly id: number;
  readonly seconds: number;
  readonly nanos: number;
  /** The message as a Latin-1 string. */
  readonly raw: string;
  /** Octets on the wire, the length before it included over TCP. */
  readonly octets: number;
  /** Octets of the message that the capture does not hold. */
  readonly cutOctets: number;
  /** Offset in `raw` behind the first question. */
  readonly questionEnd: number;
  /** Type asked for, 0 without question. */
  readonly type: number;
  readonly hasEdns: boolean;
  /** Notes that the query itself deserved. */
  readonly notes: readonly string[];
  readonly isMalformed: boolean;
  /** It has something that its response does not tell. */
  readonly isRare: boolean;
  readonly opcode: number;
  /** Whom a proxy asks for: in one flow, each query may be somebody else's. */
  readonly forwardedIp: string | undefined;
  /** The last sign of life: when it was sent, or when the last message of its zone transfer came. */
  activeSeconds: number;
  activeNanos: number;
  transfer: Transfer | undefined = undefined;

  /** Links of `PendingQueries`. */
  earlier: PendingQuery | undefined = undefined;
  later: PendingQuery | undefined = undefined;
  /** Another one with the same direction and id, which came before. */
  sameId: PendingQuery | undefined = undefined;

  constructor(
    direction: Direction,
    message: Message,
    octets: number,
    seconds: number,
    nanos: number,
    notes: readonly string[],
    forwardedIp: string | undefined,
  ) {
    this.direction = direction;
    this.id = message.id;
    this.seconds = seconds;
    this.nanos = nanos;
    this.activeSeconds = seconds;
    this.activeNanos = nanos;
    this.raw = latin1(message.bytes, message.at, message.to);
    this.octets = octets;
    this.cutOctets = message.wireLength - (message.to - message.at);
    this.questionEnd = questionEnd(message);
    this.type = message.questions > 0 ? message.type(0) : 0;
    this.hasEdns = message.opt >= 0;
    this.notes = notes;
    this.forwardedIp = forwardedIp;
    this.isMalformed = message.fault === 'malformed';
    this.isRare = isRare(message);
    this.opcode = message.opcode;
  }

  /** Does the message ask the same? Byte by byte: the first question has no room for compression. */
  asks(message: Message): boolean {
    if (questionEnd(message) !== this.questionEnd) return false;
    const { bytes, at } = message;
    for (let i = HEADER_OCTETS; i < this.questionEnd; i++) {
      if (this.raw.charCodeAt(i) !== bytes[at + i]) return false;
    }
    return true;
  }

  /** Bytes of memory, roughly. */
  get cost(): number {
    return this.raw.length + 200;
  }
}

/** So many are found faster by walking the list than by hashing. */
const INDEX_FROM = 8;

export class PendingQueries {
  oldest: PendingQuery | undefined = undefined;
  #newest: PendingQuery | undefined = undefined;
  #size = 0;
  #index: Map<number, PendingQuery> | undefined = undefined;

  /** The latest with this direction and id; the ones before it follow by `sameId`. */
  find(direction: Direction, id: number): PendingQuery | undefined {
    if (this.#index !== undefined) return this.#index.get(key(direction, id));
    for (let query = this.#newest; query !== undefined; query = query.earlier) {
      if (query.id === id && query.direction === direction) return query;
    }
    return undefined;
  }

  add(query: PendingQuery): void {
    query.sameId = this.find(query.direction, query.id);
    this.#append(query);
    this.#size++;
    if (this.#index !== undefined) this.#index.set(key(query.direction, query.id), query);
    else if (this.#size > INDEX_FROM) this.#buildIndex();
  }

  remove(query: PendingQuery): void {
    this.#unlink(query);
    this.#size--;
    const first = this.find(query.direction, query.id);
    // Without an index, `find` sees the next one with this id already; with it, the entry has to move on.
    if (first === query) {
      if (query.sameId === undefined) this.#index?.delete(key(query.direction, query.id));
      else this.#index?.set(key(query.direction, query.id), query.sameId);
      return;
    }
    for (let other = first; other !== undefined; other = other.sameId) {
      if (other.sameId === query) {
        other.sameId = query.sameId;
        return;
      }
    }
  }

  /** It showed a sign of life: the others expire first. */
  renew(query: PendingQuery, seconds: number, nanos: number): void {
    this.remove(query);
    query.activeSeconds = seconds;
    query.activeNanos = nanos;
    this.add(query);
  }

  #append(query: PendingQuery): void {
    query.earlier = this.#newest;
    query.later = undefined;
    if (this.#newest === undefined) this.oldest = query;
    else this.#newest.later = query;
    this.#newest = query;
  }

  #unlink(query: PendingQuery): void {
    if (query.earlier === undefined) this.oldest = query.later;
    else query.earlier.later = query.later;
    if (query.later === undefined) this.#newest = query.earlier;
    else query.later.earlier = query.earlier;
  }

  #buildIndex(): void {
    this.#index = new Map();
    for (let query = this.oldest; query !== undefined; query = query.later) {
      this.#index.set(key(query.direction, query.id), query);
    }
  }
}

function key(direction: Direction, id: number): number {
  return (id << 1) | direction;
}
