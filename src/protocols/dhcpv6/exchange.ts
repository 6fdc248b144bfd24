// Messages in the order of the capture → exchanges. A client sends SOLICIT to a group, servers answer from their own addresses, a relay
// agent repeats both elsewhere: what belongs together is told by client and transaction id. SOLICIT and REQUEST have an id each (RFC 8415
// section 16.1) and belong to one exchange.
//
// An exchange is published at the REPLY. Then it is remembered for a while, so that copies of it do not begin a new one.

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

/** What one message adds to its exchange. Plain data: it may cross threads. */
export interface Dhcpv6Fact {
  readonly transactionId: string;
  readonly client: string;
  readonly type: number;
  readonly name: string;
  readonly isReply: boolean;
  readonly bytes: number;
  readonly flowId: string;
  /** Addresses of the packet. */
  readonly source: string;
  readonly destination: string;
  readonly vlan: readonly string[] | undefined;
  readonly clientIp: string;
  readonly serverIp: string | undefined;
  /** Link addresses of the relay agents, outermost first. */
  readonly relays: readonly string[];
  readonly addresses: readonly FactAddress[] | undefined;
  /** What later messages replace. */
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

export class Exchange {
  readonly client: string;
  /** Under which it is found: transaction id and client. */
  readonly keys: string[] = [];
  readonly transactionIds: string[] = [];
  readonly vlan: readonly string[] | undefined;
  action: string | undefined = undefined;
  outcome: Outcome = 'unanswered';
  readonly startSeconds: number;
  readonly startNanos: number;
  endSeconds: number;
  endNanos: number;
  requestSeconds = 0;
  requestNanos = 0;
  hasRequest = false;
  hasAnswer = false;
  bytes = 0;
  packets = 0;
  retransmissions = 0;
  relayed = 0;
  lastType = -1;
  requestType = -1;
  clientIp: string | undefined = undefined;
  serverIp: string | undefined = undefined;
  addresses: readonly FactAddress[] | undefined = undefined;
  readonly relays: string[] = [];
  readonly servers: string[] = [];
  readonly messages: string[] = [];
  readonly flows: string[] = [];
  readonly related = new Set<string>();
  /** Ways that each message came: flow ids by type (and server). */
  readonly ways = new Map<string, string[]>();
  readonly told: ToldByMessage = {};

  constructor(fact: Dhcpv6Fact, seconds: number, nanos: number) {
    this.client = fact.client;
    this.vlan = fact.vlan;
    this.startSeconds = seconds;
    this.startNanos = nanos;
    this.endSeconds = seconds;
    this.endNanos = nanos;
  }

