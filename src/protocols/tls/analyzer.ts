// TLS over TCP: one handshake, one record. The record is published when both sides send encrypted data, at a fatal alert, when the
// handshake takes too long, or with the connection's end, whichever is first; after it nothing more is read.

import type { Analyzer, Context, Direction, Verdict } from '../protocol.ts';
import {
  CLIENT_HELLO,
  CONTENT_ALERT,
  CONTENT_APPLICATION_DATA,
  EXTENSION_EARLY_DATA,
  isTls13,
  SERVER_HELLO,
} from './codes.ts';
import { describe, versionOf } from './document.ts';
import { extensionOf, parseSsl2Hello } from './hello.ts';
import { isWantedMessage, takeMessage } from './messages.ts';
import type { TlsOptions } from './options.ts';
import { probeSsl2, SSL2_HEADER_OCTETS } from './probe.ts';
import { tls } from './record.ts';
import { HEADER_OCTETS, isRecordHeader, RecordLayer, type RecordSink } from './record-layer.ts';
import { MAX_ALERTS, Session, type Speaker } from './session.ts';

const LEVEL_FATAL = 2;
const CLOSE_NOTIFY = 0;
/** An encrypted alert in TLS 1.3: two octets, the content type, the tag of 16 or of 8 octets. */
const ENCRYPTED_ALERT_OCTETS: ReadonlySet<number> = new Set([19, 11]);

export class TlsAnalyzer implements Analyzer {
  readonly session = new Session();
  readonly context: Context;
  readonly #options: TlsOptions;
  readonly #sides: readonly [Side, Side];
  #client: Direction | undefined = undefined;
  #isStarted = false;
  #isOver = false;
  #held = 0;

  constructor(context: Context, options: TlsOptions) {
    this.context = context;
    this.#options = options;
    this.#sides = [new Side(this, 0), new Side(this, 1)];
  }

