// Exchanges to records.

import type { Address } from '../../records/address.ts';
import { parseAddress } from '../../records/parse-address.ts';
import { blankRecord } from '../../records/record.ts';
import type { GatherContext, Gatherer } from '../protocol.ts';
import { type Dhcpv4Fact, type Exchange, Exchanges } from './exchange.ts';
import { dhcpv4ExchangeRecord } from './exchange-record.ts';
import type { Dhcpv4Options } from './options.ts';

const blank = blankRecord(dhcpv4ExchangeRecord);
const record = blankRecord(dhcpv4ExchangeRecord);

export class Dhcpv4Gatherer implements Gatherer {
  readonly #context: GatherContext;
  readonly #exchanges: Exchanges;

  constructor(context: GatherContext, options: Dhcpv4Options) {
    this.#context = context;
    this.#exchanges = new Exchanges(
      options.transaction_timeout,
      (exchange) => this.#publish(exchange),
      () => context.count('limit'),
    );
  }

  get due(): number {
    return this.#exchanges.due;
  }
  take(fact: object, seconds: number, nanos: number): void {
    this.#exchanges.take(fact as Dhcpv4Fact, seconds, nanos);
  }
  expire(seconds: number): void {
    this.#exchanges.expire(seconds);
  }

  #publish(exchange: Exchange): void {
    if (!exchange.hasAnswer && !exchange.isOver) this.#context.count('unmatchedRequests');
    if (!exchange.hasRequest) this.#context.count('unmatchedResponses');
    fill(exchange);
    this.#context.emit(dhcpv4ExchangeRecord, record);
  }
}

function fill(exchange: Exchange): void {
  const { told, outcome } = exchange;
  const { linkSelection, ...plain } = told;
  Object.assign(record, blank, plain);
  record.linkSelection = address(linkSelection);
  record.startSeconds = exchange.startSeconds;
  record.startNanos = exchange.startNanos;
  record.endSeconds = exchange.endSeconds;
  record.endNanos = exchange.endNanos;
  record.duration = elapsed(exchange, exchange.startSeconds, exchange.startNanos);
  record.eventAction = exchange.action;
  record.outcome = outcome;
  const notes = notesOf(exchange);
  record.errorMessage = notes.length > 0 ? notes : undefined;
  const isGood = outcome === 'leased' || outcome === 'informed' || outcome === 'released' || outcome === 'answered';
  record.status = isGood && exchange.hasRequest ? 'OK' : 'Error';
  record.sourceIp = address(exchange.assignedIp ?? exchange.currentIp ?? exchange.requestedIp);
  record.destinationIp = address(exchange.server);
  record.networkBytes = exchange.bytes;
  record.networkPackets = exchange.packets;
  record.vlan = exchange.vlan;
  record.relatedIp = [...exchange.addresses];
  record.transactionId = exchange.transactionId;
  record.clientMac = exchange.clientMac;
  record.assignedIp = address(exchange.assignedIp);
  record.relayIp = address(exchange.relayIp);
  record.requestedIp = address(exchange.requestedIp);
  record.serverIdentifier = address(exchange.server);
  record.messages = exchange.messages;
  record.retransmissions = exchange.retransmissions || undefined;
  record.relayed = exchange.relayed || undefined;
  record.offers = exchange.offers.length > 0 ? exchange.offers : undefined;
  record.timeToOffer = exchange.timeToOffer;
  record.timeToAnswer =
    exchange.isOver && exchange.hasRequest && exchange.hasAnswer
      ? elapsed(exchange, exchange.requestSeconds, exchange.requestNanos)
      : undefined;
  if (outcome === 'leased' && told.leaseTime !== undefined && told.leaseTime !== FOREVER) {
    record.leaseEndSeconds = exchange.endSeconds + told.leaseTime;
    record.leaseEndNanos = exchange.endNanos;
  }
  record.flows = exchange.flows;
}

/** RFC 2131 section 3.3: a lease without end. */
const FOREVER = 0xffffffff;

function elapsed(exchange: Exchange, seconds: number, nanos: number): number {
  return Math.max(0, (exchange.endSeconds - seconds) * 1e9 + (exchange.endNanos - nanos));
}

function notesOf(exchange: Exchange): string[] {
  const notes: string[] = [];
  if (!exchange.hasRequest) notes.push("The client's message was not seen");
  switch (exchange.outcome) {
    case 'unanswered':
      notes.push('No answer was received');
      break;
    case 'offered':
      notes.push(
        exchange.messages.includes('request')
          ? 'The request after the offer was not answered'
          : 'No request followed the offer',
      );
      break;
    case 'refused':
      notes.push(
        exchange.told.message === undefined ? 'The server refused' : `The server refused: ${exchange.told.message}`,
      );
      break;
    case 'declined':
      notes.push('The client declined: the address is in use');
      break;
    default:
  }
  return notes;
}

function address(text: string | undefined): Address | undefined {
  return text === undefined ? undefined : parseAddress(text);
}
