// Messages to transactions: pairs queries with responses, and publishes what stays alone. `stream.ts` adds DNS over TCP.

import { EarlyAnswers, type Moment } from '../early.ts';
import type { Analyzer, Context, Direction, EndReason, Verdict } from '../protocol.ts';
import { endAt } from '../span.ts';
import { type Dialect, dialectOf, dialectOfMessage, isMulticast } from './dialect.ts';
import { type Exchange, fillDocument } from './document.ts';
import { EarlyResponse } from './early-response.ts';
import { latin1Bytes } from './latin1.ts';
import { Message } from './message.ts';
import * as note from './notes.ts';
import type { DnsOptions } from './options.ts';
import { PendingQueries, PendingQuery } from './pending.ts';
import { isPlausibleHeader, isWholeMessage } from './probe.ts';
import { dnsRecord } from './record.ts';
import { isTransferType, Transfer } from './transfer.ts';

/** Largest message without EDNS over UDP (RFC 1035 section 4.2.1). */
const MAX_PLAIN_UDP = 512;
/** So many queries may wait under one id, asking different things; searching among them stays short. */
const MAX_SAME_ID = 8;
/** Memory of one kept resource record, roughly. */
const RECORD_COST = 250;
const NO_NOTES: readonly string[] = [];

/** The message being handled, and the query that belongs to it: only used within a call, so all analyzers share them. */
const current = new Message();
const asked = new Message();
let askedBytes = new Uint8Array(1024);
const exchange: Exchange = { query: undefined, response: undefined, transfer: undefined, sameQuestion: false };

export class DnsAnalyzer implements Analyzer {
  protected readonly context: Context;
  protected readonly options: DnsOptions;
  /** The flow uses one of the protocol's ports: what cannot be read is still DNS. */
  protected readonly isExpected: boolean;
  /** A message was read: from now on a bad one is a fault of that message. */
  protected isSure = false;
  /** What comes before the length on the wire: 2 octets over TCP. Packetbeat counts them as part of the message. */
  protected readonly framingOctets: number = 0;
  #dialect: Dialect;
  /** Until the first message. */
  #isDialectOpen: boolean;
  /** Sent to a group: whoever answers does so in another flow, and silence is an answer too. */
  readonly #isMulticast: boolean;
  readonly #pending = new PendingQueries();
  /** Responses whose query may still come. */
  #early: EarlyAnswers<EarlyResponse> | undefined = undefined;
  #deadline = Number.POSITIVE_INFINITY;

  constructor(context: Context, options: DnsOptions) {
    const { flow } = context;
    this.context = context;
    this.options = options;
    this.isExpected = options.ports.includes(flow.destinationPort) || options.ports.includes(flow.sourcePort);
    const dialect = dialectOf(flow);
    this.#dialect = dialect ?? 'dns';
    this.#isDialectOpen = dialect === undefined;
    this.#isMulticast = isMulticast(flow);
  }

  get isIdle(): boolean {
    return this.#pending.oldest === undefined && this.#early?.isEmpty !== false;
  }

  message(direction: Direction, bytes: Uint8Array, from: number, to: number, wireLength: number): Verdict {
    return this.handle(direction, bytes, from, to, wireLength, undefined);
  }

