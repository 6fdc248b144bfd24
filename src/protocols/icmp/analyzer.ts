// ICMP messages of one flow (two addresses, a request type and its reply type) to transactions.
//
// Echo, timestamp, information and mask requests wait for their reply, and either alone is odd. Discovery (routers, neighbours)
// is paired when both halves are in the flow, but the answer often belongs to another one (the question went to a multicast
// address): a half alone is an ordinary record then. Everything else is a record at once.

import { communityId } from '../../flow/community-id.ts';
import { Address } from '../../records/address.ts';
import { wireText } from '../../records/text.ts';
import { EarlyAnswers, type Moment } from '../early.ts';
import type { Analyzer, Context, Direction, EndReason, Verdict } from '../protocol.ts';
import { endAt } from '../span.ts';
import { type EarlyReply, EXCHANGE_BYTES, type Exchange, exchangeKey, isEcho } from './exchange.ts';
import { extensionOffset, mplsLabels } from './extensions.ts';
import { HEADER_LENGTH, IcmpMessage } from './message.ts';
import { groupsOf } from './multicast.ts';
import type { IcmpOptions } from './options.ts';
import { protocolKeyword, QuotedTuple, quotedTuple } from './quoted.ts';
import { clear, emptyRecord, icmpRecord } from './record.ts';
import { readRouter, readRouterV4 } from './router.ts';
import {
  type IcmpVersion,
  messageName,
  quotesPacket,
  Role,
  V4_ROUTER_ADVERTISEMENT,
  V6_ROUTER_ADVERTISEMENT,
} from './types.ts';

// Packetbeat's words: people search for them.
const DUPLICATE_REQUEST = [
  'Another request with the same Id and Seq was received so this request was closed without receiving a response.',
];
const ORPHANED_REQUEST = ['Request was received without an associated response.'];
const ORPHANED_RESPONSE = ['Response was received without an associated request.'];

/** Most of a message's data that goes into `request` or `response`. */
const MAX_TEXT_BYTES = 4096;
const IP_ICMPV6 = 58;

const HEX = '0123456789ABCDEF';

function macAddress(bytes: Uint8Array, at: number): string {
  let text = '';
  for (let i = 0; i < 6; i++) text += `${i === 0 ? '' : '-'}${HEX[bytes[at + i] >> 4]}${HEX[bytes[at + i] & 15]}`;
  return text;
}

function isMulticast(address: Address): boolean {
  return address.v6 ? address.w0 >>> 24 === 0xff : address.w3 >>> 28 === 0xe;
}

// A scan makes an analyzer per address: what is only needed during a call is shared by all of them.
const message = new IcmpMessage();
const record = emptyRecord();
const quoted = new QuotedTuple();
const NOTHING_WAITS: Map<number | string, Exchange> = new Map();

export class IcmpAnalyzer implements Analyzer {
  readonly #context: Context;
  readonly #options: IcmpOptions;
  readonly #version: IcmpVersion;
  /** In the order of the requests, so the first is the first to expire. */
  #waiting: Map<number | string, Exchange> = NOTHING_WAITS;
  /** Replies whose request may still come. */
  #early: EarlyAnswers<EarlyReply> | undefined = undefined;

  constructor(context: Context, options: IcmpOptions) {
    this.#context = context;
    this.#options = options;
    this.#version = context.flow.protocol === IP_ICMPV6 || context.flow.source.v6 ? 6 : 4;
  }

