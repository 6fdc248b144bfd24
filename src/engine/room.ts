// The memory that open conversations take, by shard, and which of them goes when it is too much. Of a shard, not of a thread: who goes must not
// depend on the number of threads.
//
// Datagrams and streams are counted apart, and the oldest one of those goes that hold more: queries that nobody answers, sent from a hundred
// thousand addresses, end no connection.

import { SHARDS } from '../flow/hash.ts';

/** What one takes, about, beside what it holds: measured with DNS queries without answers, and connections that wait. */
const DATAGRAM_BYTES = 1024;
const STREAM_BYTES = 3072;
/** What is counted of what a single one holds: a large message must not drive out all others of its shard. Its own limit is another. */
const MAX_COUNTED = 1024 * 1024;

/** What is counted. */
export interface Tenant<T> {
  readonly shard: number;
  /** A stream's; else that of datagrams. */
  readonly isStream: boolean;
  /** Bytes that it holds. */
  readonly held: number;
  /** Not begun, or ended: it takes no room. */
  isOpen: boolean;
  // Neighbours in the order in which they began: of this kind, in this shard, open.
  older: T | undefined;
  newer: T | undefined;
}

/** Those of one kind in one shard. A chain, not a list: what ended on its own must not be kept from V8's collector, for most do at once. */
class Queue<T extends Tenant<T>> {
  oldest: T | undefined = undefined;
  #newest: T | undefined = undefined;
  bytes = 0;

  add(one: T): void {
    const newest = this.#newest;
    one.older = newest;
    if (newest === undefined) this.oldest = one;
    else newest.newer = one;
    this.#newest = one;
  }

  remove(one: T): void {
    const { older, newer } = one;
    if (older === undefined) this.oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    one.older = undefined;
    one.newer = undefined;
  }
}

export class Room<T extends Tenant<T>> {
  readonly #maxShardBytes: number;
  readonly #datagrams = Array.from({ length: SHARDS }, () => new Queue<T>());
  readonly #streams = Array.from({ length: SHARDS }, () => new Queue<T>());
  /** 1: more is held than when somebody asked last, by shard. */
  readonly #hasGrown = new Uint8Array(SHARDS);

  /** `maxBytes`: of all shards together. */
  constructor(maxBytes: number) {
    this.#maxShardBytes = maxBytes / SHARDS;
  }

  begin(one: T): void {
    const queue = this.#queueOf(one);
    queue.add(one);
    queue.bytes += one.isStream ? STREAM_BYTES : DATAGRAM_BYTES;
    one.isOpen = true;
    this.#hasGrown[one.shard] = 1;
  }

  /** It holds so many bytes more, or fewer, than before. */
  hold(one: T, bytes: number): void {
    if (!one.isOpen) return;
    this.#queueOf(one).bytes += counted(one.held) - counted(one.held - bytes);
    if (bytes > 0) this.#hasGrown[one.shard] = 1;
  }

  end(one: T): void {
    if (!one.isOpen) return;
    const queue = this.#queueOf(one);
    queue.remove(one);
    queue.bytes -= counted(one.held) + (one.isStream ? STREAM_BYTES : DATAGRAM_BYTES);
    one.isOpen = false;
  }

  /** One that has to go because all of this shard take too much; undefined: there is room. */
  tooMuch(shard: number): T | undefined {
    // Asked with each packet, and few make a difference.
    if (this.#hasGrown[shard] === 0) return undefined;
    const datagrams = this.#datagrams[shard];
    const streams = this.#streams[shard];
    if (datagrams.bytes + streams.bytes <= this.#maxShardBytes) {
      this.#hasGrown[shard] = 0;
      return undefined;
    }
    return (datagrams.bytes > streams.bytes ? datagrams : streams).oldest;
  }

  #queueOf({ shard, isStream }: T): Queue<T> {
    return (isStream ? this.#streams : this.#datagrams)[shard];
  }
}

function counted(held: number): number {
  return Math.min(held, MAX_COUNTED);
}