  expire(): void {
    this.#deadline = Number.POSITIVE_INFINITY;
    this.#expireDue();
    const { oldest } = this.#pending;
    if (oldest !== undefined) this.#arm(oldest);
    if (this.#early !== undefined) this.#ring(this.#early.due);
  }

  end(_reason: EndReason): void {
    const early = this.#early;
    for (let answer = early?.takeOldest(); answer !== undefined; answer = early?.takeOldest())
      this.#publishEarly(answer);
    for (let query = this.#pending.oldest; query !== undefined; query = this.#pending.oldest) this.#giveUp(query);
  }

  /** One message, whole or cut short; `remark` is one more note about it. */
  protected handle(
    direction: Direction,
    bytes: Uint8Array,
    from: number,
    to: number,
    wireLength: number,
    remark: string | undefined,
  ): Verdict {
    this.#expireDue();
    if (!current.parse(bytes, from, to, wireLength) || !this.#isPlausible(direction, bytes, from, to))
      return this.#notDns();
    if (current.fault === 'malformed') {
      if (!this.isExpected) return this.#notDns();
      this.context.count('malformed');
    } else if (current.fault === 'cut') this.context.count('truncated');
    this.isSure = true;
    if (this.#isDialectOpen) {
      this.#isDialectOpen = false;
      this.#dialect = dialectOfMessage(current);
    }
    if (current.isResponse) this.#response(direction, remark, this.context);
    else this.#query(direction, remark);
    return 'ok';
  }

  /** What came from `direction` is no response to anything: the oldest query that waits for one is published with the remark. */
  protected closeOldest(direction: Direction, remark: string): void {
    const { oldest } = this.#pending;
    if (oldest !== undefined && oldest.direction === other(direction)) this.#publishAlone(oldest, remark);
  }

  /**
   * Codes that are not assigned yet are believed where the whole message is right; so is a refusal that repeats no question, of an
   * operation that was asked for.
   */
  #isPlausible(direction: Direction, bytes: Uint8Array, from: number, to: number): boolean {
    if (isPlausibleHeader(bytes, from)) return true;
    if (!this.isExpected) return false;
    if (isWholeMessage(bytes, from, to)) return true;
    if (!current.isResponse || current.questions > 0 || current.fault !== 'none' || current.end !== to) return false;
    return this.#pending.find(other(direction), current.id)?.opcode === current.opcode;
  }

  #notDns(): Verdict {
    if (!this.isSure && !this.isExpected) return 'reject';
    this.context.count('malformed');
    return 'ok';
  }

  #query(direction: Direction, remark: string | undefined): void {
    const { context } = this;
    const notes = this.#notes(NO_NOTES, remark);
    const octets = current.wireLength + this.framingOctets;
    const { forwardedIp } = context.flow;
    const query = new PendingQuery(direction, current, octets, context.seconds, context.nanos, notes, forwardedIp);
    if (this.#isMulticast) {
      this.#publish(query, current, undefined, notes, remark === undefined);
      return;
    }
    this.#replaceRepeated(query);
    if (!context.hold(query.cost)) {
      context.count('limit');
      const { oldest } = this.#pending;
      if (oldest !== undefined) this.#publishAlone(oldest, note.LIMIT_REACHED);
    }
    this.#pending.add(query);
    this.#arm(query);
    if (this.#early !== undefined) this.#answerEarly(query);
  }

  /** If the response was captured before this query, it comes now. */
  #answerEarly(query: PendingQuery): void {
    const answer = this.#early?.take(query, this.options.transaction_timeout, (one) => one.answers(query));
    if (answer === undefined) return;
    answer.read(current);
    this.#response(answer.direction, answer.remark, answer);
  }

  /** No query has asked for it. Kept for a moment; false: it can not be. */
  #waitForQuery(direction: Direction, remark: string | undefined): boolean {
    if (this.framingOctets > 0 || current.fault === 'malformed') return false;
    const { context } = this;
    const answer = new EarlyResponse(direction, current, remark, context);
    this.#early ??= new EarlyAnswers(context);
    if (!this.#early.add(answer)) return false;
    this.#ring(this.#early.due);
    return true;
  }

