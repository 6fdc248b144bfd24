// TLS over TCP: one handshake, one record. The record is published when both sides send encrypted data, at a fatal alert, when the
// handshake takes too long, or with the connection's end, whichever is first; after it nothing more is read.

import type { Analyzer, Context, Direction, Verdict } from '../protocol.ts';
import { CONTENT_ALERT, CONTENT_APPLICATION_DATA, EXTENSION_EARLY_DATA, SERVER_HELLO } from './codes.ts';
import { HandshakeSide } from './handshake-side.ts';
import { extensionOf, parseSsl2Hello } from './hello.ts';
import type { TlsOptions } from './options.ts';
import { probeSsl2, SSL2_HEADER_OCTETS } from './probe.ts';
import { HEADER_OCTETS, isRecordHeader, RecordLayer, type RecordSink } from './record-layer.ts';
import { SessionAnalyzer } from './session-analyzer.ts';

/** An encrypted alert in TLS 1.3: two octets, the content type, the tag of 16 or of 8 octets. */
const ENCRYPTED_ALERT_OCTETS: ReadonlySet<number> = new Set([19, 11]);

export class TlsAnalyzer extends SessionAnalyzer implements Analyzer {
  readonly #sides: readonly [Side, Side];

  constructor(context: Context, options: TlsOptions) {
    super(context, options, 'tls');
    this.#sides = [new Side(this, 0), new Side(this, 1)];
  }

  data(direction: Direction, bytes: Uint8Array, from: number, to: number): Verdict {
    if (this.isOver) return 'done';
    this.start();
    const side = this.#sides[direction];
    side.data(bytes, from, to);
    if (this.isOver) return 'done';
    if (!side.layer.isBroken) return 'ok';
    if (!this.hasHello) {
      this.isOver = true;
      this.giveBack();
      return 'reject';
    }
    this.context.count('malformed');
    this.session.note(`The ${this.speaker(direction)} stopped speaking TLS`);
    this.publish();
    return 'done';
  }

  gap(direction: Direction, missing: number): 'continue' | 'give-up' {
    if (this.isOver) return 'give-up';
    if (missing <= 0) return 'continue';
    this.context.count('gaps');
    this.session.note('Packet loss while capturing the handshake');
    this.#sides[direction].lose();
    return 'continue';
  }

  // ---- what the sides tell

  other(direction: Direction): Side {
    return this.#sides[direction === 0 ? 1 : 0];
  }

  override handshake(
    direction: Direction,
    type: number,
    bytes: Uint8Array,
    from: number,
    to: number,
    isWhole: boolean,
  ): void {
    super.handshake(direction, type, bytes, from, to, isWhole);
    if (type === SERVER_HELLO) for (const side of this.#sides) side.updateEncryption();
  }

  ssl2Hello(direction: Direction, bytes: Uint8Array, from: number, to: number, isWhole: boolean): void {
    this.client ??= direction;
    if (this.session.clientHello === undefined && this.hold(to - from)) {
      this.session.clientHello = parseSsl2Hello(bytes, from, to, isWhole);
    }
  }

  /** A side sent something encrypted that belongs to this handshake's end. */
  secured(): void {
    if (this.#sides[0].isSecured && this.#sides[1].isSecured) this.established();
  }

  protected override finishSides(): void {
    for (const side of this.#sides) side.finish();
  }
}

/** One direction of the connection. */
class Side extends HandshakeSide<TlsAnalyzer> implements RecordSink {
  readonly layer: RecordLayer;
  /** It sent ChangeCipherSpec. */
  hasChanged = false;
  /** It sent something encrypted behind the hellos. */
  isSecured = false;
  hasBytes = false;
  /** After a gap: where records begin is not known. */
  #isLost = false;
  /** SSL 2.0's ClientHello while it is put together; undefined: records. */
  #ssl2: Uint8Array | undefined = undefined;

  constructor(analyzer: TlsAnalyzer, direction: Direction) {
    super(analyzer, direction);
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
    this.layer.isEncrypted = this.hasChanged && !this.analyzer.isTls13;
  }

  changeCipherSpec(): void {
    this.hasChanged = true;
    this.updateEncryption();
  }

  alert(level: number, code: number): void {
    this.analyzer.alert(this.direction, level, code);
  }

  encrypted(contentType: number, length: number): void {
    const { session, isTls13: isNew } = this.analyzer;
    // RFC 8446 appendix D.4: a ChangeCipherSpec may stand before early data, and both before any answer.
    if (session.serverHello === undefined && this.#offersEarlyData()) return;
    const other = this.analyzer.other(this.direction);
    // Only one direction was captured: application data says that the handshake is over.
    const isAlone = !isNew && contentType === CONTENT_APPLICATION_DATA && !other.hasBytes;
    if (this.isSecured && !isAlone) return;
    if (isNew ? this.#isEncryptedAlert(length) : contentType === CONTENT_ALERT) {
      session.hasEncryptedAlert = true;
      return;
    }
    this.isSecured = isNew ? session.serverHello !== undefined : this.hasChanged;
    if (this.isSecured && isAlone) other.isSecured = true;
    if (this.isSecured) this.analyzer.secured();
  }

  readonly #isOver = (): boolean => this.analyzer.isOver;

  /** The client's first record behind the hellos is its Finished or certificate, which are longer. */
  #isEncryptedAlert(length: number): boolean {
    const { session } = this.analyzer;
    return session.serverHello !== undefined && ENCRYPTED_ALERT_OCTETS.has(length) && !this.#offersEarlyData();
  }

  #offersEarlyData(): boolean {
    const { clientHello } = this.analyzer.session;
    return clientHello !== undefined && extensionOf(clientHello, EXTENSION_EARLY_DATA) !== undefined;
  }

  #isClientsTurn(): boolean {
    return this.analyzer.session.clientHello === undefined && !this.analyzer.other(this.direction).hasBytes;
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
      this.analyzer.ssl2Hello(this.direction, all, SSL2_HEADER_OCTETS + 1, all.length, isWhole);
    }
  }
}

/** All of the record, with its header. */
function ssl2Length(bytes: Uint8Array, at: number): number {
  return SSL2_HEADER_OCTETS + (((bytes[at] & 0x7f) << 8) | bytes[at + 1]);
}
