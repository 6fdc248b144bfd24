// What belongs to one DHCPv4 exchange, and what it comes to: from DISCOVER, a renewal, INFORM, RELEASE, … to ACK or NAK. Truth: RFC 2131
// sections 3 and 4.4.

import { Exchange, type Fact, MAX_LISTED } from '../dhcp-exchange/exchange.ts';
import { Exchanges } from '../dhcp-exchange/exchanges.ts';
import * as code from './codes.ts';

/** What one message adds to its exchange; `type` 0: BOOTP. */
export interface Dhcpv4Fact extends Fact {
  readonly clientMac: string | undefined;
  readonly currentIp: string | undefined;
  readonly assignedIp: string | undefined;
  readonly relayIp: string | undefined;
  readonly requestedIp: string | undefined;
  readonly serverIdentifier: string | undefined;
  readonly told: ToldByMessage;
}

export interface ToldByMessage {
  hostname?: string | undefined;
  classIdentifier?: string | undefined;
  leaseTime?: number | undefined;
  renewalTime?: number | undefined;
  rebindingTime?: number | undefined;
  message?: string | undefined;
  clientIdentifier?: string | undefined;
  fqdn?: string | undefined;
  fingerprint?: string | undefined;
  circuitId?: string | undefined;
  remoteId?: string | undefined;
  linkSelection?: string | undefined;
  subscriberId?: string | undefined;
}

export type Action =
  | 'acquire'
  | 'select'
  | 'reboot'
  | 'renew'
  | 'rebind'
  | 'inform'
  | 'release'
  | 'decline'
  | 'query'
  | 'bootp';
export type Outcome =
  | 'leased'
  | 'informed'
  | 'refused'
  | 'declined'
  | 'released'
  | 'answered'
  | 'offered'
  | 'unanswered';

const UNSPECIFIED = '0.0.0.0';
const LIMITED_BROADCAST = '255.255.255.255';

export class Dhcpv4Exchange extends Exchange<Dhcpv4Fact> {
  override outcome: Outcome = 'unanswered';
  override readonly told: ToldByMessage = {};
  timeToOffer: number | undefined = undefined;
  readonly offers: { server: string | undefined; address: string | undefined }[] = [];
  clientMac: string | undefined = undefined;
  currentIp: string | undefined = undefined;
  assignedIp: string | undefined = undefined;
  relayIp: string | undefined = undefined;
  requestedIp: string | undefined = undefined;
  server: string | undefined = undefined;

  override get isOver(): boolean {
    return this.outcome !== 'unanswered' && this.outcome !== 'offered';
  }

  protected override learn(fact: Dhcpv4Fact, seconds: number, nanos: number): void {
    const { source, destination, assignedIp, relayIp, currentIp, requestedIp, serverIdentifier } = fact;
    this.clientMac = fact.clientMac ?? this.clientMac;
    this.relayIp = relayIp ?? this.relayIp;
    this.requestedIp = requestedIp ?? this.requestedIp;
    this.relate(
      [source, destination, assignedIp, relayIp, currentIp, requestedIp, serverIdentifier],
      (address) => address === UNSPECIFIED || address === LIMITED_BROADCAST,
    );
    if (fact.isReply) this.#answered(fact, seconds, nanos);
    else this.#ask(fact, seconds, nanos);
  }

  #ask(fact: Dhcpv4Fact, seconds: number, nanos: number): void {
    this.asked(actionOf(fact), fact.type, seconds, nanos);
    this.currentIp = fact.currentIp ?? this.currentIp;
    this.server = fact.serverIdentifier ?? this.server;
    if (fact.type === code.RELEASE) this.outcome = 'released';
    else if (fact.type === code.DECLINE) this.outcome = 'declined';
  }

  #answered(fact: Dhcpv4Fact, seconds: number, nanos: number): void {
    this.hasAnswer = true;
    const server = fact.serverIdentifier ?? (fact.source === UNSPECIFIED ? undefined : fact.source);
    if (fact.type === code.OFFER) {
      this.timeToOffer ??= (seconds - this.startSeconds) * 1e9 + (nanos - this.startNanos);
      const { assignedIp: address } = fact;
      const isKnown = this.offers.some((offer) => offer.server === server && offer.address === address);
      if (!isKnown && this.offers.length < MAX_LISTED) this.offers.push({ server, address });
      this.server ??= server;
      this.outcome = 'offered';
      return;
    }
    this.server = server ?? this.server;
    this.assignedIp = fact.assignedIp ?? this.assignedIp;
    if (fact.type === code.ACK) this.outcome = this.action === 'inform' || isInformed(fact) ? 'informed' : 'leased';
    else if (fact.type === code.NAK) this.outcome = 'refused';
    else this.outcome = 'answered';
  }
}

/** RFC 2131 section 4.3.2 tells the kinds of REQUEST apart. */
function actionOf(fact: Dhcpv4Fact): Action {
  switch (fact.type) {
    case 0:
      return 'bootp';
    case code.REQUEST:
      if (fact.serverIdentifier !== undefined) return 'select';
      if (fact.currentIp === undefined) return 'reboot';
      return fact.destination === LIMITED_BROADCAST ? 'rebind' : 'renew';
    case code.INFORM:
      return 'inform';
    case code.RELEASE:
      return 'release';
    case code.DECLINE:
      return 'decline';
    case code.DISCOVER:
      return 'acquire';
    default:
      return 'query';
  }
}

/** An ACK whose question nobody saw: without an address and a lease it answers an INFORM (RFC 2131 section 4.3.5). */
function isInformed(fact: Dhcpv4Fact): boolean {
  return fact.assignedIp === undefined && fact.told.leaseTime === undefined;
}

export class Dhcpv4Exchanges extends Exchanges<Dhcpv4Fact, Dhcpv4Exchange> {
  protected override begin(fact: Dhcpv4Fact, seconds: number, nanos: number): Dhcpv4Exchange {
    return new Dhcpv4Exchange(fact, seconds, nanos);
  }

  protected override answers(exchange: Dhcpv4Exchange, fact: Dhcpv4Fact): boolean {
    if (fact.type === code.OFFER) return exchange.hasRequest;
    return exchange.hasRequest && exchange.requestType !== code.DISCOVER;
  }

  protected override isCopy(settled: Dhcpv4Exchange, fact: Dhcpv4Fact): boolean {
    if (fact.isReply) return settled.outcome !== 'refused' || fact.type !== code.ACK;
    return fact.type === settled.lastType;
  }

  /** A server that agrees after another refused goes on with what was published as refused. */
  protected override goesOn(settled: Dhcpv4Exchange, fact: Dhcpv4Fact): boolean {
    return settled.outcome === 'refused' && fact.isReply;
  }
}