  /** The same question under the same id again: the client lost patience, and only one of the two can get the response. */
  #replaceRepeated(query: PendingQuery): void {
    let before = this.#pending.find(query.direction, query.id);
    for (let count = 1; before !== undefined; count++, before = before.sameId) {
      const isRepeated = before.asks(current);
      if (!isRepeated && count < MAX_SAME_ID) continue;
      this.context.count(isRepeated ? 'duplicateRequests' : 'ambiguous');
      this.#publishAlone(before, note.DUPLICATE_QUERY);
      return;
    }
  }

  #response(direction: Direction, remark: string | undefined, at: Moment): void {
    const query = this.#match(other(direction));
    if (query === undefined) {
      if (this.#dialect !== 'dns') this.#publishResponse(direction, this.#notes(NO_NOTES, remark), true, at);
      else if (!this.#waitForQuery(direction, remark)) this.#publishOrphan(direction, remark, at);
      return;
    }
    if (this.framingOctets > 0 && isTransferType(query.type) && this.#isTransferGoingOn(query)) return;
    let notes = this.#notes(query.notes, remark);
    if (this.framingOctets === 0 && this.#dialect === 'dns' && current.fault !== 'malformed') {
      if (query.hasEdns && current.opt < 0 && current.fault === 'none') notes = [...notes, note.EDNS_NOT_SUPPORTED];
      else if (!query.hasEdns && current.opt >= 0) notes = [...notes, note.EDNS_UNEXPECTED];
    }
    this.#remove(query);
    this.#publish(query, undefined, current, notes, remark === undefined, at);
  }

  /** By id; by id and question when several wait under one id. */
  #match(direction: Direction): PendingQuery | undefined {
    const latest = this.#pending.find(direction, current.id);
    if (latest?.sameId === undefined) return latest;
    let oldest: PendingQuery = latest;
    for (let query: PendingQuery | undefined = latest; query !== undefined; query = query.sameId) {
      if (query.asks(current)) return query;
      oldest = query;
    }
    return oldest;
  }

  #isTransferGoingOn(query: PendingQuery): boolean {
    query.transfer ??= new Transfer(readQuery(query));
    const kept = query.transfer.answers.length;
    const isOver = query.transfer.add(current, current.wireLength + this.framingOctets);
    const isWithinLimit = this.context.hold((query.transfer.answers.length - kept) * RECORD_COST);
    if (!isWithinLimit) this.context.count('limit');
    if (isOver) return false;
    this.#pending.renew(query, this.context.seconds, this.context.nanos);
    return true;
  }

  /** `before` and what is odd about the message at hand. The same array when nothing is, as nearly always. */
  #notes(before: readonly string[], remark: string | undefined): readonly string[] {
    const isTooLarge =
      this.framingOctets === 0 &&
      this.#dialect === 'dns' &&
      current.wireLength > MAX_PLAIN_UDP &&
      current.opt < 0 &&
      current.fault === 'none';
    if (!isTooLarge && current.fault !== 'malformed' && remark === undefined) return before;
    const notes: string[] = [];
    if (isTooLarge) notes.push(note.TOO_LARGE);
    if (remark !== undefined) notes.push(remark);
    else if (current.fault === 'malformed') notes.push(note.NOT_DECODED);
    return [...before, ...(current.isResponse ? notes.map(note.ofResponse) : notes)];
  }

  #expireDue(): void {
    if (this.#early !== undefined) this.#giveUpEarly(this.#early);
    const { seconds, nanos } = this.context;
    const timeout = this.options.transaction_timeout;
    for (let query = this.#pending.oldest; query !== undefined; query = this.#pending.oldest) {
      if (seconds - query.activeSeconds + (nanos - query.activeNanos) / 1e9 < timeout) return;
      this.#giveUp(query);
    }
  }

  /** Responses that nobody asked for within the time. */
  #giveUpEarly(early: EarlyAnswers<EarlyResponse>): void {
    const { seconds, nanos } = this.context;
    for (;;) {
      const answer = early.takeLate(seconds, nanos);
      if (answer === undefined) return;
      this.#publishEarly(answer);
    }
  }

  #publishEarly(answer: EarlyResponse): void {
    answer.read(current);
    const { flow } = this.context;
    const { forwardedIp } = flow;
    flow.forwardedIp = answer.forwardedIp;
    this.#publishOrphan(answer.direction, answer.remark, answer);
    flow.forwardedIp = forwardedIp;
  }

  #publishOrphan(direction: Direction, remark: string | undefined, at: Moment): void {
    this.context.count('unmatchedResponses');
    this.#publishResponse(direction, this.#notes([note.ORPHANED_RESPONSE], remark), false, at);
  }

  #arm(query: PendingQuery): void {
    if (this.#deadline !== Number.POSITIVE_INFINITY) return;
    // The bell rings on whole seconds; who comes between is turned away by `#expireDue`.
    this.#ring(Math.ceil(query.activeSeconds + query.activeNanos / 1e9 + this.options.transaction_timeout));
  }

  #ring(deadline: number): void {
    if (deadline >= this.#deadline) return;
    this.#deadline = deadline;
    this.context.deadline(deadline);
  }

  #giveUp(query: PendingQuery): void {
    if (this.#dialect === 'dns') this.context.count('unmatchedRequests');
    this.#publishAlone(query, query.transfer === undefined ? note.NO_RESPONSE : note.ofResponse(note.INCOMPLETE));
  }

  /** Publishes a query that has no (whole) response, and forgets it. */
  #publishAlone(query: PendingQuery, remark: string): void {
    this.#remove(query);
    const isDone = this.#dialect !== 'dns' && remark === note.NO_RESPONSE;
    this.#publish(query, readQuery(query), undefined, isDone ? query.notes : [...query.notes, remark], isDone);
  }

  #remove(query: PendingQuery): void {
    this.#pending.remove(query);
    this.context.hold(-query.cost - (query.transfer?.answers.length ?? 0) * RECORD_COST);
  }

  #publish(
    query: PendingQuery,
    queryMessage: Message | undefined,
    response: Message | undefined,
    notes: readonly string[],
    isComplete: boolean,
    at: Moment = this.context,
  ): void {
    const { context } = this;
    const { transfer } = query;
    const sameQuestion = response !== undefined && query.asks(response);
    exchange.query = queryMessage ?? (sameQuestion && !this.#needsQuery(query) ? undefined : readQuery(query));
    exchange.response = response;
    exchange.transfer = transfer;
    exchange.sameQuestion = sameQuestion;
    const record = fillDocument(exchange, this.#dialect, this.options, context.flow);
    const answeredBytes =
      transfer !== undefined
        ? transfer.bytes
        : response === undefined
          ? undefined
          : response.wireLength + this.framingOctets;
    record.startSeconds = query.seconds;
    record.startNanos = query.nanos;
    if (answeredBytes === undefined) {
      record.endSeconds = undefined;
      record.endNanos = undefined;
      record.duration = undefined;
    } else {
      record.duration =
        response === undefined
          ? endAt(record, query.activeSeconds, query.activeNanos)
          : endAt(record, at.seconds, at.nanos);
    }
    record.sourceBytes = query.octets;
    record.destinationBytes = answeredBytes;
    record.networkBytes = query.octets + (answeredBytes ?? 0);
    record.errorMessage = notes.length > 0 ? notes : undefined;
    const isSound = isComplete && !query.isMalformed && (response === undefined || isGood(response));
    record.status = isSound ? 'OK' : 'Error';
    const { flow } = context;
    const { forwardedIp } = flow;
    flow.forwardedIp = query.forwardedIp;
    context.emit(dnsRecord, record, query.direction);
    // That of the datagram at hand, whose turn may still come.
    flow.forwardedIp = forwardedIp;
  }

  /** Is there something in the query that the document shows and that its response does not have? */
  #needsQuery(query: PendingQuery): boolean {
    return this.options.send_request || query.isRare || query.opcode !== current.opcode;
  }

  /** The message at hand alone, as it came at this time. */
  #publishResponse(direction: Direction, notes: readonly string[], isComplete: boolean, at: Moment): void {
    const { context } = this;
    const octets = current.wireLength + this.framingOctets;
    exchange.query = undefined;
    exchange.response = current;
    exchange.transfer = undefined;
    exchange.sameQuestion = false;
    const record = fillDocument(exchange, this.#dialect, this.options, context.flow);
    record.startSeconds = at.seconds;
    record.startNanos = at.nanos;
    record.endSeconds = at.seconds;
    record.endNanos = at.nanos;
    record.duration = undefined;
    // An announcement to a group has no client: who sends it is the source.
    record.sourceBytes = this.#isMulticast ? octets : undefined;
    record.destinationBytes = this.#isMulticast ? undefined : octets;
    record.networkBytes = octets;
    record.errorMessage = notes.length > 0 ? notes : undefined;
    record.status = isComplete && isGood(current) ? 'OK' : 'Error';
    context.emit(dnsRecord, record, this.#isMulticast ? direction : other(direction));
  }
}

function other(direction: Direction): Direction {
  return direction === 0 ? 1 : 0;
}

function isGood(response: Message): boolean {
  return response.rcode === 0 && response.fault !== 'malformed';
}

/** The query's message again, from the bytes that were kept. Valid until the next call. */
function readQuery(query: PendingQuery): Message {
  const { raw } = query;
  if (raw.length > askedBytes.length) askedBytes = new Uint8Array(raw.length * 2);
  latin1Bytes(raw, askedBytes);
  asked.parse(askedBytes, 0, raw.length, raw.length + query.cutOctets);
  return asked;
}
