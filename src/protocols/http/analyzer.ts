// Messages of one connection → transactions. Which response answers which request is `pairing.ts`.

import type { Analyzer, Context, Direction, EndReason, Verdict } from '../protocol.ts';
import { type Framing, framingOf, NO_BODY } from './body.ts';
import { describe } from './document.ts';
import { EarlyBytes } from './early-bytes.ts';
import { KeptBody } from './kept-body.ts';
import { giveBack, type Message } from './message.ts';
import type { Settings } from './options.ts';
import { Pairing } from './pairing.ts';
import { type MessageListener, MessageParser, NO_MORE_HTTP, type MessageParser as Parser } from './parser.ts';
import { http } from './record.ts';

/** What a pending request costs beside its head. */
const MESSAGE_BYTES = 512;
const MAX_INFORMATIONAL = 16;
/** Bytes without any message after which this is not HTTP. */
const MAX_STRAY_BYTES = 256 * 1024;

const NONE: readonly string[] = [];
const skip = { skip: 0 };

export class HttpAnalyzer implements Analyzer, MessageListener {
  readonly #context: Context;
  readonly #settings: Settings;
  /** Of direction 0 and 1. */
  readonly #parser0: Parser;
  readonly #parser1: Parser;
  /** By direction; made for the first CONNECT. */
  #early: readonly [EarlyBytes, EarlyBytes] | undefined = undefined;
  /** What follows HTTP on this connection; undefined: HTTP. */
  #successor: string | undefined = undefined;
  readonly #pairing = new Pairing((request) => this.#publish(request, undefined));
  /** The request that the response being read answers. */
  #answered: Message | undefined = undefined;
  /** A complete response whose request is still being sent, and that request. */
  #earlyResponse: Message | undefined = undefined;
  #earlyRequest: Message | undefined = undefined;
  #informational = NONE;
  #requestDirection: Direction = 0;
  #isArmed = false;

  constructor(context: Context, settings: Settings) {
    this.#context = context;
    this.#settings = settings;
    this.#parser0 = new MessageParser(0, context, settings, this);
    this.#parser1 = new MessageParser(1, context, settings, this);
  }

