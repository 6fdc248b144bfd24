// Messages in the order of the capture → exchanges. DISCOVER goes to everybody, OFFER comes from a server, a relay agent repeats both
// elsewhere: what belongs together is told by transaction id and client, not by flow. Truth: RFC 2131 sections 3 and 4.4.
//
// An exchange is published at the message that ends it. Then it is remembered for a while, so that copies of that message do not
// begin a new one.

import * as code from './codes.ts';

/** What one message adds to its exchange. Plain data: it may cross threads. */
export interface Dhcpv4Fact {
  readonly transactionId: string;
  /** Who the client is: see `clientKey`. */
  readonly client: string;
  /** 0: BOOTP. */
  readonly type: number;
  readonly isReply: boolean;
  readonly bytes: number;
  readonly flowId: string;
  /** Addresses of the packet. */
  readonly source: string;
  readonly destination: string;
  readonly vlan: readonly string[] | undefined;
  readonly clientMac: string | undefined;
  readonly currentIp: string | undefined;
  readonly assignedIp: string | undefined;
  readonly relayIp: string | undefined;
  readonly requestedIp: string | undefined;
  readonly serverIdentifier: string | undefined;
  /** What later messages replace, and the exchange shows as the message said it. */
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

export class Exchange {
  readonly key: string;
  readonly transactionId: string;
  readonly vlan: readonly string[] | undefined;
  action: Action | undefined = undefined;
  outcome: Outcome = 'unanswered';
  readonly startSeconds: number;
  readonly startNanos: number;
  endSeconds: number;
  endNanos: number;
  requestSeconds = 0;
  requestNanos = 0;
  hasRequest = false;
  hasAnswer = false;
  timeToOffer: number | undefined = undefined;
  bytes = 0;
  packets = 0;
  retransmissions = 0;
  relayed = 0;
  lastType = -1;
  readonly messages: string[] = [];
  readonly offers: { server: string | undefined; address: string | undefined }[] = [];
  readonly flows: string[] = [];
  readonly addresses = new Set<string>();
  /** Ways that each message came: flow ids by type (and server). */
  readonly ways = new Map<string, string[]>();
  readonly told: ToldByMessage = {};
  clientMac: string | undefined = undefined;
  currentIp: string | undefined = undefined;
  assignedIp: string | undefined = undefined;
  relayIp: string | undefined = undefined;
  requestedIp: string | undefined = undefined;
  server: string | undefined = undefined;

  constructor(key: string, fact: Dhcpv4Fact, seconds: number, nanos: number) {
    this.key = key;
    this.transactionId = fact.transactionId;
    this.vlan = fact.vlan;
    this.startSeconds = seconds;
    this.startNanos = nanos;
    this.endSeconds = seconds;
    this.endNanos = nanos;
  }

  get isOver(): boolean {
    return this.outcome !== 'unanswered' && this.outcome !== 'offered';
  }
}

/** Lists of one exchange grow no longer. */
const MAX_LISTED = 32;
const MAX_EXCHANGES = 16_384;
/** Copies of the last message come within this time. */
const SETTLE_SECONDS = 10;

const UNSPECIFIED = '0.0.0.0';
const LIMITED_BROADCAST = '255.255.255.255';

export class Exchanges {
  readonly #timeoutSeconds: number;
  readonly #publish: (exchange: Exchange) => void;
  readonly #full: () => void;
  /** Both in the order of the last message: the first is the first to expire. */
  readonly #open = new Map<string, Exchange>();
  readonly #settled = new Map<string, Exchange>();
  #due = Number.POSITIVE_INFINITY;

  /** `full` is called for each exchange that is published early because there are too many. */
  constructor(timeoutSeconds: number, publish: (exchange: Exchange) => void, full: () => void) {
    this.#timeoutSeconds = timeoutSeconds;
    this.#publish = publish;
    this.#full = full;
  }

  /** Unix second at which `expire` has something to do. */
  get due(): number {
    return this.#due;
  }

  /** One message, at its time. */
  take(fact: Dhcpv4Fact, seconds: number, nanos: number): void {
    this.expire(seconds);
    const key = `${fact.transactionId} ${fact.client}`;
    const settled = this.#settled.get(key);
    if (settled !== undefined) {
      if (isCopy(settled, fact)) return;
      this.#settled.delete(key);
    }
    let exchange = this.#open.get(key);
    if (exchange === undefined) {
      // A server that agrees after another refused goes on with what was published as refused.
      exchange = settled?.outcome === 'refused' && fact.isReply ? settled : new Exchange(key, fact, seconds, nanos);
    } else this.#open.delete(key);
    add(exchange, fact, seconds, nanos);
    if (exchange.isOver) {
      this.#publish(exchange);
      this.#settled.set(key, exchange);
    } else this.#open.set(key, exchange);
    this.#makeRoom();
    this.#due = Math.min(this.#due, seconds + (exchange.isOver ? SETTLE_SECONDS : Math.ceil(this.#timeoutSeconds)));
  }

