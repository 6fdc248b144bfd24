// The record layer of one direction (RFC 8446 section 5.1, RFC 5246 section 6.2, RFC 6101 section 5.2): stream bytes → handshake
// messages in clear, alerts, and the fact that something encrypted went by. Records and messages may be cut anywhere and lie across
// each other; what is not looked into is passed over without a copy.

import {
  CONTENT_ALERT,
  CONTENT_APPLICATION_DATA,
  CONTENT_CHANGE_CIPHER_SPEC,
  CONTENT_HANDSHAKE,
  CONTENT_HEARTBEAT,
} from './codes.ts';
import { MessageReader, type MessageSink } from './message-reader.ts';

export const HEADER_OCTETS = 5;
/** RFC 5246 section 6.2.3: 2^14 and what encryption may add. */
export const MAX_RECORD_OCTETS = 0x4000 + 0x800;

export interface RecordSink extends MessageSink {
  changeCipherSpec(): void;
  /** An alert in clear. */
  alert(level: number, code: number): void;
  /** A record whose contents only its receiver can read. */
  encrypted(contentType: number, length: number): void;
}

export class RecordLayer {
  readonly messages: MessageReader;
  /** The bytes are no TLS (any more). */
  isBroken = false;
  /** After ChangeCipherSpec handshake records are encrypted; not so in TLS 1.3, where it means nothing. */
  isEncrypted = false;
  /** Whole records that were read. */
  records = 0;
  readonly #sink: RecordSink;
  readonly #header = new Uint8Array(HEADER_OCTETS);
  #headerOctets = 0;
  #type = 0;
  #length = 0;
  /** Of the present record, still to come. */
  #left = 0;
  #alertLevel = -1;

  constructor(sink: RecordSink, hold: (bytes: number) => boolean) {
    this.#sink = sink;
    this.messages = new MessageReader(sink, hold);
  }

  /** No record is open. */
  get isBetweenRecords(): boolean {
    return this.#headerOctets === 0 && this.#left === 0;
  }

  /** Forgets what is open, after bytes that never came. */
  resync(): void {
    this.#headerOctets = 0;
    this.#left = 0;
    this.#alertLevel = -1;
    this.messages.forget();
  }

  /** Reads bytes[from, to), until `isOver()` wants no more. */
  data(bytes: Uint8Array, from: number, to: number, isOver: () => boolean): void {
    let at = from;
    while (at < to && !this.isBroken && !isOver()) {
      if (this.#left === 0) {
        at = this.#readHeader(bytes, at, to);
        continue;
      }
      const end = Math.min(to, at + this.#left);
      this.#left -= end - at;
      this.#body(bytes, at, end);
      at = end;
      if (this.#left === 0) this.#finished();
    }
  }

  #readHeader(bytes: Uint8Array, from: number, to: number): number {
    let at = from;
    while (at < to && this.#headerOctets < HEADER_OCTETS) this.#header[this.#headerOctets++] = bytes[at++];
    if (this.#headerOctets < HEADER_OCTETS) return at;
    this.#headerOctets = 0;
    if (!isRecordHeader(this.#header, 0)) {
      this.isBroken = true;
      return at;
    }
    this.#type = this.#header[0];
    this.#length = (this.#header[3] << 8) | this.#header[4];
    this.#left = this.#length;
    if (this.#left === 0) this.#finished();
    return at;
  }

  get #isClear(): boolean {
    return this.#type === CONTENT_CHANGE_CIPHER_SPEC || (this.#type !== CONTENT_APPLICATION_DATA && !this.isEncrypted);
  }

  #body(bytes: Uint8Array, from: number, to: number): void {
    if (!this.#isClear) return;
    if (this.#type === CONTENT_HANDSHAKE) {
      this.messages.data(bytes, from, to);
      return;
    }
    if (this.#type !== CONTENT_ALERT) return;
    for (let at = from; at < to; at++) {
      if (this.#alertLevel < 0) this.#alertLevel = bytes[at];
      else {
        const level = this.#alertLevel;
        this.#alertLevel = -1;
        // What looks like no alert at all is one that is encrypted.
        if (level === 1 || level === 2) this.#sink.alert(level, bytes[at]);
      }
    }
  }

  #finished(): void {
    this.records++;
    if (this.#type === CONTENT_CHANGE_CIPHER_SPEC) this.#sink.changeCipherSpec();
    else if (!this.#isClear) this.#sink.encrypted(this.#type, this.#length);
  }
}

/** Do five octets make a record's header? */
export function isRecordHeader(bytes: Uint8Array, at: number): boolean {
  const type = bytes[at];
  const length = (bytes[at + 3] << 8) | bytes[at + 4];
  return (
    type >= CONTENT_CHANGE_CIPHER_SPEC &&
    type <= CONTENT_HEARTBEAT &&
    bytes[at + 1] === 3 &&
    bytes[at + 2] <= 4 &&
    length <= MAX_RECORD_OCTETS
  );
}
