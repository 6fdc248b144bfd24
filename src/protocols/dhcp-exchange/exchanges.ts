// Messages in the order of the capture → exchanges. What belongs together is told by client and transaction id, not by flow.
//
// An exchange is published at the message that ends it. Then it is remembered for a while, so that copies of that message do not
// begin a new one.

import { EarlyAnswers, type Moment } from '../early.ts';
import { type Exchange, type Fact, MAX_LISTED } from './exchange.ts';

const MAX_EXCHANGES = 16_384;
/** Copies of the last message come within this time. */
const SETTLE_SECONDS = 10;

/** A reply that was captured before what it answers. */
interface Early<F> extends Moment {
  readonly fact: F;
  readonly cost: number;
}

export abstract class Exchanges<F extends Fact, E extends Exchange<F>> {
  readonly #timeoutSeconds: number;
  readonly #publish: (exchange: E) => void;
  readonly #full: () => void;
  readonly #byKey = new Map<string, E>();
  /** Both in the order of the last message: the first is the first to expire. */
  readonly #open = new Set<E>();
  readonly #settled = new Set<E>();
  readonly #early = new EarlyAnswers<Early<F>>();
  #due = Number.POSITIVE_INFINITY;

  /** `full` is called for each exchange that is published early because there are too many. */
  constructor(timeoutSeconds: number, publish: (exchange: E) => void, full: () => void) {
    this.#timeoutSeconds = timeoutSeconds;
    this.#publish = publish;
    this.#full = full;
  }

  /** Unix second at which `expire` has something to do. */
  get due(): number {
    return this.#due;
  }

  /** One message, at its time. */
  take(fact: F, seconds: number, nanos: number): void {
    this.expire(seconds);
    this.#giveUpEarly(seconds, nanos);
    if (fact.isReply && !this.#isAskedFor(fact)) {
      this.#early.add({ fact, seconds, nanos, cost: 0 });
      this.#due = Math.min(this.#due, this.#early.due);
      return;
    }
    this.#take(fact, seconds, nanos);
    if (!fact.isReply) this.#answerEarly(fact, { seconds, nanos });
  }

  #take(fact: F, seconds: number, nanos: number): void {
    const key = keyOf(fact);
    let exchange = this.#byKey.get(key);
    if (exchange !== undefined && this.#settled.has(exchange)) {
      if (this.isCopy(exchange, fact)) return;
      this.#forget(exchange);
      if (!this.goesOn(exchange, fact)) exchange = undefined;
    }
    exchange ??= this.earlierOne(fact) ?? this.begin(fact, seconds, nanos);
    if (!exchange.keys.includes(key) && exchange.keys.length < MAX_LISTED) {
      exchange.keys.push(key);
      exchange.transactionIds.push(fact.transactionId);
    }
    if (exchange.keys.includes(key)) this.#byKey.set(key, exchange);
    exchange.add(fact, seconds, nanos);
    this.#open.delete(exchange);
    if (exchange.isOver) {
      this.leaves(exchange);
      this.#settled.add(exchange);
      this.#publish(exchange);
    } else {
      this.waits(exchange, fact);
      this.#open.add(exchange);
    }
    this.#makeRoom();
    this.#due = Math.min(this.#due, seconds + (exchange.isOver ? SETTLE_SECONDS : Math.ceil(this.#timeoutSeconds)));
  }

  /** Publishes what has waited too long at this Unix second; everything when it is infinite. */
  expire(seconds: number): void {
    if (seconds < this.#due) return;
    this.#giveUpEarly(seconds, 0);
    let due = this.#early.due;
    for (const exchange of this.#open) {
      const at = Math.ceil(exchange.endSeconds + this.#timeoutSeconds);
      if (at > seconds) {
        due = Math.min(due, at);
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

  /** Is there a message that this reply answers? */
  #isAskedFor(fact: F): boolean {
    const exchange = this.#byKey.get(keyOf(fact));
    return exchange !== undefined && (this.#settled.has(exchange) || this.answers(exchange, fact));
  }

  /** The replies to this message that were captured before it. */
  #answerEarly(fact: F, at: Moment): void {
    const key = keyOf(fact);
    for (;;) {
      const reply = this.#early.take(
        at,
        this.#timeoutSeconds,
        (one) => keyOf(one.fact) === key && this.#isAskedFor(one.fact),
      );
      if (reply === undefined) return;
      const isLater = reply.seconds > at.seconds || (reply.seconds === at.seconds && reply.nanos > at.nanos);
      const { seconds, nanos } = isLater ? reply : at;
      this.#take(reply.fact, seconds, nanos);
    }
  }

  #giveUpEarly(seconds: number, nanos: number): void {
    for (;;) {
      const reply = this.#early.takeLate(seconds, nanos);
      if (reply === undefined) return;
      this.#take(reply.fact, reply.seconds, reply.nanos);
    }
  }

  // ---- what the versions of the protocol say

  /** Does an exchange that goes on have the message which this reply answers? */
  protected abstract answers(exchange: E, fact: F): boolean;

  protected abstract begin(fact: F, seconds: number, nanos: number): E;

  /** Has this message been counted with an exchange that is over? */
  protected abstract isCopy(settled: E, fact: F): boolean;

  /** Does an exchange that seemed over go on with this message? */
  protected goesOn(_settled: E, _fact: F): boolean {
    return false;
  }

  /** The exchange that this message belongs to although its transaction id is new. */
  protected earlierOne(_fact: F): E | undefined {
    return undefined;
  }

  /** An exchange waits for its next message. */
  protected waits(_exchange: E, _fact: F): void {}

  /** It waits no longer. */
  protected leaves(_exchange: E): void {}

  // ---- inside

  #forget(exchange: E): void {
    this.#open.delete(exchange);
    this.#settled.delete(exchange);
    this.leaves(exchange);
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

function keyOf(fact: Fact): string {
  return `${fact.transactionId} ${fact.client}`;
}
