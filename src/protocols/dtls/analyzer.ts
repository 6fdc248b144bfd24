// DTLS 1.0, 1.2 (RFC 6347) and 1.3 (RFC 9147): one record for each handshake, as for TLS over TCP. What is sent again, comes in another
// order or not at all changes nothing as long as one copy of each hello comes.

import type { Analyzer, Context, Direction, Verdict } from '../protocol.ts';
import {
  CONTENT_ALERT,
  CONTENT_APPLICATION_DATA,
  CONTENT_CONNECTION_ID,
  CONTENT_HANDSHAKE,
  EXTENSION_CONNECTION_ID,
} from '../tls/codes.ts';
import { HandshakeSide } from '../tls/handshake-side.ts';
import { extensionOf, type Hello } from '../tls/hello.ts';
import type { TlsOptions } from '../tls/options.ts';
import type { TlsRecord } from '../tls/record.ts';
import { SessionAnalyzer } from '../tls/session-analyzer.ts';
import { Fragments } from './fragments.ts';
import { type DtlsRecord, isClear, isRecordStart, recordAt, recordsFrom } from './records.ts';

/** The longest datagram has room for no more. */
const MAX_RECORDS = 5000;
const LEVEL_WARNING = 1;
const LEVEL_FATAL = 2;
/** Epochs of DTLS 1.3 (RFC 9147 section 6.1): early data, handshake; all others are data. */
const EPOCH_EARLY_DATA = 1;
const EPOCH_HANDSHAKE = 2;
/** Level, code, content type, and what the usual ciphers add; a Finished alone has 24 octets. */
const MAX_ALERT_OCTETS = 27;

export class DtlsAnalyzer extends SessionAnalyzer implements Analyzer {
  readonly #sides: readonly [Side, Side];

  constructor(context: Context, options: TlsOptions) {
    super(context, options, 'dtls');
    this.#sides = [new Side(this, 0), new Side(this, 1)];
  }

  message(direction: Direction, bytes: Uint8Array, from: number, to: number, wireLength: number): Verdict {
    if (this.isOver) return 'done';
    this.start();
    const isCut = wireLength > to - from;
    if (isCut) this.context.count('truncated');
    this.#sides[direction].hasBytes = true;
    let at = recordsFrom(bytes, from, to);
    if (at >= to || !isRecordStart(bytes[at])) return 'ok';
    for (let i = 0; i < MAX_RECORDS && at < to && !this.isOver; i++) {
      const record = recordAt(bytes, at, to, this.#idOctets(direction));
      if (record === undefined || (!isCut && record.from + record.length > to)) {
        this.context.count('malformed');
        break;
      }
      this.#record(direction, bytes, record);
      at = record.to;
    }
    return this.isOver ? 'done' : 'ok';
  }

  protected override finishSides(): void {
    for (const side of this.#sides) side.fragments.finish();
  }

  protected override complete(record: TlsRecord): void {
    record.clientConnectionId = connectionId(this.session.clientHello)?.toString('hex');
    record.serverConnectionId = connectionId(this.session.serverHello)?.toString('hex');
  }

  /** Who receives a record has said how long the ids in it are. */
  #idOctets(direction: Direction): number | undefined {
    const { clientHello, serverHello } = this.session;
    return connectionId(this.speaker(direction) === 'client' ? serverHello : clientHello)?.length;
  }

  #record(direction: Direction, bytes: Uint8Array, record: DtlsRecord): void {
    if (!isClear(record)) {
      if (record.epoch > 0 || record.type < 0) this.#encrypted(direction, record);
      return;
    }
    const { from, to, length } = record;
    if (record.type === CONTENT_HANDSHAKE) {
      if (!this.#sides[direction].fragments.record(bytes, from, to, from + length)) this.context.count('malformed');
    } else if (to - from >= 2 && (bytes[from] === LEVEL_WARNING || bytes[from] === LEVEL_FATAL)) {
      this.alert(direction, bytes[from], bytes[from + 1]);
    }
  }

  #encrypted(direction: Direction, record: DtlsRecord): void {
    if (this.isTls13) this.#encrypted13(direction, record);
    else this.#encrypted12(direction, record);
  }

  /** Finished is the first thing in epoch 1. */
  #encrypted12(direction: Direction, { type, length }: DtlsRecord): void {
    const side = this.#sides[direction];
    if (type < 0) return;
    const other = this.#sides[1 - direction];
    // Only one direction was captured: application data says that the handshake is over.
    if (type === CONTENT_APPLICATION_DATA && !other.hasBytes) other.isSecured = true;
    else if (side.isSecured) return;
    if (type === CONTENT_ALERT || (type === CONTENT_CONNECTION_ID && length <= MAX_ALERT_OCTETS)) {
      this.session.hasEncryptedAlert = true;
      return;
    }
    side.isSecured = true;
    if (other.isSecured) this.established();
  }

  /** In its handshake epoch a side also acknowledges; the client sends data, and the server does so last, behind the Finished. */
  #encrypted13(direction: Direction, { epoch }: DtlsRecord): void {
    if (this.session.serverHello === undefined || epoch === EPOCH_EARLY_DATA) return;
    if (epoch === EPOCH_HANDSHAKE) this.#sides[direction].isSecured = true;
    else if (this.speaker(direction) === 'client' || this.#sides[1 - direction].isSecured) this.established();
  }
}

/** One direction of the association. */
class Side extends HandshakeSide<DtlsAnalyzer> {
  readonly fragments: Fragments;
  /** It sent something encrypted behind the hellos. */
  isSecured = false;
  hasBytes = false;

  constructor(analyzer: DtlsAnalyzer, direction: Direction) {
    super(analyzer, direction);
    this.fragments = new Fragments(this, analyzer.hold);
  }
}

/** RFC 9146 section 3: the id that who sent this hello wants to receive; undefined when it knows of none. */
function connectionId(hello: Hello | undefined): Buffer | undefined {
  const extension = hello === undefined ? undefined : extensionOf(hello, EXTENSION_CONNECTION_ID);
  if (hello === undefined || extension === undefined || extension.from >= extension.to) return undefined;
  const { bytes } = hello;
  const from = extension.from + 1;
  const to = Math.min(extension.to, from + bytes[extension.from]);
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from);
}
