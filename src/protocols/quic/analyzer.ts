// The TLS handshake in QUIC's Initial packets (RFC 9001): ClientHello and ServerHello are read, what follows them is encrypted for
// the two ends only. One record for each connection, as for TLS over TCP.

import type { Analyzer, Context, Direction, Verdict } from '../protocol.ts';
import { CLIENT_HELLO, SERVER_HELLO } from '../tls/codes.ts';
import { describe } from '../tls/document.ts';
import { MessageReader, type MessageSink } from '../tls/message-reader.ts';
import { isWantedMessage, takeMessage } from '../tls/messages.ts';
import type { TlsOptions } from '../tls/options.ts';
import { tls } from '../tls/record.ts';
import { Session } from '../tls/session.ts';
import { CryptoStream } from './crypto-stream.ts';
import { type FrameListener, readFrames } from './frames.ts';
import { isLongHeader, type LongHeader, longHeaderAt, versionText } from './header.ts';
import { type InitialKeys, initialKeys, openInitial } from './initial-keys.ts';

const LEVEL_FATAL = 2;
/** Packets in one datagram: four kinds, each once, is what anybody sends. */
const MAX_COALESCED = 16;

export class QuicAnalyzer implements Analyzer {
  readonly #context: Context;
  readonly #options: TlsOptions;
  readonly #session = new Session();
  readonly #sides: readonly [Side, Side];
  #client: Direction | undefined = undefined;
  #keys: InitialKeys | undefined = undefined;
  #version = 0;
  #isStarted = false;
  #isOver = false;
  #held = 0;

  constructor(context: Context, options: TlsOptions) {
    this.#context = context;
    this.#options = options;
    this.#sides = [new Side(this, 0), new Side(this, 1)];
  }

  message(direction: Direction, bytes: Uint8Array, from: number, to: number, wireLength: number): Verdict {
    if (this.#isOver) return 'done';
    if (!this.#isStarted) this.#start();
    if (wireLength > to - from) this.#context.count('truncated');
    let at = from;
    for (let i = 0; i < MAX_COALESCED && at < to && !this.#isOver; i++) {
      if (!isLongHeader(bytes[at])) {
        this.#shortHeader(direction);
        break;
      }
      const header = longHeaderAt(bytes, at, to);
      if (header === undefined) break;
      this.#packet(direction, bytes, header, to);
      at = header.to;
    }
    return this.#isOver ? 'done' : 'ok';
  }

  expire(): void {
    if (this.#isOver || !this.#isStarted) return;
    if (this.#context.seconds < this.#session.startSeconds + this.#options.transaction_timeout) {
      this.#arm();
      return;
    }
    this.#session.note('The handshake did not come to its end in time');
    this.#publish();
  }

  end(): void {
    if (!this.#isOver) this.#publish();
  }

  // ---- what the sides tell

  handshake(direction: Direction, type: number, bytes: Uint8Array, from: number, to: number, isWhole: boolean): void {
    if (type === CLIENT_HELLO) this.#client ??= direction;
    else if (type === SERVER_HELLO) this.#client ??= direction === 0 ? 1 : 0;
    takeMessage(this.#session, this.#speaker(direction), type, bytes, from, to, isWhole, this.hold);
  }

  closed(direction: Direction, alert: number): void {
    if (alert >= 0) this.#session.alerts.push({ level: LEVEL_FATAL, code: alert, source: this.#speaker(direction) });
    else this.#session.note(`The ${this.#speaker(direction)} closed the connection before the handshake's end`);
    this.#publish();
  }

  overLimit(): void {
    this.#context.count('limit');
    this.#session.note('A handshake message is too long to be held');
  }

  readonly hold = (bytes: number): boolean => {
    if (!this.#context.hold(bytes) && bytes > 0) {
      this.#context.hold(-bytes);
      this.#context.count('limit');
      return false;
    }
    this.#held += bytes;
    return true;
  };

  // ---- inside

  #speaker(direction: Direction): 'client' | 'server' {
    return direction === (this.#client ?? 0) ? 'client' : 'server';
  }

  #start(): void {
    this.#isStarted = true;
    this.#session.startSeconds = this.#context.seconds;
    this.#session.startNanos = this.#context.nanos;
    this.#arm();
  }

  #arm(): void {
    const due = this.#session.startSeconds + Math.ceil(this.#options.transaction_timeout);
    this.#context.deadline(Math.max(due, this.#context.seconds + 1));
  }

  #packet(direction: Direction, bytes: Uint8Array, header: LongHeader, to: number): void {
    if (header.type === 'initial') this.#initial(direction, bytes, header, to);
    else if (header.type === 'retry') {
      // The client begins again, with keys that follow from the id that this server chose (RFC 9001 section 5.2).
      this.#keys = undefined;
      this.#sides[0].stream.reset();
      this.#sides[1].stream.reset();
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
    const side = direction === (this.#client ?? direction) ? 0 : 1;
    if (this.#keys !== undefined && this.#keys.version === header.version) {
      const opened = openInitial(bytes, header, to, this.#keys, side);
      if (opened !== undefined) return opened;
    }
    if (side === 1 || this.#session.serverHello !== undefined) return undefined;
    const keys = initialKeys(header.version, bytes.subarray(header.destinationFrom, header.destinationTo));
    if (keys === undefined) return undefined;
    const opened = openInitial(bytes, header, to, keys, 0);
    if (opened === undefined) return undefined;
    this.#keys = keys;
    this.#client ??= direction;
    return opened;
  }

  /** A short header: the client has the keys of the connection's data, so it has accepted the server's Finished. */
  #shortHeader(direction: Direction): void {
    if (this.#session.serverHello === undefined || this.#speaker(direction) === 'server') return;
    this.#session.isEstablished = true;
    this.#publish();
  }

  #publish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const session = this.#session;
    session.endSeconds = this.#context.seconds;
    session.endNanos = this.#context.nanos;
    for (const side of this.#sides) side.messages.finish();
    if (session.clientHello !== undefined || session.serverHello !== undefined || session.alerts.length > 0) {
      const record = describe(session, 'quic', this.#options);
      record.quicVersion = versionText(this.#version);
      this.#context.emit(tls, record, this.#client ?? 0);
    }
    if (this.#held > 0) this.#context.hold(-this.#held);
    this.#held = 0;
  }
}

/** What one end says in Initial packets. */
class Side implements FrameListener, MessageSink {
  readonly stream: CryptoStream;
  readonly messages: MessageReader;
  readonly #analyzer: QuicAnalyzer;
  readonly #direction: Direction;

  constructor(analyzer: QuicAnalyzer, direction: Direction) {
    this.#analyzer = analyzer;
    this.#direction = direction;
    this.messages = new MessageReader(this, analyzer.hold);
    this.stream = new CryptoStream((bytes, from, to) => this.messages.data(bytes, from, to), analyzer.hold);
  }

  crypto(offset: number, bytes: Uint8Array, from: number, to: number): void {
    this.stream.add(offset, bytes, from, to);
  }

  closed(alert: number): void {
    this.#analyzer.closed(this.#direction, alert);
  }

  wants(type: number): boolean {
    return isWantedMessage(type);
  }

  message(type: number, bytes: Uint8Array, from: number, to: number, isWhole: boolean): void {
    this.#analyzer.handshake(this.#direction, type, bytes, from, to, isWhole);
  }

  overLimit(): void {
    this.#analyzer.overLimit();
  }
}
