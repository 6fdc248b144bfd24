// Exchanges to records: what those of DHCPv4 and DHCPv6 tell alike.

import type { Address } from '../../records/address.ts';
import { LAST_SECOND } from '../../records/columns.ts';
import type { Fields } from '../../records/field.ts';
import { parseAddress } from '../../records/parse-address.ts';
import type { RecordOf, RecordType } from '../../records/record.ts';
import type { GatherContext, Gatherer } from '../protocol.ts';
import { endAt } from '../span.ts';
import type { Exchange, Fact } from './exchange.ts';
import type { Exchanges } from './exchanges.ts';

/** A lifetime without end (RFC 2131 section 3.3, RFC 8415 section 7.7). */
export const FOREVER = 0xffffffff;

/** The fields of `exchangeFields` that are filled here. */
interface CommonRecord {
  startSeconds: number;
  startNanos: number;
  endSeconds: number;
  endNanos: number;
  duration: number;
  eventAction?: string | undefined;
  outcome: string;
  errorMessage?: readonly string[] | undefined;
  networkBytes: number;
  networkPackets: number;
  vlan?: readonly string[] | undefined;
  relatedIp: readonly string[];
  messages: readonly string[];
  retransmissions?: number | undefined;
  relayed?: number | undefined;
  timeToAnswer?: number | undefined;
  flows: readonly string[];
}

/** `notes`: why the exchange failed or is odd. */
export function fillExchange(record: CommonRecord, exchange: Exchange, notes: readonly string[]): void {
  record.startSeconds = exchange.startSeconds;
  record.startNanos = exchange.startNanos;
  record.duration = endAt(record, exchange.endSeconds, exchange.endNanos);
  record.eventAction = exchange.action;
  record.outcome = exchange.outcome;
  record.errorMessage = notes.length > 0 ? notes : undefined;
  record.networkBytes = exchange.bytes;
  record.networkPackets = exchange.packets;
  record.vlan = exchange.vlan;
  record.relatedIp = [...exchange.related];
  record.messages = exchange.messages;
  record.retransmissions = exchange.retransmissions || undefined;
  record.relayed = exchange.relayed || undefined;
  record.timeToAnswer =
    exchange.isOver && exchange.hasRequest && exchange.hasAnswer
      ? exchange.elapsedSince(exchange.requestSeconds, exchange.requestNanos)
      : undefined;
  record.flows = exchange.flows;
}

/** When a lease of so many seconds runs out; one that has no end, or that ends after all times that can be told, has none here either. */
export function fillLeaseEnd(
  record: { leaseEndSeconds?: number | undefined; leaseEndNanos?: number | undefined },
  { endSeconds, endNanos }: Pick<Exchange, 'endSeconds' | 'endNanos'>,
  leaseSeconds: number,
): void {
  const seconds = endSeconds + leaseSeconds;
  if (leaseSeconds === FOREVER || seconds > LAST_SECOND) return;
  record.leaseEndSeconds = seconds;
  record.leaseEndNanos = endNanos;
}

/** What is odd about exchanges of either version; `refused`, `halfWay`: what to say of those outcomes. */
export function notesOf(exchange: Exchange, halfWay: string, offer: string, refused: () => string): string[] {
  const notes: string[] = [];
  if (!exchange.hasRequest) notes.push("The client's message was not seen");
  if (exchange.outcome === 'unanswered') notes.push('No answer was received');
  else if (exchange.outcome === halfWay) {
    const isAsked = exchange.messages.includes('request');
    notes.push(isAsked ? `The request after the ${offer} was not answered` : `No request followed the ${offer}`);
  } else if (exchange.outcome === 'refused') notes.push(refused());
  else if (exchange.outcome === 'declined') notes.push('The client declined: the address is in use');
  return notes;
}

export function address(text: string | undefined): Address | undefined {
  return text === undefined ? undefined : parseAddress(text);
}

/** How a gatherer gets its exchanges: told what to do with one that is over, and with each that there is no room for. */
export type MakeExchanges<F extends Fact, E extends Exchange<F>> = (
  publish: (exchange: E) => void,
  full: () => void,
) => Exchanges<F, E>;

export class ExchangeGatherer<F extends Fact, E extends Exchange<F>, G extends Fields> implements Gatherer {
  readonly #context: GatherContext;
  readonly #type: RecordType<G>;
  readonly #describe: (exchange: E) => RecordOf<G>;
  readonly #exchanges: Exchanges<F, E>;

  constructor(
    context: GatherContext,
    type: RecordType<G>,
    describe: (exchange: E) => RecordOf<G>,
    make: MakeExchanges<F, E>,
  ) {
    this.#context = context;
    this.#type = type;
    this.#describe = describe;
    this.#exchanges = make(
      (exchange) => this.#publish(exchange),
      () => context.count('limit'),
    );
  }

  get due(): number {
    return this.#exchanges.due;
  }
  take(fact: object, seconds: number, nanos: number): void {
    this.#exchanges.take(fact as F, seconds, nanos);
  }
  expire(seconds: number): void {
    this.#exchanges.expire(seconds);
  }

  #publish(exchange: E): void {
    if (!exchange.hasAnswer && !exchange.isOver) this.#context.count('unmatchedRequests');
    if (!exchange.hasRequest) this.#context.count('unmatchedResponses');
    this.#context.emit(this.#type, this.#describe(exchange));
  }
}
