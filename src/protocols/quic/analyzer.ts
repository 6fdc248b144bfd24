// The TLS handshake in QUIC's Initial packets (RFC 9001): ClientHello and ServerHello are read, what follows them is encrypted for
// the two ends only. One record for each connection, as for TLS over TCP.

import type { Analyzer, Context, Direction, Verdict } from '../protocol.ts';
import { HandshakeSide } from '../tls/handshake-side.ts';
import { MessageReader } from '../tls/message-reader.ts';
import type { TlsOptions } from '../tls/options.ts';
import { PiecesInOrder } from '../tls/pieces-in-order.ts';
import type { TlsRecord } from '../tls/record.ts';
import { SessionAnalyzer } from '../tls/session-analyzer.ts';
import { type FrameListener, readFrames } from './frames.ts';
import { idText, isLongHeader, type LongHeader, longHeaderAt, versionText } from './header.ts';
import { type InitialKeys, initialKeys, openInitial } from './initial-keys.ts';

const LEVEL_FATAL = 2;
/** Packets in one datagram: four kinds, each once, is what anybody sends. */
const MAX_COALESCED = 16;
const MAX_IDS = 8;

export class QuicAnalyzer extends SessionAnalyzer implements Analyzer {
  readonly #sides: readonly [Side, Side];
  #keys: InitialKeys | undefined = undefined;
  #version = 0;
  /** What the client calls itself, as soon as it was heard. */
  #clientId: string | undefined = undefined;
  /** Ids that only packets of this connection have: those that keys followed from, and what the client calls itself. */
  readonly ids: string[] = [];

  constructor(context: Context, options: TlsOptions) {
    super(context, options, 'quic');
    this.#sides = [new Side(this, 0), new Side(this, 1)];
  }

  message(direction: Direction, bytes: Uint8Array, from: number, to: number, wireLength: number): Verdict {
    if (this.isOver) return 'done';
    this.start();
    if (wireLength > to - from) this.context.count('truncated');
    let at = from;
    for (let i = 0; i < MAX_COALESCED && at < to && !this.isOver; i++) {
      if (!isLongHeader(bytes[at])) {
        this.#shortHeader(direction);
        break;
      }
      const header = longHeaderAt(bytes, at, to);
      if (header === undefined) break;
      this.#packet(direction, bytes, header, to);
      at = header.to;
    }
    return this.isOver ? 'done' : 'ok';
  }

  /** Is the packet with this header one of this connection? As long as its client was not heard, it may be. */
  has(direction: Direction, bytes: Uint8Array, header: LongHeader): boolean {
    if (this.#clientId === undefined) return true;
    const { sourceFrom, sourceTo, destinationFrom, destinationTo } = header;
    return direction === this.client
      ? idText(bytes, sourceFrom, sourceTo) === this.#clientId
      : idText(bytes, destinationFrom, destinationTo) === this.#clientId;
  }

  // ---- what the sides tell

  closed(direction: Direction, alert: number): void {
    if (alert >= 0) this.session.alerts.push({ level: LEVEL_FATAL, code: alert, source: this.speaker(direction) });
    else this.session.note(`The ${this.speaker(direction)} closed the connection before the handshake's end`);
    this.finish();
  }

  protected override finishSides(): void {
    for (const side of this.#sides) side.messages.finish();
  }

  protected override complete(record: TlsRecord): void {
    record.quicVersion = versionText(this.#version);
  }

  // ---- inside

  #packet(direction: Direction, bytes: Uint8Array, header: LongHeader, to: number): void {
    if (header.type === 'initial') this.#initial(direction, bytes, header, to);
    else if (header.type === 'retry') {
      // The client says the same ClientHello again (RFC 9000 section 17.2.5.2), perhaps in other pieces, with keys that follow from the
      // id that this server chose (RFC 9001 section 5.2). What is there of it stays.
      this.#keys = undefined;
    } else if (header.type === 'version-negotiation' && this.session.serverHello === undefined) {
      // The client begins again in another version, and may call itself something else (RFC 9000 section 6.2).
      this.#keys = undefined;
      this.#clientId = undefined;
    }
  }

  #initial(direction: Direction, bytes: Uint8Array, header: LongHeader, to: number): void {
    this.#version = header.version;
    const opened = this.#open(direction, bytes, header, to);
    if (opened === undefined) return;
    readFrames(opened, this.#sides[direction]);
  }

  /** With the keys of this connection; the client's packets also with those that follow from themselves. */
  #open(direction: Direction, bytes: Uint8Array, header: LongHeader, to: number): Buffer | undefined {
    const side = direction === (this.client ?? direction) ? 0 : 1;
    if (this.#keys !== undefined && this.#keys.version === header.version) {
      const opened = openInitial(bytes, header, to, this.#keys, side);
      if (opened !== undefined) return opened;
    }
    if (side === 1 || this.session.serverHello !== undefined) return undefined;
    const keys = initialKeys(header.version, bytes.subarray(header.destinationFrom, header.destinationTo));
    if (keys === undefined) return undefined;
    const opened = openInitial(bytes, header, to, keys, 0);
    if (opened === undefined) return undefined;
    this.#keys = keys;
    this.client ??= direction;
    this.#clientId = idText(bytes, header.sourceFrom, header.sourceTo);
    const ids = [this.#clientId, idText(bytes, header.destinationFrom, header.destinationTo)];
    for (const id of ids) if (id !== '' && !this.ids.includes(id) && this.ids.length < MAX_IDS) this.ids.push(id);
    return opened;
  }

  /** A short header: the client has the keys of the connection's data, so it has accepted the server's Finished. */
  #shortHeader(direction: Direction): void {
    if (this.session.serverHello !== undefined && this.speaker(direction) === 'client') this.established();
  }
}

/** What one end says in Initial packets. */
class Side extends HandshakeSide<QuicAnalyzer> implements FrameListener {
  readonly stream: PiecesInOrder;
  readonly messages: MessageReader;

  constructor(analyzer: QuicAnalyzer, direction: Direction) {
    super(analyzer, direction);
    this.messages = new MessageReader(this, analyzer.hold);
    this.stream = new PiecesInOrder((bytes, from, to) => this.messages.data(bytes, from, to), analyzer.hold);
  }

  crypto(offset: number, bytes: Uint8Array, from: number, to: number): void {
    this.stream.add(offset, bytes, from, to);
  }

  closed(alert: number): void {
    this.analyzer.closed(this.direction, alert);
  }
}
