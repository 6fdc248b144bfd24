// Answers that a capture shows before their questions: a tap reads each direction of a link by a card of its own, and what the cards hold
// back (interrupt moderation) differs by some hundred microseconds, by milliseconds under load. Such an answer waits a moment for its
// question, as long as not too many do (`Context.holdEarly`). Streams need nothing of this kind: an answer acknowledges its question, and
// `stream/delivery.ts` waits for that.

import type { Context } from './protocol.ts';

/** Time between captured answer and captured question, at most. Whoever asks again under the same id waits for longer. */
const EARLY_NANOS = 10_000_000;
/** So many wait at most, of one flow (DHCP: in all, for its messages go through several). */
const MAX_EARLY = 64;

/** When a packet was captured: Unix time. */
export interface Moment {
  readonly seconds: number;
  readonly nanos: number;
}

interface Answer extends Moment {
  /** Bytes of memory, roughly; 0 where the number of answers is bound enough. */
  readonly cost: number;
}

/** In the order of their packets. */
export class EarlyAnswers<A extends Answer> {
  readonly #list: A[] = [];
  readonly #room: Pick<Context, 'holdEarly'>;

  /** What waits is counted in `room`. */
  constructor(room: Pick<Context, 'holdEarly'> = {}) {
    this.#room = room;
  }

  get isEmpty(): boolean {
    return this.#list.length === 0;
  }

  /** Unix second at which the oldest one has waited long enough; infinite when none waits. */
  get due(): number {
    const oldest = this.#list[0];
    if (oldest === undefined) return Number.POSITIVE_INFINITY;
    return oldest.seconds + Math.ceil((oldest.nanos + EARLY_NANOS) / 1e9);
  }

  /** False: there is no room for it. */
  add(answer: A): boolean {
    if (this.#room.holdEarly?.(answer.cost) === false) {
      this.#room.holdEarly(-answer.cost);
      return false;
    }
    this.#list.push(answer);
    return true;
  }

  /** The oldest one that answers the question at hand, taken out. By its time it may have come up to `timeoutSeconds` after it. */
  take(question: Moment, timeoutSeconds: number, answers: (answer: A) => boolean): A | undefined {
    const at = this.#list.findIndex((answer) => answer.seconds - question.seconds < timeoutSeconds && answers(answer));
    return at < 0 ? undefined : this.#takeAt(at);
  }

  /** One that has waited in vain at this time, or that is too many, taken out. */
  takeLate(seconds: number, nanos: number): A | undefined {
    const oldest = this.#list[0];
    if (oldest === undefined) return undefined;
    const waited = (seconds - oldest.seconds) * 1e9 + nanos - oldest.nanos;
    return waited > EARLY_NANOS || this.#list.length > MAX_EARLY ? this.#takeAt(0) : undefined;
  }

  /** The oldest one, taken out: nothing comes any more. */
  takeOldest(): A | undefined {
    return this.isEmpty ? undefined : this.#takeAt(0);
  }

  #takeAt(index: number): A {
    const [answer] = this.#list.splice(index, 1);
    this.#room.holdEarly?.(-answer.cost);
    return answer;
  }
}
