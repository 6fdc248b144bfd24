// What belongs to one DHCPv6 exchange, and what it comes to: from SOLICIT, RENEW, INFORMATION-REQUEST, … to REPLY. SOLICIT and REQUEST
// have a transaction id each (RFC 8415 section 16.1) and belong to one exchange.

import { Exchange, type Fact, remember } from '../dhcp-exchange/exchange.ts';
import { Exchanges } from '../dhcp-exchange/exchanges.ts';
import * as code from './codes.ts';

export interface FactAddress {
  readonly iaid: string;
  readonly ip: string;
  readonly preferred: number;
  readonly valid: number;
  readonly statusCode: string | undefined;
  readonly statusMessage: string | undefined;
}
export interface FactPrefix {
  readonly iaid: string;
  readonly prefix: string;
  readonly preferred: number;
  readonly valid: number;
  readonly statusCode: string | undefined;
  readonly statusMessage: string | undefined;
}
export interface FactAssociation {
  readonly type: string;
  readonly iaid: string;
  readonly t1: number | undefined;
  readonly t2: number | undefined;
  readonly statusCode: string | undefined;
  readonly statusMessage: string | undefined;
}

/** What one message adds to its exchange. */
export interface Dhcpv6Fact extends Fact {
  readonly clientIp: string;
  readonly serverIp: string | undefined;
  /** Link addresses of the relay agents, outermost first. */
  readonly relays: readonly string[];
  readonly addresses: readonly FactAddress[] | undefined;
  readonly told: ToldByMessage;
}

export interface ToldByMessage {
  clientId?: string | undefined;
  clientMac?: string | undefined;
  serverId?: string | undefined;
  associations?: readonly FactAssociation[] | undefined;
  prefixes?: readonly FactPrefix[] | undefined;
  statusCode?: string | undefined;
  statusMessage?: string | undefined;
  fqdn?: string | undefined;
  dnsServers?: readonly string[] | undefined;
  domainList?: readonly string[] | undefined;
}

export type Outcome =
  | 'leased'
  | 'informed'
  | 'refused'
  | 'confirmed'
  | 'released'
  | 'declined'
  | 'answered'
  | 'advertised'
  | 'unanswered';

export class Dhcpv6Exchange extends Exchange<Dhcpv6Fact> {
  override outcome: Outcome = 'unanswered';
  override readonly told: ToldByMessage = {};
  clientIp: string | undefined = undefined;
  serverIp: string | undefined = undefined;
  addresses: readonly FactAddress[] | undefined = undefined;
  readonly relays: string[] = [];
  readonly servers: string[] = [];

  override get isOver(): boolean {
    return this.outcome !== 'unanswered' && this.outcome !== 'advertised';
  }

  protected override learn(fact: Dhcpv6Fact, seconds: number, nanos: number): void {
    for (const link of fact.relays) remember(this.relays, link);
    this.addresses = fact.addresses ?? this.addresses;
    this.clientIp = fact.clientIp;
    this.serverIp = fact.serverIp ?? this.serverIp;
    const given = (fact.addresses ?? []).map(({ ip }) => ip);
    this.relate([fact.source, fact.destination, fact.clientIp, ...given], (address) => address.startsWith('ff'));
    if (fact.type === code.RECONFIGURE) {
      this.action = fact.name;
      this.hasRequest = true;
      this.outcome = 'answered';
    } else if (fact.isReply) this.#answered(fact);
    else this.asked(fact.name, fact.type, seconds, nanos);
  }

  #answered(fact: Dhcpv6Fact): void {
    this.hasAnswer = true;
    if (fact.told.serverId !== undefined) remember(this.servers, fact.told.serverId);
    if (fact.type === code.ADVERTISE) {
      this.outcome = 'advertised';
      return;
    }
    const isSuccess = (fact.told.statusCode ?? code.STATUS_SUCCESS) === code.STATUS_SUCCESS;
    const isLease =
      fact.addresses?.some(({ valid }) => valid > 0) === true ||
      fact.told.prefixes?.some(({ valid }) => valid > 0) === true;
    switch (this.requestType) {
      case code.INFORMATION_REQUEST:
        this.outcome = isSuccess ? 'informed' : 'refused';
        break;
      case code.CONFIRM:
        this.outcome = isSuccess ? 'confirmed' : 'refused';
        break;
      case code.RELEASE:
        this.outcome = 'released';
        break;
      case code.DECLINE:
        this.outcome = 'declined';
        break;
      case code.SOLICIT:
      case code.REQUEST:
      case code.RENEW:
      case code.REBIND:
        this.outcome = isSuccess && isLease ? 'leased' : 'refused';
        break;
      default:
        this.outcome = isLease ? 'leased' : 'answered';
    }
  }
}

export class Dhcpv6Exchanges extends Exchanges<Dhcpv6Fact, Dhcpv6Exchange> {
  /** By client: the exchange that began with SOLICIT and still waits. */
  readonly #soliciting = new Map<string, Dhcpv6Exchange>();

  protected override begin(fact: Dhcpv6Fact, seconds: number, nanos: number): Dhcpv6Exchange {
    return new Dhcpv6Exchange(fact, seconds, nanos);
  }

  protected override answers(exchange: Dhcpv6Exchange): boolean {
    return exchange.hasRequest;
  }

  protected override isCopy(settled: Dhcpv6Exchange, fact: Dhcpv6Fact): boolean {
    return fact.isReply || fact.type === settled.requestType;
  }

  protected override earlierOne(fact: Dhcpv6Fact): Dhcpv6Exchange | undefined {
    return fact.type === code.REQUEST ? this.#soliciting.get(fact.client) : undefined;
  }

  protected override waits(exchange: Dhcpv6Exchange, fact: Dhcpv6Fact): void {
    if (fact.type === code.SOLICIT) this.#soliciting.set(exchange.client, exchange);
  }

  protected override leaves(exchange: Dhcpv6Exchange): void {
    if (this.#soliciting.get(exchange.client) === exchange) this.#soliciting.delete(exchange.client);
  }
}