  get isOver(): boolean {
    return this.outcome !== 'unanswered' && this.outcome !== 'advertised';
  }
}

/** Lists of one exchange grow no longer. */
const MAX_LISTED = 32;
const MAX_EXCHANGES = 16_384;
/** Copies of the last message come within this time. */
const SETTLE_SECONDS = 10;

export class Exchanges {
  readonly #timeoutSeconds: number;
  readonly #publish: (exchange: Exchange) => void;
  readonly #full: () => void;
  readonly #byKey = new Map<string, Exchange>();
  /** By client: the exchange that began with SOLICIT and still waits. */
  readonly #soliciting = new Map<string, Exchange>();
  /** Both in the order of the last message: the first is the first to expire. */
  readonly #open = new Set<Exchange>();
  readonly #settled = new Set<Exchange>();
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
  take(fact: Dhcpv6Fact, seconds: number, nanos: number): void {
    this.expire(seconds);
    const key = `${fact.transactionId} ${fact.client}`;
    let exchange = this.#byKey.get(key);
    if (exchange !== undefined && this.#settled.has(exchange)) {
      if (fact.isReply || fact.type === exchange.requestType) return;
      this.#forget(exchange);
      exchange = undefined;
    }
    if (exchange === undefined && fact.type === code.REQUEST) exchange = this.#soliciting.get(fact.client);
    exchange ??= new Exchange(fact, seconds, nanos);
    if (!exchange.keys.includes(key) && exchange.keys.length < MAX_LISTED) {
      exchange.keys.push(key);
      exchange.transactionIds.push(fact.transactionId);
      this.#byKey.set(key, exchange);
    }
    add(exchange, fact, seconds, nanos);
    this.#open.delete(exchange);
    if (exchange.isOver) {
      if (this.#soliciting.get(exchange.client) === exchange) this.#soliciting.delete(exchange.client);
      this.#settled.add(exchange);
      this.#publish(exchange);
    } else {
      if (fact.type === code.SOLICIT) this.#soliciting.set(exchange.client, exchange);
      this.#open.add(exchange);
    }
    this.#makeRoom();
    this.#due = Math.min(this.#due, seconds + (exchange.isOver ? SETTLE_SECONDS : Math.ceil(this.#timeoutSeconds)));
  }

  /** Publishes what has waited too long at this Unix second; everything when it is infinite. */
  expire(seconds: number): void {
    if (seconds < this.#due) return;
    let due = Number.POSITIVE_INFINITY;
    for (const exchange of this.#open) {
      const at = Math.ceil(exchange.endSeconds + this.#timeoutSeconds);
      if (at > seconds) {
        due = at;
        break;
      }
      this.#forget(exchange);
      this.#publish(exchange);
    }
    for (const exchange of this.#settled) {
      const at = exchange.endSeconds + SETTLE_SECONDS;
      if (at > seconds) {
        due = Math.min(due, at);
        break;
      }
      this.#forget(exchange);
    }
    this.#due = due;
  }

  #forget(exchange: Exchange): void {
    this.#open.delete(exchange);
    this.#settled.delete(exchange);
    if (this.#soliciting.get(exchange.client) === exchange) this.#soliciting.delete(exchange.client);
    for (const key of exchange.keys) if (this.#byKey.get(key) === exchange) this.#byKey.delete(key);
  }

  /** An eighth at a time: finding the first entry of a set walks over all that were taken out of it. */
  #makeRoom(): void {
    if (this.#settled.size > MAX_EXCHANGES) {
      let left = MAX_EXCHANGES / 8;
      for (const exchange of this.#settled) {
        this.#forget(exchange);
        if (--left === 0) break;
      }
    }
    if (this.#open.size <= MAX_EXCHANGES) return;
    let left = MAX_EXCHANGES / 8;
    for (const exchange of this.#open) {
      this.#forget(exchange);
      this.#full();
      this.#publish(exchange);
      if (--left === 0) return;
    }
  }
}

function add(exchange: Exchange, fact: Dhcpv6Fact, seconds: number, nanos: number): void {
  exchange.endSeconds = seconds;
  exchange.endNanos = nanos;
  exchange.bytes += fact.bytes;
  exchange.packets++;
  remember(exchange.flows, fact.flowId);
  for (const link of fact.relays) remember(exchange.relays, link);
  note(exchange, fact);
  for (const [name, value] of Object.entries(fact.told)) {
    if (value !== undefined) Object.assign(exchange.told, { [name]: value });
  }
  exchange.addresses = fact.addresses ?? exchange.addresses;
  exchange.clientIp = fact.clientIp;
  exchange.serverIp = fact.serverIp ?? exchange.serverIp;
  for (const address of [fact.source, fact.destination, fact.clientIp, ...(fact.addresses ?? []).map(({ ip }) => ip)]) {
    if (!address.startsWith('ff') && exchange.related.size < MAX_LISTED) exchange.related.add(address);
  }
  exchange.lastType = fact.type;
  if (fact.type === code.RECONFIGURE) {
    exchange.action = fact.name;
    exchange.hasRequest = true;
    exchange.outcome = 'answered';
  } else if (fact.isReply) answer(exchange, fact);
  else {
    exchange.action ??= fact.name;
    exchange.requestType = fact.type;
    exchange.requestSeconds = seconds;
    exchange.requestNanos = nanos;
    exchange.hasRequest = true;
  }
}

function remember(list: string[], value: string): void {
  if (list.length < MAX_LISTED && !list.includes(value)) list.push(value);
}

/** Puts the message into the list unless it is a relay agent's copy of one that is there. */
function note(exchange: Exchange, fact: Dhcpv6Fact): void {
  const what = fact.isReply ? `${fact.name} ${fact.told.serverId ?? ''}` : fact.name;
  const ways = exchange.ways.get(what);
  if (ways === undefined) {
    if (exchange.ways.size < MAX_LISTED) exchange.ways.set(what, [fact.flowId]);
  } else if (ways.includes(fact.flowId)) exchange.retransmissions++;
  else {
    if (ways.length < MAX_LISTED) ways.push(fact.flowId);
    exchange.relayed++;
    return;
  }
  if (exchange.messages.length < MAX_LISTED) exchange.messages.push(fact.name);
}

function answer(exchange: Exchange, fact: Dhcpv6Fact): void {
  exchange.hasAnswer = true;
  if (fact.told.serverId !== undefined) remember(exchange.servers, fact.told.serverId);
  if (fact.type === code.ADVERTISE) {
    exchange.outcome = 'advertised';
    return;
  }
  const isSuccess = (fact.told.statusCode ?? code.STATUS_SUCCESS) === code.STATUS_SUCCESS;
  const isLease =
    fact.addresses?.some(({ valid }) => valid > 0) === true ||
    fact.told.prefixes?.some(({ valid }) => valid > 0) === true;
  switch (exchange.requestType) {
    case code.INFORMATION_REQUEST:
      exchange.outcome = isSuccess ? 'informed' : 'refused';
      break;
    case code.CONFIRM:
      exchange.outcome = isSuccess ? 'confirmed' : 'refused';
      break;
    case code.RELEASE:
      exchange.outcome = 'released';
      break;
    case code.DECLINE:
      exchange.outcome = 'declined';
      break;
    case code.SOLICIT:
    case code.REQUEST:
    case code.RENEW:
    case code.REBIND:
      exchange.outcome = isSuccess && isLease ? 'leased' : 'refused';
      break;
    default:
      exchange.outcome = isLease ? 'leased' : 'answered';
  }
}
