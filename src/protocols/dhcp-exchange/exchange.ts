// What the exchanges of DHCPv4 and DHCPv6 have in common: times, messages, the ways that they came. Messages of one exchange go
// through several flows (to everybody, from a server's own address, again on the other side of a relay agent).

/** What one message adds to its exchange. Plain data: it may cross threads. */
export interface Fact {
  readonly transactionId: string;
  /** Who the client is. */
  readonly client: string;
  readonly type: number;
  /** Name of the type. */
  readonly name: string;
  readonly isReply: boolean;
  /** Of a reply: what the server calls itself. */
  readonly answeredBy: string | undefined;
  readonly bytes: number;
  readonly flowId: string;
  /** Addresses of the packet. */
  readonly source: string;
  readonly destination: string;
  readonly vlan: readonly string[] | undefined;
  /** What later messages replace, and the exchange shows as the message said it. */
  readonly told: object;
}

/** Lists of one exchange grow no longer. */
export const MAX_LISTED = 32;

export abstract class Exchange<F extends Fact = Fact> {
  readonly client: string;
  /** Under which it is found: transaction id and client. */
  readonly keys: string[] = [];
  readonly transactionIds: string[] = [];
  readonly vlan: readonly string[] | undefined;
  readonly startSeconds: number;
  readonly startNanos: number;
  endSeconds: number;
  endNanos: number;
  action: string | undefined = undefined;
  abstract outcome: string;
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
  readonly messages: string[] = [];
  readonly flows: string[] = [];
  /** Addresses of all that take part. */
  readonly related = new Set<string>();
  /** Ways that each message came: flow ids by type (and server). */
  readonly #ways = new Map<string, string[]>();

  constructor(fact: F, seconds: number, nanos: number) {
    this.client = fact.client;
    this.vlan = fact.vlan;
    this.startSeconds = seconds;
    this.startNanos = nanos;
    this.endSeconds = seconds;
    this.endNanos = nanos;
  }

  /** The message that ends it has come. */
  abstract get isOver(): boolean;
  abstract readonly told: F['told'];

  add(fact: F, seconds: number, nanos: number): void {
    this.endSeconds = seconds;
    this.endNanos = nanos;
    this.bytes += fact.bytes;
    this.packets++;
    remember(this.flows, fact.flowId);
    this.#note(fact);
    for (const [name, value] of Object.entries(fact.told)) {
      if (value !== undefined) Object.assign(this.told, { [name]: value });
    }
    this.lastType = fact.type;
    this.learn(fact, seconds, nanos);
  }

  /** From an earlier moment of the exchange to its last message. */
  elapsedSince(seconds: number, nanos: number): number {
    return Math.max(0, (this.endSeconds - seconds) * 1e9 + (this.endNanos - nanos));
  }

  /** What this version of the protocol takes from a message. */
  protected abstract learn(fact: F, seconds: number, nanos: number): void;

  protected asked(action: string, type: number, seconds: number, nanos: number): void {
    this.action ??= action;
    this.requestType = type;
    this.requestSeconds = seconds;
    this.requestNanos = nanos;
    this.hasRequest = true;
  }

  protected relate(addresses: readonly (string | undefined)[], isGroup: (address: string) => boolean): void {
    for (const address of addresses) {
      if (address === undefined || isGroup(address)) continue;
      if (this.related.size < MAX_LISTED) this.related.add(address);
    }
  }

  /** Puts the message into the list unless it is a relay agent's copy of one that is there. */
  #note(fact: F): void {
    const what = fact.isReply ? `${fact.name} ${fact.answeredBy ?? ''}` : fact.name;
    const ways = this.#ways.get(what);
    if (ways === undefined) {
      if (this.#ways.size < MAX_LISTED) this.#ways.set(what, [fact.flowId]);
    } else if (ways.includes(fact.flowId)) this.retransmissions++;
    else {
      if (ways.length < MAX_LISTED) ways.push(fact.flowId);
      this.relayed++;
      return;
    }
    if (this.messages.length < MAX_LISTED) this.messages.push(fact.name);
  }
}

export function remember(list: string[], value: string): void {
  if (list.length < MAX_LISTED && !list.includes(value)) list.push(value);
}