  data(direction: Direction, bytes: Uint8Array, from: number, to: number): Verdict {
    if (this.#isOver) return 'done';
    if (!this.#isStarted) this.#start();
    const side = this.#sides[direction];
    side.data(bytes, from, to);
    if (this.#isOver) return 'done';
    if (!side.layer.isBroken) return 'ok';
    if (!this.#hasHello) {
      this.#isOver = true;
      this.#giveBack();
      return 'reject';
    }
    this.context.count('malformed');
    this.session.note(`The ${this.speaker(direction)} stopped speaking TLS`);
    this.publish();
    return 'done';
  }

  gap(direction: Direction, missing: number): 'continue' | 'give-up' {
    if (this.#isOver) return 'give-up';
    if (missing <= 0) return 'continue';
    this.context.count('gaps');
    this.session.note('Packet loss while capturing the handshake');
    this.#sides[direction].lose();
    return 'continue';
  }

  expire(): void {
    if (this.#isOver || !this.#isStarted) return;
    if (this.context.seconds < this.session.startSeconds + this.#options.transaction_timeout) {
      this.#arm();
      return;
    }
    this.session.note('The handshake did not come to its end in time');
    this.#finish();
  }

  end(): void {
    if (!this.#isOver) this.#finish();
  }

  // ---- what the sides tell

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Is what this hello led to TLS 1.3, where handshake records are in clear or application data? */
  get isTls13(): boolean {
    return this.session.isRetried || isTls13(versionOf(this.session.serverHello) ?? 0);
  }

  speaker(direction: Direction): Speaker {
    return direction === (this.#client ?? 0) ? 'client' : 'server';
  }

  other(direction: Direction): Side {
    return this.#sides[direction === 0 ? 1 : 0];
  }

  handshake(direction: Direction, type: number, bytes: Uint8Array, from: number, to: number, isWhole: boolean): void {
    if (type === CLIENT_HELLO) this.#client ??= direction;
    else if (type === SERVER_HELLO) this.#client ??= direction === 0 ? 1 : 0;
    takeMessage(this.session, this.speaker(direction), type, bytes, from, to, isWhole, this.hold);
    if (type === SERVER_HELLO) for (const side of this.#sides) side.updateEncryption();
  }

  ssl2Hello(direction: Direction, bytes: Uint8Array, from: number, to: number, isWhole: boolean): void {
    this.#client ??= direction;
    if (this.session.clientHello === undefined && this.hold(to - from)) {
      this.session.clientHello = parseSsl2Hello(bytes, from, to, isWhole);
    }
  }

  alert(direction: Direction, level: number, code: number): void {
    const { alerts } = this.session;
    if (alerts.length < MAX_ALERTS) alerts.push({ level, code, source: this.speaker(direction) });
    if (level === LEVEL_FATAL || code === CLOSE_NOTIFY) this.#finish();
  }

  /** A side sent something encrypted that belongs to this handshake's end. */
  secured(): void {
    if (!this.#sides[0].isSecured || !this.#sides[1].isSecured) return;
    this.session.isEstablished = true;
    this.#finish();
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

  // ---- inside

  get #hasHello(): boolean {
    return this.session.clientHello !== undefined || this.session.serverHello !== undefined || this.session.isRetried;
  }

  #start(): void {
    this.#isStarted = true;
    this.session.startSeconds = this.context.seconds;
    this.session.startNanos = this.context.nanos;
    this.#arm();
  }

  #arm(): void {
    const due = this.session.startSeconds + Math.ceil(this.#options.transaction_timeout);
    this.context.deadline(Math.max(due, this.context.seconds + 1));
  }

  /** Publishes what there is, with the messages whose end did not come. */
  #finish(): void {
    if (this.#isOver) return;
    this.session.endSeconds = this.context.seconds;
    this.session.endNanos = this.context.nanos;
    for (const side of this.#sides) side.finish();
    this.publish();
  }

  publish(): void {
    this.#isOver = true;
    const { session } = this;
    if (this.#hasHello || session.alerts.length > 0) {
      if (!session.isEstablished && session.notes.length === 0 && session.serverHello === undefined)
        this.context.count('unmatchedRequests');
      this.context.emit(tls, describe(session, 'tls', this.#options), this.#client ?? 0);
    }
    this.#giveBack();
  }

  #giveBack(): void {
    this.context.hold(-this.#held);
    this.#held = 0;
  }
}

/** One direction of the connection. */
class Side implements RecordSink {
  readonly layer: RecordLayer;
  /** It sent ChangeCipherSpec. */
  hasChanged = false;
  /** It sent something encrypted behind the hellos. */
  isSecured = false;
  hasBytes = false;
  readonly #analyzer: TlsAnalyzer;
  readonly #direction: Direction;
  /** After a gap: where records begin is not known. */
  #isLost = false;
  /** SSL 2.0's ClientHello while it is put together; undefined: records. */
  #ssl2: Uint8Array | undefined = undefined;

  constructor(analyzer: TlsAnalyzer, direction: Direction) {
    this.#analyzer = analyzer;
    this.#direction = direction;
    this.layer = new RecordLayer(this, analyzer.hold);
  }

  data(bytes: Uint8Array, from: number, to: number): void {
    const isFirst = !this.hasBytes;
    this.hasBytes = true;
    if (this.#isLost) {
      if (to - from < HEADER_OCTETS || !isRecordHeader(bytes, from)) return;
      this.#isLost = false;
    }
    let at = from;
    if (this.#ssl2 !== undefined || (isFirst && (bytes[from] & 0x80) !== 0 && this.#isClientsTurn())) {
      at = this.#readSsl2(bytes, from, to);
    }
    if (at < to) this.layer.data(bytes, at, to, this.#isOver);
  }

  lose(): void {
    this.#isLost = true;
    this.#ssl2 = undefined;
    this.layer.resync();
  }

  finish(): void {
    if (this.#ssl2 !== undefined) this.#tellSsl2(false);
    this.layer.messages.finish();
  }

  updateEncryption(): void {
    this.layer.isEncrypted = this.hasChanged && !this.#analyzer.isTls13;
  }

  wants(type: number): boolean {
    return isWantedMessage(type);
  }

  message(type: number, bytes: Uint8Array, from: number, to: number, isWhole: boolean): void {
    this.#analyzer.handshake(this.#direction, type, bytes, from, to, isWhole);
  }

  overLimit(): void {
    this.#analyzer.context.count('limit');
    this.#analyzer.session.note('A handshake message is too long to be held');
  }

  changeCipherSpec(): void {
    this.hasChanged = true;
    this.updateEncryption();
  }

  alert(level: number, code: number): void {
    this.#analyzer.alert(this.#direction, level, code);
  }

  encrypted(contentType: number, length: number): void {
    if (this.isSecured) return;
    const { session, isTls13: isNew } = this.#analyzer;
    if (isNew ? this.#isEncryptedAlert(length) : contentType === CONTENT_ALERT) {
      session.hasEncryptedAlert = true;
      return;
    }
    // Before the server has answered it is early data.
    this.isSecured = isNew ? session.serverHello !== undefined : this.hasChanged;
    // Only one direction was captured: application data says that the handshake is over.
    const other = this.#analyzer.other(this.#direction);
    if (this.isSecured && !isNew && contentType === CONTENT_APPLICATION_DATA && !other.hasBytes) other.isSecured = true;
    if (this.isSecured) this.#analyzer.secured();
  }

  readonly #isOver = (): boolean => this.#analyzer.isOver;

  /** The client's first record behind the hellos is its Finished or certificate, which are longer. */
  #isEncryptedAlert(length: number): boolean {
    const { session } = this.#analyzer;
    if (session.serverHello === undefined || !ENCRYPTED_ALERT_OCTETS.has(length)) return false;
    return session.clientHello === undefined || extensionOf(session.clientHello, EXTENSION_EARLY_DATA) === undefined;
  }

  #isClientsTurn(): boolean {
    return this.#analyzer.session.clientHello === undefined && !this.#analyzer.other(this.#direction).hasBytes;
  }

  /** Returns where the records begin. The probe sees to it that this message is short. */
  #readSsl2(bytes: Uint8Array, from: number, to: number): number {
    const before = this.#ssl2?.length ?? 0;
    const all = new Uint8Array(before + to - from);
    if (this.#ssl2 !== undefined) all.set(this.#ssl2);
    all.set(bytes.subarray(from, to), before);
    this.#ssl2 = all;
    if (probeSsl2(all, 0, all.length) === 'no') {
      this.#ssl2 = undefined;
      this.layer.isBroken = true;
      return to;
    }
    const length = all.length < SSL2_HEADER_OCTETS ? Number.POSITIVE_INFINITY : ssl2Length(all, 0);
    if (all.length < length) return to;
    this.#ssl2 = all.subarray(0, length);
    this.#tellSsl2(true);
    return from + length - before;
  }

  #tellSsl2(isWhole: boolean): void {
    const all = this.#ssl2!;
    this.#ssl2 = undefined;
    if (all.length > SSL2_HEADER_OCTETS + 1) {
      this.#analyzer.ssl2Hello(this.#direction, all, SSL2_HEADER_OCTETS + 1, all.length, isWhole);
    }
  }
}

/** All of the record, with its header. */
function ssl2Length(bytes: Uint8Array, at: number): number {
  return SSL2_HEADER_OCTETS + (((bytes[at] & 0x7f) << 8) | bytes[at + 1]);
}
