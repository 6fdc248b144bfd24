// Exchanges to records.

import type { Address } from '../../records/address.ts';
import { parseAddress } from '../../records/parse-address.ts';
import { blankRecord } from '../../records/record.ts';
import type { GatherContext, Gatherer } from '../protocol.ts';
import { type Dhcpv6Fact, type Exchange, Exchanges } from './exchange.ts';
import { dhcpv6ExchangeRecord } from './exchange-record.ts';
import type { Dhcpv6Options } from './options.ts';
import type { AssociationAddress } from './record.ts';

const blank = blankRecord(dhcpv6ExchangeRecord);
const record = blankRecord(dhcpv6ExchangeRecord);

export class Dhcpv6Gatherer implements Gatherer {
  readonly #context: GatherContext;
  readonly #exchanges: Exchanges;

  constructor(context: GatherContext, options: Dhcpv6Options) {
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
    this.#exchanges.take(fact as Dhcpv6Fact, seconds, nanos);
  }
  expire(seconds: number): void {
    this.#exchanges.expire(seconds);
  }

  #publish(exchange: Exchange): void {
    if (!exchange.hasAnswer && !exchange.isOver) this.#context.count('unmatchedRequests');
    if (!exchange.hasRequest) this.#context.count('unmatchedResponses');
    fill(exchange);
    this.#context.emit(dhcpv6ExchangeRecord, record);
  }
}

function fill(exchange: Exchange): void {
  Object.assign(record, blank, exchange.told);
  record.startSeconds = exchange.startSeconds;
  record.startNanos = exchange.startNanos;
  record.endSeconds = exchange.endSeconds;
  record.endNanos = exchange.endNanos;
  record.duration = elapsed(exchange, exchange.startSeconds, exchange.startNanos);
  record.eventAction = exchange.action;
  record.outcome = exchange.outcome;
  const notes = notesOf(exchange);
  record.errorMessage = notes.length > 0 ? notes : undefined;
  record.status = notes.length > 0 ? 'Error' : 'OK';
  record.sourceIp = address(exchange.clientIp);
  record.destinationIp = address(exchange.serverIp);
  record.networkBytes = exchange.bytes;
  record.networkPackets = exchange.packets;
  record.vlan = exchange.vlan;
  record.relatedIp = [...exchange.related];
  record.transactionIds = exchange.transactionIds;
  record.addresses = exchange.addresses?.flatMap(withAddress);
  record.relayLinks = exchange.relays.length > 0 ? exchange.relays : undefined;
  record.messages = exchange.messages;
  record.retransmissions = exchange.retransmissions || undefined;
  record.relayed = exchange.relayed || undefined;
  record.servers = exchange.servers.length > 0 ? exchange.servers : undefined;
  record.flows = exchange.flows;
  if (exchange.isOver && exchange.hasRequest && exchange.hasAnswer) {
    record.timeToAnswer = elapsed(exchange, exchange.requestSeconds, exchange.requestNanos);
  }
  if (exchange.outcome === 'leased') fillLease(exchange);
}

/** RFC 8415 section 7.7: a lifetime without end. */
const FOREVER = 0xffffffff;

function fillLease(exchange: Exchange): void {
  record.assignedIp = address(exchange.addresses?.find(({ valid }) => valid > 0)?.ip);
  let shortest = FOREVER;
  for (const { valid } of [...(exchange.addresses ?? []), ...(exchange.told.prefixes ?? [])]) {
    if (valid > 0 && valid < shortest) shortest = valid;
  }
  if (shortest === FOREVER) return;
  record.leaseEndSeconds = exchange.endSeconds + shortest;
  record.leaseEndNanos = exchange.endNanos;
}

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
    case 'advertised':
      notes.push(
        exchange.messages.includes('request')
          ? 'The request after the advertisement was not answered'
          : 'No request followed the advertisement',
      );
      break;
    case 'refused':
      notes.push(['The server gave nothing', ...statusesOf(exchange)].join(': '));
      break;
    case 'declined':
      notes.push('The client declined: the address is in use');
      break;
    default:
  }
  return notes;
}

/** The first status that is no success, with its words. */
function statusesOf(exchange: Exchange): string[] {
  const { told, addresses } = exchange;
  for (const holder of [told, ...(told.associations ?? []), ...(told.prefixes ?? []), ...(addresses ?? [])]) {
    if (holder.statusCode === undefined || holder.statusCode === 'Success') continue;
    return holder.statusMessage === undefined ? [holder.statusCode] : [holder.statusCode, holder.statusMessage];
  }
  return [];
}

function withAddress({ ip, ...rest }: { ip: string } & Omit<AssociationAddress, 'ip'>): AssociationAddress[] {
  const parsed = address(ip);
  return parsed === undefined ? [] : [{ ...rest, ip: parsed }];
}

function address(text: string | undefined): Address | undefined {
  return text === undefined ? undefined : parseAddress(text);
}
