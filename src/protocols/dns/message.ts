// One DNS message as offsets into the packet: header (RFC 1035 section 4.1.1), questions, resource records. Parsing makes no
// objects; whoever wants text asks `names.ts` and `rdata.ts` for the record at an offset.

import { u16, u32 } from '../octets.ts';
import { OPCODE_DSO, OPCODE_UPDATE, TYPE_OPT } from './codes.ts';
import { walkName } from './names.ts';

export const HEADER_OCTETS = 12;

/** Bits of the header's second word (RFC 1035 section 4.1.1, AD and CD: RFC 4035, Z: must be zero). */
export const FLAG_QR = 0x8000;
export const FLAG_AA = 0x0400;
export const FLAG_TC = 0x0200;
export const FLAG_RD = 0x0100;
export const FLAG_RA = 0x0080;
export const FLAG_Z = 0x0040;
export const FLAG_AD = 0x0020;
export const FLAG_CD = 0x0010;
export const RCODE_MASK = 0x000f;

/** In multicast DNS the top bit of a class is a flag: "answer by unicast" or "flush your cache" (RFC 6762 sections 5.4, 10.2). */
export const CLASS_TOP_BIT = 0x8000;

/** Offsets behind a record's name. */
const BODY_TTL = 4;
const BODY_RDLENGTH = 8;
const BODY_OCTETS = 10;
const QUESTION_BODY_OCTETS = 4;

/** `cut`: right as far as it was captured; `malformed`: contradicts itself at `faultAt`. */
export type Fault = 'none' | 'cut' | 'malformed';

/** One instance is filled again and again; it is valid as long as the bytes are. */
export class Message {
  bytes: Uint8Array = new Uint8Array(0);
  /** The message is bytes [at, to); it had `wireLength` octets on the wire. */
  at = 0;
  to = 0;
  wireLength = 0;

  id = 0;
  flags = 0;
  /** How many of each were found; fewer than the header says when there is a fault. */
  questions = 0;
  answers = 0;
  authorities = 0;
  additionals = 0;
  /** Entry of the first OPT record (EDNS), -1 without. It is among the additionals. */
  opt = -1;
  fault: Fault = 'none';
  faultAt = 0;
  /** Offset behind the last whole record. */
  end = 0;

  /** Entries: questions first, then records. Where the name is, and where what follows it is (type, class, …). */
  nameAt = new Int32Array(64);
  bodyAt = new Int32Array(64);

  get isResponse(): boolean {
    return (this.flags & FLAG_QR) !== 0;
  }
  get opcode(): number {
    return (this.flags >>> 11) & 15;
  }
  /** With EDNS twelve bits (RFC 6891 section 6.1.3). */
  get rcode(): number {
    const low = this.flags & RCODE_MASK;
    return this.opt < 0 ? low : (this.bytes[this.bodyAt[this.opt] + BODY_TTL] << 4) | low;
  }
  /** Entry of the first answer, authority, additional record. */
  get firstAnswer(): number {
    return this.questions;
  }
  get firstAuthority(): number {
    return this.questions + this.answers;
  }
  get firstAdditional(): number {
    return this.questions + this.answers + this.authorities;
  }

  /** Octets behind the last record, which nothing speaks of. In stateful operations (RFC 8490) they are the message. */
  get trailingOctets(): number {
    return this.fault === 'none' && this.opcode !== OPCODE_DSO ? this.to - this.end : 0;
  }

  type(entry: number): number {
    return u16(this.bytes, this.bodyAt[entry]);
  }
  class(entry: number): number {
    return u16(this.bytes, this.bodyAt[entry] + 2);
  }
  /** Seconds, 0 to 2^32-1. */
  ttl(entry: number): number {
    return u32(this.bytes, this.bodyAt[entry] + BODY_TTL);
  }
  rdataAt(entry: number): number {
    return this.bodyAt[entry] + BODY_OCTETS;
  }
  rdataEnd(entry: number): number {
    const body = this.bodyAt[entry];
    return body + BODY_OCTETS + u16(this.bytes, body + BODY_RDLENGTH);
  }

  /**
   * Reads bytes [at, to). False when there is not even a header. Otherwise everything up to `fault` can be used: a fault never
   * takes away what stands before it.
   */
  parse(bytes: Uint8Array, at: number, to: number, wireLength: number): boolean {
    this.questions = 0;
    this.answers = 0;
    this.authorities = 0;
    this.additionals = 0;
    this.opt = -1;
    this.fault = 'none';
    this.faultAt = 0;
    if (to - at < HEADER_OCTETS) return false;
    this.bytes = bytes;
    this.at = at;
    this.to = to;
    this.wireLength = wireLength;
    this.id = u16(bytes, at);
    this.flags = u16(bytes, at + 2);
    this.end = at + HEADER_OCTETS;
    this.questions = this.#walk(u16(bytes, at + 4), 0, QUESTION_BODY_OCTETS);
    if (this.fault === 'none') this.answers = this.#walk(u16(bytes, at + 6), this.firstAnswer, BODY_OCTETS);
    if (this.fault === 'none') this.authorities = this.#walk(u16(bytes, at + 8), this.firstAuthority, BODY_OCTETS);
    if (this.fault === 'none') this.additionals = this.#walk(u16(bytes, at + 10), this.firstAdditional, BODY_OCTETS);
    for (let i = this.firstAdditional; i < this.firstAdditional + this.additionals; i++) {
      if (this.type(i) === TYPE_OPT) {
        this.opt = i;
        break;
      }
    }
    if (this.fault === 'none' && wireLength > to - at) this.fault = 'cut';
    return true;
  }

  /** Walks `count` entries, the first of which gets the index `first`; returns how many are whole. */
  #walk(count: number, first: number, bodyOctets: number): number {
    for (let i = 0; i < count; i++) if (!this.#entry(first + i, bodyOctets)) return i;
    return count;
  }

  #entry(entry: number, bodyOctets: number): boolean {
    const { bytes, to } = this;
    const body = walkName(bytes, this.at, this.end, to);
    if (body < 0) return this.#fail(~body);
    let end = body + bodyOctets;
    if (end > to) return this.#fail(to);
    if (bodyOctets === BODY_OCTETS) {
      end += u16(bytes, body + BODY_RDLENGTH);
      if (end > to) return this.#fail(this.wireLength > to - this.at ? to : body + BODY_RDLENGTH);
    }
    if (entry >= this.nameAt.length) this.#grow();
    this.nameAt[entry] = this.end;
    this.bodyAt[entry] = body;
    this.end = end;
    return true;
  }

  #fail(offset: number): false {
    this.fault = offset === this.to && this.wireLength > this.to - this.at ? 'cut' : 'malformed';
    this.faultAt = offset - this.at;
    return false;
  }

  #grow(): void {
    const names = new Int32Array(this.nameAt.length * 4);
    const bodies = new Int32Array(this.nameAt.length * 4);
    names.set(this.nameAt);
    bodies.set(this.bodyAt);
    this.nameAt = names;
    this.bodyAt = bodies;
  }
}

/** Is it more than one plain question, whole and well-formed? Nearly no message is. */
export function isRare(message: Message): boolean {
  return (
    message.fault !== 'none' ||
    message.questions > 1 ||
    message.end < message.to ||
    message.opcode === OPCODE_UPDATE ||
    (message.questions === 1 && (message.class(0) & CLASS_TOP_BIT) !== 0)
  );
}

/** Offset behind the first question, counted from the message's start. */
export function questionEnd(message: Message): number {
  return message.questions > 0 ? message.bodyAt[0] + 4 - message.at : HEADER_OCTETS;
}
