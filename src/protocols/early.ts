// Answers that a capture shows before their questions: a tap reads each direction of a link by a card of its own, and what the cards hold
// back (interrupt moderation) differs by some hundred microseconds, by milliseconds under load. Such an answer waits a moment for its
// question, as long as not too many do (`Context.holdEarly`). Streams need nothing of this kind: an answer acknowledges its question, and
// `stream/delivery.ts` waits for that.

/** Time between captured answer and captured question, at most. Whoever asks again under the same id waits for longer. */
const EARLY_NANOS = 10_000_000;
/** So many wait at most, of one flow (DHCP: in all, for its messages go through several). */
const MAX_EARLY = 64;

/** When a packet was captured: Unix time. */
export interface Moment {
  readonly seconds: number;
  readonly nanos: number;
}

/** In the order of their packets. */
export class EarlyAnswers<A extends Moment> {
  readonly #list: A[] = [];

  get isEmpty(): boolean {
    return this.#list.length === 0;
  }

  /** Unix second at which the oldest one has waited long enough; infinite when none waits. */
  get due(): number {
    const oldest = this.#list[0];
    if (oldest === undefined) return Number.POSITIVE_INFINITY;
    return oldest.seconds + Math.ceil((oldest.nanos + EARLY_NANOS) / 1e9);
  }

  add(answer: A): void {
    this.#list.push(answer);
  }

  /** The oldest one that answers the question at hand, taken out. By its time it may have come up to `timeoutSeconds` after it. */
  take(question: Moment, timeoutSeconds: number, answers: (answer: A) => boolean): A | undefined {
    const at = this.#list.findIndex((answer) => answer.seconds - question.seconds < timeoutSeconds && answers(answer));
    return at < 0 ? undefined : this.#list.splice(at, 1)[0];
  }

  /** One that has waited in vain at this time, or that is too many, taken out. */
  takeLate(seconds: number, nanos: number): A | undefined {
    const oldest = this.#list[0];
    if (oldest === undefined) return undefined;
    const waited = (seconds - oldest.seconds) * 1e9 + nanos - oldest.nanos;
    return waited > EARLY_NANOS || this.#list.length > MAX_EARLY ? this.#list.shift() : undefined;
  }

  /** The oldest one, taken out: nothing comes any more. */
  takeOldest(): A | undefined {
    return this.#list.shift();
  }
}