  message(direction: Direction, bytes: Uint8Array, from: number, to: number, wireLength: number): Verdict {
    if (this.#early !== undefined) this.#giveUpEarly(this.#early);
    const isCut = wireLength > to - from;
    if (!message.read(bytes, from, to, wireLength, this.#version)) {
      this.#context.count(isCut ? 'truncated' : 'malformed');
      return 'ok';
    }
    if (message.isBroken) this.#context.count(isCut ? 'truncated' : 'malformed');
    switch (message.role) {
      case Role.request:
      case Role.solicitation:
        this.#request(direction, bytes, from, to);
        if (this.#early !== undefined) this.#answerEarly(this.#early, direction, bytes, from, to);
        break;
      case Role.response:
      case Role.advertisement:
        this.#response(direction, bytes, from, to, wireLength, this.#context);
        break;
      default:
        this.#alone(direction, bytes, from, to);
    }
    return 'ok';
  }

  expire(): void {
    if (this.#early !== undefined) {
      this.#giveUpEarly(this.#early);
      if (!this.#early.isEmpty) this.#context.deadline(this.#early.due);
    }
    for (const exchange of this.#waiting.values()) {
      const due = this.#due(exchange);
      if (due > this.#context.seconds) {
        this.#context.deadline(due);
        return;
      }
      this.#close(exchange, ORPHANED_REQUEST);
    }
  }

  end(_reason: EndReason): void {
    const early = this.#early;
    for (let reply = early?.takeOldest(); reply !== undefined; reply = early?.takeOldest()) this.#publishEarly(reply);
    for (const exchange of this.#waiting.values()) this.#close(exchange, ORPHANED_REQUEST);
  }

  /** The first whole second at which the request has waited for the whole timeout. */
  #due(exchange: Exchange): number {
    return exchange.seconds + Math.ceil(exchange.nanos / 1e9 + this.#options.transaction_timeout);
  }

  #request(direction: Direction, bytes: Uint8Array, from: number, to: number): void {
    if (message.role === Role.solicitation && this.#goesToMany(direction)) {
      this.#alone(direction, bytes, from, to);
      return;
    }
    const context = this.#context;
    const key = exchangeKey(message, direction, this.#version, bytes, from, to);
    const earlier = this.#waiting.get(key);
    if (earlier !== undefined) {
      if (earlier.role === Role.request) context.count('duplicateRequests');
      this.#close(earlier, DUPLICATE_REQUEST);
    }
    const text = this.#options.send_request ? this.#text(bytes, from, to) : undefined;
    const held = EXCHANGE_BYTES + (text === undefined ? 0 : text.length);
    let fits = context.hold(held);
    while (!fits && this.#waiting.size > 0) {
      this.#giveUpOldest();
      fits = context.hold(0);
    }
    const exchange: Exchange = {
      key,
      direction,
      type: message.type,
      code: message.code,
      role: message.role,
      seconds: context.seconds,
      nanos: context.nanos,
      payloadBytes: message.payloadBytes,
      identifier: message.identifier,
      sequence: message.sequence,
      text,
      target: message.hasTarget ? new Address().copy(message.target) : undefined,
      linkLayerAddress: message.linkLayerAt < 0 ? undefined : macAddress(bytes, message.linkLayerAt),
      held,
    };
    if (this.#waiting.size === 0) context.deadline(this.#due(exchange));
    if (this.#waiting === NOTHING_WAITS) this.#waiting = new Map();
    this.#waiting.set(key, exchange);
  }

  /** Makes room: an eighth at a time, because finding the first entry of a map walks over all that were taken out of it. */
  #giveUpOldest(): void {
    let left = Math.ceil(this.#waiting.size / 8);
    for (const exchange of this.#waiting.values()) {
      this.#context.count('limit');
      this.#close(exchange, ORPHANED_REQUEST);
      if (--left === 0) return;
    }
  }

  #response(direction: Direction, bytes: Uint8Array, from: number, to: number, wireLength: number, at: Moment): void {
    const asker: Direction = direction === 0 ? 1 : 0;
    const key = exchangeKey(message, asker, this.#version, bytes, from, to);
    const exchange = this.#waiting.get(key);
    if (exchange !== undefined) {
      this.#takeRequest(exchange);
      record.duration = endAt(record, at.seconds, at.nanos);
      this.#answer(asker, bytes, from, to);
    } else if (message.role === Role.advertisement) this.#alone(direction, bytes, from, to);
    else if (!this.#waitForRequest(key, direction, bytes, from, to, wireLength))
      this.#orphan(asker, bytes, from, to, at);
  }

  /** Publishes the response at hand with what the record has already: times, and what its request said. */
  #answer(asker: Direction, bytes: Uint8Array, from: number, to: number): void {
    record.destinationBytes = message.payloadBytes || undefined;
    record.responseMessage = messageName(this.#version, message.type, message.code);
    record.responseType = message.type;
    record.responseCode = message.code;
    if (this.#options.send_response) record.response = this.#text(bytes, from, to);
    this.#identify(message.type, message.identifier, message.sequence);
    this.#discover(bytes, from, to);
    this.#emit(asker);
  }

  #orphan(asker: Direction, bytes: Uint8Array, from: number, to: number, at: Moment): void {
    this.#context.count('unmatchedResponses');
    record.startSeconds = at.seconds;
    record.startNanos = at.nanos;
    endAt(record, at.seconds, at.nanos);
    record.errorMessage = ORPHANED_RESPONSE;
    this.#answer(asker, bytes, from, to);
  }

  /** Keeps a response that nobody has asked for, for a moment; false: there is no room. */
  #waitForRequest(
    key: number | string,
    direction: Direction,
    bytes: Uint8Array,
    from: number,
    to: number,
    wireLength: number,
  ): boolean {
    const { seconds, nanos } = this.#context;
    const cost = EXCHANGE_BYTES + to - from;
    this.#early ??= new EarlyAnswers(this.#context);
    if (!this.#early.add({ key, direction, bytes: bytes.slice(from, to), wireLength, seconds, nanos, cost }))
      return false;
    this.#context.deadline(this.#early.due);
    return true;
  }

  /** If the response to the request at hand was captured before it, it comes now. */
  #answerEarly(
    early: EarlyAnswers<EarlyReply>,
    direction: Direction,
    bytes: Uint8Array,
    from: number,
    to: number,
  ): void {
    const key = exchangeKey(message, direction, this.#version, bytes, from, to);
    const reply = early.take(this.#context, this.#options.transaction_timeout, (one) => one.key === key);
    if (reply === undefined) return;
    const end = this.#readAgain(reply);
    this.#response(reply.direction, reply.bytes, 0, end, reply.wireLength, reply);
  }

  #giveUpEarly(early: EarlyAnswers<EarlyReply>): void {
    const { seconds, nanos } = this.#context;
    for (;;) {
      const reply = early.takeLate(seconds, nanos);
      if (reply === undefined) return;
      this.#publishEarly(reply);
    }
  }

  #publishEarly(reply: EarlyReply): void {
    const to = this.#readAgain(reply);
    this.#orphan(reply.direction === 0 ? 1 : 0, reply.bytes, 0, to, reply);
  }

  /** Makes it the message at hand; returns where it ends. */
  #readAgain({ bytes, wireLength }: EarlyReply): number {
    message.read(bytes, 0, bytes.length, wireLength, this.#version);
    return bytes.length;
  }

  /** A message that waits for nothing: it is its own transaction, and its sender the source. */
  #alone(direction: Direction, bytes: Uint8Array, from: number, to: number): void {
    record.startSeconds = this.#context.seconds;
    record.startNanos = this.#context.nanos;
    record.sourceBytes = message.payloadBytes || undefined;
    record.requestMessage = messageName(this.#version, message.type, message.code);
    record.requestType = message.type;
    record.requestCode = message.code;
    if (this.#options.send_request) record.request = this.#text(bytes, from, to);
    if (message.role === Role.error) record.status = 'Error';
    if (message.mtu >= 0) record.mtu = message.mtu;
    if (message.pointer >= 0) record.pointer = message.pointer;
    if (message.hasGateway) record.gateway = message.gateway;
    if (this.#version === 6) record.multicastGroups = groupsOf(bytes, from, to);
    this.#discover(bytes, from, to);
    if (quotesPacket(this.#version, message.type)) this.#quote(bytes, from, to);
    this.#emit(direction);
  }

  #quote(bytes: Uint8Array, from: number, to: number): void {
    const extension = extensionOffset(bytes, from, to, this.#version);
    if (extension >= 0) record.mpls = mplsLabels(bytes, extension, to);
    if (!quotedTuple(bytes, from, to, this.#version, quoted)) return;
    record.quotedSourceIp = quoted.source;
    record.quotedDestinationIp = quoted.destination;
    record.quotedTransport = protocolKeyword(quoted.protocol);
    if (quoted.hasPorts) {
      record.quotedSourcePort = quoted.sourcePort;
      record.quotedDestinationPort = quoted.destinationPort;
    }
    if (!quoted.isWhole) return;
    const { source, destination, protocol, sourcePort, destinationPort } = quoted;
    record.quotedCommunityId = communityId(source, destination, protocol, sourcePort, destinationPort);
  }

  #takeRequest(exchange: Exchange): void {
    this.#waiting.delete(exchange.key);
    this.#context.hold(-exchange.held);
    record.startSeconds = exchange.seconds;
    record.startNanos = exchange.nanos;
    record.sourceBytes = exchange.payloadBytes || undefined;
    record.requestMessage = messageName(this.#version, exchange.type, exchange.code);
    record.requestType = exchange.type;
    record.requestCode = exchange.code;
    record.request = exchange.text;
    record.ndTarget = exchange.target;
    record.ndLinkLayerAddress = exchange.linkLayerAddress;
    this.#identify(exchange.type, exchange.identifier, exchange.sequence);
  }

  /** Publishes a request that got no response. */
  #close(exchange: Exchange, note: readonly string[]): void {
    this.#takeRequest(exchange);
    if (exchange.role === Role.request) {
      record.errorMessage = note;
      if (note === ORPHANED_REQUEST) this.#context.count('unmatchedRequests');
    }
    this.#emit(exchange.direction);
  }

  #identify(type: number, identifier: number, sequence: number): void {
    if (!isEcho(this.#version, type)) return;
    record.echoIdentifier = identifier;
    record.echoSequence = sequence;
  }

  #discover(bytes: Uint8Array, from: number, to: number): void {
    if (this.#version === 6 && message.type === V6_ROUTER_ADVERTISEMENT) readRouter(record, bytes, from, to);
    if (this.#version === 4 && message.type === V4_ROUTER_ADVERTISEMENT) readRouterV4(record, bytes, from, to);
    if (message.hasTarget) record.ndTarget = message.target;
    if (message.linkLayerAt >= 0) record.ndLinkLayerAddress = macAddress(bytes, message.linkLayerAt);
  }

  #goesToMany(direction: Direction): boolean {
    const { source, destination } = this.#context.flow;
    return isMulticast(direction === 0 ? destination : source);
  }

  #text(bytes: Uint8Array, from: number, to: number): string {
    const start = from + HEADER_LENGTH;
    return wireText(bytes, start, Math.min(to, start + MAX_TEXT_BYTES));
  }

  #emit(from: Direction): void {
    record.version = this.#version;
    if (record.errorMessage !== undefined) record.status = 'Error';
    const networkBytes = (record.sourceBytes ?? 0) + (record.destinationBytes ?? 0);
    record.networkBytes = networkBytes || undefined;
    this.#context.emit(icmpRecord, record, from);
    clear(record);
  }
}
