// What the analyzers of TLS over TCP, of DTLS and of QUIC have in common: one handshake, one record. Who is the client, how long it may
// take, what it holds, and when it is published. Nothing more is read after that.

import type { Context, Direction } from '../protocol.ts';
import { CLIENT_HELLO, HELLO_VERIFY_REQUEST, isTls13, SERVER_HELLO } from './codes.ts';
import { describe, versionOf } from './document.ts';
import { takeMessage } from './messages.ts';
import type { TlsOptions } from './options.ts';
import { type TlsRecord, tls } from './record.ts';
import { type Carrier, MAX_ALERTS, Session, type Speaker } from './session.ts';

const LEVEL_FATAL = 2;
const CLOSE_NOTIFY = 0;

export abstract class SessionAnalyzer {
  readonly context: Context;
  readonly session: Session;
  /** The record is published, or never will be. */
  isOver = false;
  client: Direction | undefined = undefined;
  readonly #carrier: Carrier;
  readonly #options: TlsOptions;
  #isStarted = false;
  #held = 0;

  constructor(context: Context, options: TlsOptions, carrier: Carrier) {
    this.context = context;
    this.session = new Session(carrier);
    this.#carrier = carrier;
    this.#options = options;
  }

  expire(): void {
    if (this.isOver || !this.#isStarted) return;
    if (this.context.seconds < this.session.startSeconds + this.#options.transaction_timeout) {
      this.#arm();
      return;
    }
    this.session.note('The handshake did not come to its end in time');
    this.finish();
  }

  end(): void {
    this.finish();
  }

  // ---- what the sides tell

  /** Is what this hello led to TLS 1.3, where handshake records are in clear or application data? */
  get isTls13(): boolean {
    return this.session.retryRequest !== undefined || isTls13(versionOf(this.session.serverHello) ?? 0);
  }

  speaker(direction: Direction): Speaker {
    return direction === (this.client ?? 0) ? 'client' : 'server';
  }

  handshake(direction: Direction, type: number, bytes: Uint8Array, from: number, to: number, isWhole: boolean): void {
    if (type === CLIENT_HELLO) this.client ??= direction;
    else if (type === SERVER_HELLO || type === HELLO_VERIFY_REQUEST) this.client ??= direction === 0 ? 1 : 0;
    takeMessage(this.session, this.speaker(direction), type, bytes, from, to, isWhole, this.hold);
  }

  alert(direction: Direction, level: number, code: number): void {
    const { alerts } = this.session;
    if (alerts.length < MAX_ALERTS) alerts.push({ level, code, source: this.speaker(direction) });
    if (level === LEVEL_FATAL || code === CLOSE_NOTIFY) this.finish();
  }

  overLimit(): void {
    this.context.count('limit');
    this.session.note('A handshake message is too long to be held');
  }

  /** Both sides have what they need to send encrypted data. */
  established(): void {
    this.session.isEstablished = true;
    this.finish();
  }

  /** Counts what the session keeps. */
  readonly hold = (bytes: number): boolean => {
    if (!this.context.hold(bytes) && bytes > 0) {
      this.context.hold(-bytes);
      this.context.count('limit');
      return false;
    }
    this.#held += bytes;
    return true;
  };

  // ---- for those that extend this

  /** Tells of messages whose end did not come. */
  protected abstract finishSides(): void;

  /** Adds to the record what only this carrier has. */
  protected complete(_record: TlsRecord): void {}

  protected get hasHello(): boolean {
    return (
      this.session.clientHello !== undefined ||
      this.session.serverHello !== undefined ||
      this.session.retryRequest !== undefined
    );
  }

  /** To be called with all that arrives: the first time, the handshake begins. */
  protected start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.session.startSeconds = this.context.seconds;
    this.session.startNanos = this.context.nanos;
    this.#arm();
  }

  /** Publishes what there is, with the messages whose end did not come. */
  protected finish(): void {
    if (this.isOver) return;
    this.session.endSeconds = this.context.seconds;
    this.session.endNanos = this.context.nanos;
    this.finishSides();
    this.publish();
  }

  protected publish(): void {
    this.isOver = true;
    const { session } = this;
    if (this.hasHello || session.alerts.length > 0) {
      if (!session.isEstablished && session.notes.length === 0 && session.serverHello === undefined)
        this.context.count('unmatchedRequests');
      const record = describe(session, this.#carrier, this.#options);
      this.complete(record);
      this.context.emit(tls, record, this.client ?? 0);
    }
    this.giveBack();
  }

  protected giveBack(): void {
    if (this.#held !== 0) this.context.hold(-this.#held);
    this.#held = 0;
  }

  #arm(): void {
    const due = this.session.startSeconds + Math.ceil(this.#options.transaction_timeout);
    this.context.deadline(Math.max(due, this.context.seconds + 1));
  }
}