  /** Publishes what has waited too long at this Unix second; everything when it is infinite. */
  expire(seconds: number): void {
    if (seconds < this.#due) return;
    let due = Number.POSITIVE_INFINITY;
    for (const exchange of this.#open.values()) {
      const at = Math.ceil(exchange.endSeconds + this.#timeoutSeconds);
      if (at > seconds) {
        due = at;
        break;
      }
      this.#open.delete(exchange.key);
      this.#publish(exchange);
    }
    for (const exchange of this.#settled.values()) {
      const at = exchange.endSeconds + SETTLE_SECONDS;
      if (at > seconds) {
        due = Math.min(due, at);
        break;
      }
      this.#settled.delete(exchange.key);
    }
    this.#due = due;
  }

  /** An eighth at a time: finding the first entry of a map walks over all that were taken out of it. */
  #makeRoom(): void {
    if (this.#settled.size > MAX_EXCHANGES) {
      let left = MAX_EXCHANGES / 8;
      for (const key of this.#settled.keys()) {
        this.#settled.delete(key);
        if (--left === 0) break;
      }
    }
    if (this.#open.size <= MAX_EXCHANGES) return;
    let left = MAX_EXCHANGES / 8;
    for (const exchange of this.#open.values()) {
      this.#open.delete(exchange.key);
      this.#full();
      this.#publish(exchange);
      if (--left === 0) return;
    }
  }
}

function isCopy(settled: Exchange, fact: Dhcpv4Fact): boolean {
  if (fact.isReply) return settled.outcome !== 'refused' || fact.type !== code.ACK;
  return fact.type === settled.lastType;
}

function add(exchange: Exchange, fact: Dhcpv4Fact, seconds: number, nanos: number): void {
  exchange.endSeconds = seconds;
  exchange.endNanos = nanos;
  exchange.bytes += fact.bytes;
  exchange.packets++;
  if (exchange.flows.length < MAX_LISTED && !exchange.flows.includes(fact.flowId)) exchange.flows.push(fact.flowId);
  note(exchange, fact);
  if (fact.clientMac !== undefined) exchange.clientMac = fact.clientMac;
  if (fact.relayIp !== undefined) exchange.relayIp = fact.relayIp;
  if (fact.requestedIp !== undefined) exchange.requestedIp = fact.requestedIp;
  for (const [name, value] of Object.entries(fact.told)) {
    if (value !== undefined) Object.assign(exchange.told, { [name]: value });
  }
  for (const address of addressesOf(fact)) {
    if (address === undefined || address === UNSPECIFIED || address === LIMITED_BROADCAST) continue;
    if (exchange.addresses.size < MAX_LISTED) exchange.addresses.add(address);
  }
  exchange.lastType = fact.type;
  if (fact.isReply) answer(exchange, fact, seconds, nanos);
  else ask(exchange, fact, seconds, nanos);
}

function addressesOf(fact: Dhcpv4Fact): (string | undefined)[] {
  const { source, destination, assignedIp, relayIp, currentIp, requestedIp, serverIdentifier } = fact;
  return [source, destination, assignedIp, relayIp, currentIp, requestedIp, serverIdentifier];
}

/** Puts the message into the list unless it is a relay agent's copy of one that is there. */
function note(exchange: Exchange, fact: Dhcpv4Fact): void {
  const name = fact.type === 0 ? (fact.isReply ? 'bootreply' : 'bootrequest') : code.messageTypeName(fact.type);
  const what = fact.isReply ? `${name} ${fact.serverIdentifier ?? ''}` : name;
  const ways = exchange.ways.get(what);
  if (ways === undefined) {
    if (exchange.ways.size < MAX_LISTED) exchange.ways.set(what, [fact.flowId]);
  } else if (ways.includes(fact.flowId)) exchange.retransmissions++;
  else {
    if (ways.length < MAX_LISTED) ways.push(fact.flowId);
    exchange.relayed++;
    return;
  }
  if (exchange.messages.length < MAX_LISTED) exchange.messages.push(name);
}

function ask(exchange: Exchange, fact: Dhcpv4Fact, seconds: number, nanos: number): void {
  exchange.action ??= actionOf(fact);
  exchange.requestSeconds = seconds;
  exchange.requestNanos = nanos;
  exchange.hasRequest = true;
  if (fact.currentIp !== undefined) exchange.currentIp = fact.currentIp;
  if (fact.serverIdentifier !== undefined) exchange.server = fact.serverIdentifier;
  if (fact.type === code.RELEASE) exchange.outcome = 'released';
  else if (fact.type === code.DECLINE) exchange.outcome = 'declined';
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

function answer(exchange: Exchange, fact: Dhcpv4Fact, seconds: number, nanos: number): void {
  exchange.hasAnswer = true;
  const server = fact.serverIdentifier ?? (fact.source === UNSPECIFIED ? undefined : fact.source);
  if (fact.type === code.OFFER) {
    exchange.timeToOffer ??= (seconds - exchange.startSeconds) * 1e9 + (nanos - exchange.startNanos);
    const { assignedIp: address } = fact;
    const isKnown = exchange.offers.some((offer) => offer.server === server && offer.address === address);
    if (!isKnown && exchange.offers.length < MAX_LISTED) exchange.offers.push({ server, address });
    exchange.server ??= server;
    exchange.outcome = 'offered';
    return;
  }
  exchange.server = server ?? exchange.server;
  if (fact.assignedIp !== undefined) exchange.assignedIp = fact.assignedIp;
  if (fact.type === code.ACK)
    exchange.outcome = exchange.action === 'inform' || isInformed(fact) ? 'informed' : 'leased';
  else if (fact.type === code.NAK) exchange.outcome = 'refused';
  else exchange.outcome = 'answered';
}

/** An ACK whose question nobody saw: without an address and a lease it answers an INFORM (RFC 2131 section 4.3.5). */
function isInformed(fact: Dhcpv4Fact): boolean {
  return fact.assignedIp === undefined && fact.told.leaseTime === undefined;
}