  data(direction: Direction, bytes: Uint8Array, from: number, to: number): Verdict {
    if (this.#successor !== undefined) return 'done';
    const parser = this.#parser(direction);
    const n = this.#take(direction, parser, bytes, from, to);
    if (this.#successor !== undefined) return this.#handOver(to - parser.at, this.#early?.[1 - direction].take());
    if (n > 0) {
      skip.skip = n;
      return skip;
    }
    if (parser.strayBytes > MAX_STRAY_BYTES && this.#parser0.count + this.#parser1.count === 0) return 'reject';
    return 'ok';
  }

  #parser(direction: number): Parser {
    return direction === 0 ? this.#parser0 : this.#parser1;
  }

  /** Gives the parser what it may have now. Returns how many of the bytes behind them nobody needs. */
  #take(direction: Direction, parser: Parser, bytes: Uint8Array, from: number, to: number): number {
    if (this.#early !== undefined) return this.#early[direction].data(bytes, from, to);
    const n = parser.data(bytes, from, to);
    if (!parser.isPaused) return n;
    this.#earlyOf(direction).keep(bytes, parser.at, to);
    return 0;
  }

  #earlyOf(direction: Direction): EarlyBytes {
    this.#early ??= [new EarlyBytes(this.#context, this.#parser0), new EarlyBytes(this.#context, this.#parser1)];
    return this.#early[direction];
  }

  gap(direction: Direction, missing: number): 'continue' | 'give-up' {
    if (this.#successor !== undefined) return 'give-up';
    // What was to be skipped is no loss to us.
    if (missing <= 0) return 'continue';
    this.#early?.[direction].resume();
    this.#parser(direction).gap(missing);
    return 'continue';
  }

  finished(direction: Direction): void {
    const parser = this.#parser(direction);
    if (this.#successor === undefined && !parser.isPaused) parser.finish(true);
  }

  expire(): void {
    this.#isArmed = false;
    const timeoutSeconds = this.#settings.timeoutSeconds;
    const { pending } = this.#pairing;
    while (pending.length > 0) {
      const [request] = pending;
      if (!request.isComplete || request.endSeconds + timeoutSeconds > this.#context.seconds) break;
      this.#publish(this.#pairing.expire(), undefined);
    }
    this.#arm();
  }

  end(reason: EndReason): void {
    // RFC 9112 section 8: a reset is an error of the connection, not the end of a body that lasts until it closes.
    const isClosed = reason === 'fin';
    for (const early of this.#early ?? []) early.resume();
    // Requests first: a response may be waiting for the end of its request.
    const requests = this.#requestDirection;
    this.#parser(requests).finish(isClosed);
    this.#parser(1 - requests).finish(isClosed);
    const { pending } = this.#pairing;
    for (const request of pending) this.#publish(request, undefined);
    pending.length = 0;
  }

  onHead(parser: Parser): Framing | typeof NO_MORE_HTTP {
    const message = parser.message!;
    return message.isRequest ? this.#onRequest(message, parser) : this.#onResponse(message, parser);
  }

  awaitsSimple(direction: Direction): boolean {
    const { pending } = this.#pairing;
    return direction !== this.#requestDirection && pending.length > 0 && pending[0].isSimple;
  }

  onBody(message: Message, bytes: Uint8Array, from: number, to: number): void {
    const body = message.body!;
    if (body.isCut) return;
    const before = body.capacity;
    body.append(bytes, from, to);
    const grown = body.capacity - before;
    message.held += grown;
    if (grown > 0 && !this.#context.hold(grown)) body.isCut = true;
    if (body.isCut) this.#context.count('limit');
  }

  onComplete(message: Message, direction: Direction): void {
    if (message.isRequest) {
      if (message === this.#earlyRequest) {
        const response = this.#earlyResponse;
        this.#earlyRequest = undefined;
        this.#earlyResponse = undefined;
        this.#publish(message, response);
      } else if (message.isQueued) {
        if (message.method === 'CONNECT') this.#earlyOf(direction).wait();
      } else if (message !== this.#answered) this.#publish(message, undefined);
      return;
    }
    this.#requestDirection = direction === 0 ? 1 : 0;
    if (isInterim(message)) {
      if (message.status !== 100 && this.#informational.length < MAX_INFORMATIONAL) {
        this.#informational = [...this.#informational, String(message.status)];
      }
      giveBack(message);
      return;
    }
    const request = this.#answered;
    this.#answered = undefined;
    if (request !== undefined) this.#pairing.answered(message);
    if (request === undefined || request.isComplete) this.#publish(request, message);
    else {
      this.#earlyRequest = request;
      this.#earlyResponse = message;
    }
  }

  #onRequest(request: Message, parser: Parser): Framing {
    this.#requestDirection = parser.direction;
    const framing = framingOf(request, '');
    // Not the room there is: that is as large as the largest head which was in it before.
    const held = request.headLength + MESSAGE_BYTES;
    if (this.#pairing.hasRoom && this.#hold(request, held)) {
      if (this.#pairing.add(request, this.#context.packet)) this.#arm();
    } else {
      this.#pairing.pass();
      this.#context.count('limit');
    }
    if (framing !== NO_BODY) this.#keepBody(request, this.#settings.requestBodyFor);
    return framing;
  }

  #onResponse(response: Message, parser: Parser): Framing | typeof NO_MORE_HTTP {
    if (isInterim(response)) {
      // What was lost before it was lost before the one that it announces.
      parser.lost = response.lostBefore;
      return NO_BODY;
    }
    // Responses in both directions at once: whoever mixes them can not be followed, but nothing gets lost.
    const before = this.#answered;
    if (before?.isComplete === true) this.#publish(before, undefined);
    const request = this.#pairing.next(response, this.#parser(1 - parser.direction));
    this.#answered = request;
    // Bodies that are HTTP themselves are told by their type (RFC 9112 section 10).
    response.isUnasked = request === undefined && !/^(message|application)\/http\b/i.test(response.contentType);
    response.informational = this.#informational;
    this.#informational = NONE;
    const isTunnel = request?.method === 'CONNECT' && response.status >= 200 && response.status < 300;
    if (response.status === 101 || isTunnel) {
      this.#successor = isTunnel ? '' : upgradeOf(response.upgrade || request?.upgrade || '');
      this.#answered = undefined;
      for (const { message } of [this.#parser0, this.#parser1])
        if (message !== request && message !== response) this.#letGo(message);
      this.#parser0.stop();
      this.#parser1.stop();
      if (this.#earlyRequest !== undefined) this.#publish(this.#earlyRequest, this.#earlyResponse);
      this.#earlyRequest = undefined;
      this.#requestDirection = parser.direction === 0 ? 1 : 0;
      this.#publish(request, response);
      return NO_MORE_HTTP;
    }
    if (request?.method === 'CONNECT' || this.#pairing.pending.length === 0)
      this.#early?.[1 - parser.direction].resume();
    const framing = framingOf(response, request?.method ?? '');
    if (framing !== NO_BODY) this.#keepBody(response, this.#settings.responseBodyFor);
    return framing;
  }

  /** A message that is open while HTTP ends, and that nobody else will tell. */
  #letGo(message: Message | undefined): void {
    if (message === undefined || message.isQueued || message === this.#earlyRequest) return;
    this.#publish(message.isRequest ? message : undefined, message.isRequest ? undefined : message);
  }

  #keepBody(message: Message, types: readonly string[]): void {
    if (types.length === 0 || message.contentType === '') return;
    const contentType = message.contentType.toLowerCase();
    if (!types.some((type) => contentType.includes(type))) return;
    const body = new KeptBody(Math.max(0, message.contentLength), this.#settings.maxStoredBytes);
    if (this.#hold(message, body.capacity)) message.body = body;
    else this.#context.count('limit');
  }

  #hold(message: Message, bytes: number): boolean {
    if (!this.#context.hold(bytes)) {
      this.#context.hold(-bytes);
      return false;
    }
    message.held += bytes;
    return true;
  }

  #arm(): void {
    const { pending } = this.#pairing;
    if (this.#isArmed || pending.length === 0) return;
    this.#isArmed = true;
    const due = pending[0].endSeconds + this.#settings.timeoutSeconds;
    this.#context.deadline(Math.max(due, this.#context.seconds + 1));
  }

  #publish(request: Message | undefined, response: Message | undefined): void {
    const flow = this.#context.flow;
    const from = this.#requestDirection;
    const record = describe(request, response, from === 0 ? flow.destinationPort : flow.sourcePort, this.#settings);
    if (from === 0) record.forwardedIp ??= flow.forwardedIp;
    if (record.ambiguous !== undefined) this.#context.count('ambiguous');
    if (request === undefined) this.#context.count('unmatchedResponses');
    if (response === undefined) this.#context.count('unmatchedRequests');
    this.#context.emit(http, record, from);
    if (request !== undefined) this.#giveBack(request);
    if (response !== undefined) this.#giveBack(response);
  }

  #giveBack(message: Message): void {
    if (message.held > 0) this.#context.hold(-message.held);
    giveBack(message);
  }

  #handOver(rest: number, early?: Uint8Array): Verdict {
    const successor = this.#successor!;
    if (successor === '') {
      this.#context.handOver('', rest, early);
      return 'ok';
    }
    this.#context.name(successor);
    return 'done';
  }
}

/** 1xx responses do not end a transaction (RFC 9110 section 15.2); 101 does, in its way. */
function isInterim(response: Message): boolean {
  return response.status < 200 && response.status !== 101 && !response.isSimple;
}

/** What the flow is called after an upgrade; '' when its content shall tell. */
function upgradeOf(upgrade: string): string {
  const protocol = upgrade.split(/[,/;]/, 1)[0].trim();
  if (protocol === 'websocket') return 'websocket';
  return protocol === 'h2c' ? 'h2' : '';
}
