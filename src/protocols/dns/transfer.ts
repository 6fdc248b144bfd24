// Zone transfers over TCP: one query, an answer of many messages (AXFR: RFC 5936, IXFR: RFC 1995). They are one transaction;
// this collects the answers and tells where they end.

import { u32 } from '../octets.ts';
import { TYPE_A, TYPE_AAAA, TYPE_AXFR, TYPE_IXFR, TYPE_SOA } from './codes.ts';
import type { Message } from './message.ts';
import { walkName } from './names.ts';
import { resourceRecord } from './rdata.ts';
import type { ResourceRecord } from './record.ts';

/** Zones may hold millions of records; the document lists the first ones and counts all. */
const MAX_ANSWERS_KEPT = 1000;
/** Octets behind the names of an SOA: five numbers, the first of which is the serial (RFC 1035 section 3.3.13). */
const SOA_NUMBERS = 20;

export function isTransferType(type: number): boolean {
  return type === TYPE_AXFR || type === TYPE_IXFR;
}

export class Transfer {
  readonly answers: ResourceRecord[] = [];
  readonly resolvedIp: string[] = [];
  answersCount = 0;
  messages = 0;
  /** Octets of all messages on the wire. */
  bytes = 0;
  #firstSerial = 0;
  #lastSerialsSeen = 0;
  #isIncremental = false;
  readonly #knownSerial: number | undefined;

  /** `request` is the query: in IXFR its authority section tells the serial that the client has. */
  constructor(request: Message) {
    this.#knownSerial =
      request.questions > 0 && request.type(0) === TYPE_IXFR && request.authorities > 0
        ? serialOf(request, request.firstAuthority)
        : undefined;
  }

  /** One message of the answer. True when it is the last one, or no part of a transfer at all. */
  add(message: Message, octets: number): boolean {
    this.messages++;
    this.bytes += octets;
    if (message.rcode !== 0 || message.fault === 'malformed' || message.answers === 0) {
      this.#keep(message);
      return true;
    }
    let isLast = false;
    for (let i = 0; i < message.answers; i++) isLast = this.#isLast(message, message.firstAnswer + i) || isLast;
    this.#keep(message);
    return isLast || (this.messages === 1 && this.#clientIsCurrent());
  }

  /** How many answers were counted but not listed. */
  get omitted(): number {
    return this.answersCount - this.answers.length;
  }

  /**
   * A transfer begins and ends with the zone's SOA. An incremental one is recognised by a second record that is an older SOA;
   * in it the new SOA also heads the last list of additions, so it ends with its third appearance.
   */
  #isLast(message: Message, entry: number): boolean {
    const index = this.answersCount + entry - message.firstAnswer;
    const isSoa = message.type(entry) === TYPE_SOA;
    const serial = isSoa ? serialOf(message, entry) : undefined;
    if (index === 0) {
      this.#firstSerial = serial ?? 0;
      this.#lastSerialsSeen = 1;
      return serial === undefined;
    }
    if (serial === undefined) return false;
    if (index === 1 && serial !== this.#firstSerial) this.#isIncremental = true;
    if (!this.#isIncremental) return true;
    if (serial === this.#firstSerial) this.#lastSerialsSeen++;
    return this.#lastSerialsSeen >= 3;
  }

  /** RFC 1995 section 2: a lone SOA that is not newer than the client's means "you have it". Serials wrap (RFC 1982). */
  #clientIsCurrent(): boolean {
    return (
      this.#knownSerial !== undefined && this.answersCount === 1 && ((this.#firstSerial - this.#knownSerial) | 0) <= 0
    );
  }

  #keep(message: Message): void {
    const room = Math.min(message.answers, MAX_ANSWERS_KEPT - this.answers.length);
    for (let i = 0; i < room; i++) {
      const entry = message.firstAnswer + i;
      const record = resourceRecord(message, entry, '', false);
      this.answers.push(record);
      if (isAddress(message, entry)) this.resolvedIp.push(record.data);
    }
    this.answersCount += message.answers;
  }
}

/** Does this record's `data` hold an IP address? */
export function isAddress(message: Message, entry: number): boolean {
  const type = message.type(entry);
  const octets = message.rdataEnd(entry) - message.rdataAt(entry);
  return (type === TYPE_A && octets === 4) || (type === TYPE_AAAA && octets === 16);
}

/** Serial of an SOA record; undefined when the record is none or is broken. */
function serialOf(message: Message, entry: number): number | undefined {
  if (message.type(entry) !== TYPE_SOA) return undefined;
  const end = message.rdataEnd(entry);
  const mailbox = walkName(message.bytes, message.at, message.rdataAt(entry), end);
  const numbers = mailbox < 0 ? -1 : walkName(message.bytes, message.at, mailbox, end);
  return numbers >= 0 && end - numbers === SOA_NUMBERS ? u32(message.bytes, numbers) : undefined;
}
