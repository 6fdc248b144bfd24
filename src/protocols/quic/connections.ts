// The connections that two endpoints have from the same ports, one after the other or at once: a client that reuses its socket tells them
// apart by the id that it chose for itself (RFC 9000 section 5.2). One record each. What is sent again of an old one begins nothing.

import type { Analyzer, Context, Direction, Verdict } from '../protocol.ts';
import { MAX_DATA_PACKETS } from '../tls/after-handshake.ts';
import type { TlsOptions } from '../tls/options.ts';
import { QuicAnalyzer } from './analyzer.ts';
import { idText, isLongHeader, type LongHeader, longHeaderAt } from './header.ts';

/** Handshakes that go on at once. */
const MAX_OPEN = 16;
/** Ids that are remembered, a few of each connection. */
const MAX_REMEMBERED = 64;
/** RFC 9000 section 7.2: the id that the client chooses for the server. */
const MIN_CLIENT_ID_OCTETS = 8;
/** Packets that looked like the first one of a connection and were not: each costs a few keys. */
const MAX_FAILED = 64;

export class QuicConnections implements Analyzer {
  readonly #context: Context;
  readonly #options: TlsOptions;
  #open: QuicAnalyzer[] = [];
  /** Of connections that are over: the ids that keys followed from, and what the clients called themselves. */
  #remembered: string[] = [];
  #failed = 0;
  #dataPackets = 0;
  #isFirst = true;

  constructor(context: Context, options: TlsOptions) {
    this.#context = context;
    this.#options = options;
  }

  message(direction: Direction, bytes: Uint8Array, from: number, to: number, wireLength: number): Verdict {
    if (this.#open.length === 0 && !this.#isFirst && !isLongHeader(bytes[from]))
      return ++this.#dataPackets > MAX_DATA_PACKETS ? 'done' : 'ok';
    const header = isLongHeader(bytes[from]) ? longHeaderAt(bytes, from, to) : undefined;
    if (this.#isFirst || (header !== undefined && this.#begins(direction, bytes, header)))
      this.#begin(direction, bytes, from, to, wireLength);
    else {
      // What has a short header does not say whose it is: it only tells that the handshake of a client that has its answer is over.
      for (const connection of [...this.#open])
        if (header === undefined || connection.has(direction, bytes, header))
          this.#tell(connection, direction, bytes, from, to, wireLength);
    }
    return 'ok';
  }

  expire(): void {
    for (const connection of [...this.#open]) {
      connection.expire();
      if (connection.isOver) this.#forget(connection);
    }
  }

  end(): void {
    for (const connection of this.#open) connection.end();
    this.#open = [];
  }

  /** May this be a client's first packet, of a connection that is not known? */
  #begins(direction: Direction, bytes: Uint8Array, header: LongHeader): boolean {
    if (header.type !== 'initial' || this.#failed >= MAX_FAILED || this.#open.length >= MAX_OPEN) return false;
    const { sourceFrom, sourceTo, destinationFrom, destinationTo } = header;
    if (destinationTo - destinationFrom < MIN_CLIENT_ID_OCTETS) return false;
    if (this.#open.some((connection) => connection.has(direction, bytes, header))) return false;
    return !this.#knows(bytes, sourceFrom, sourceTo) && !this.#knows(bytes, destinationFrom, destinationTo);
  }

  #begin(direction: Direction, bytes: Uint8Array, from: number, to: number, wireLength: number): void {
    const connection = new QuicAnalyzer(this.#context, this.#options);
    this.#open.push(connection);
    this.#dataPackets = 0;
    this.#tell(connection, direction, bytes, from, to, wireLength);
    // A client's first packet can be read with what is in it. The flow's first may be another one, when the capture began too late.
    if (connection.client === undefined && !this.#isFirst) {
      this.#failed++;
      this.#forget(connection);
    }
    this.#isFirst = false;
  }

  #knows(bytes: Uint8Array, from: number, to: number): boolean {
    return this.#remembered.length > 0 && to > from && this.#remembered.includes(idText(bytes, from, to));
  }

  #tell(
    connection: QuicAnalyzer,
    direction: Direction,
    bytes: Uint8Array,
    from: number,
    to: number,
    wireLength: number,
  ): void {
    if (connection.message(direction, bytes, from, to, wireLength) === 'done') this.#forget(connection);
  }

  #forget(connection: QuicAnalyzer): void {
    this.#open = this.#open.filter((other) => other !== connection);
    this.#remembered = [...this.#remembered, ...connection.ids].slice(-MAX_REMEMBERED);
  }
}
