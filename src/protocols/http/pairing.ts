// Which request a response answers. Responses come in the order of their requests (RFC 9112 section 9.3.2), so pairing needs no names as long
// as the capture is whole. Where it lacks packets, what both sides had acknowledged tells more: nobody answers what has not arrived, and
// nobody has an answer before it is sent. Most clients wait for each response before they ask again; of those that is enough to know. Of
// clients that pipeline it is not: how many messages were lost can only be guessed, and the pair says so.

import { type Lost, MAYBE_LOST, NONE_LOST, SURELY_LOST } from './lost.ts';
import type { Message } from './message.ts';

/** Requests that wait for their responses; one more is told alone. */
const MAX_PENDING = 1000;

/** The direction of the requests. */
interface Requests {
  /** Whether requests are among what is missing behind the last one. */
  readonly lost: Lost;
  /** The place in the stream behind what has come. */
  readonly seen: number;
}

export class Pairing {
  /** Requests without a response yet, oldest first. */
  readonly pending: Message[] = [];
  readonly #giveUp: (request: Message) => void;
  /** Requests after the pending ones that there was no room for. */
  #overflow = 0;
  /** Requests before the pending ones that were told alone because their time was up. */
  #expired = 0;
  /** The client was seen to send a request without waiting for the response to the one before. */
  #isPipelined = false;
  /** Messages were lost of a client that pipelines: pairs may be wrong, until no request waits if it was responses alone. */
  #mayBeShifted = false;
  #hasLostRequests = false;
  /** Since the last request a response came that answers none that is known; where it is, and what the server had. */
  #hasUnclaimed = false;
  #unclaimedOffset = 0;
  #unclaimedAcknowledged = -1;
  /** What the client had when it sent the last request, and the packet that brought its head; the end of the last response that has its request, as far as it is known. */
  #hadWithLast = -1;
  #lastPacket = -1;
  #answeredTo = 0;

  /** `giveUp` is told requests whose responses were lost. They are out of the queue. */
  constructor(giveUp: (request: Message) => void) {
    this.#giveUp = giveUp;
  }

  /** There is room for one more request that is in order. */
  get hasRoom(): boolean {
    return this.#overflow === 0 && this.pending.length < MAX_PENDING;
  }

  /** A request comes that there is no room for. */
  pass(): void {
    this.#overflow++;
  }

  /**
   * A request comes, with this packet. False: it does not wait, since the response to it was told already (the capture shows them in the wrong order, far from
   * each other).
   */
  add(request: Message, packet: number): boolean {
    const { pending } = this;
    if (this.#hasUnclaimed && !this.#isPipelined && this.#isClaimedLate(request)) return false;
    if (pending.length === 0 && !this.#hasLostRequests) this.#mayBeShifted = false;
    // What came since answers the one that was lost.
    if (request.lostBefore === SURELY_LOST && this.#hasUnclaimed) request.lostBefore = MAYBE_LOST;
    const had = request.acknowledged;
    if (pending.length > 0 || request.lostBefore === SURELY_LOST)
      if (had >= 0 && had <= Math.max(this.#hadWithLast, this.#answeredTo)) this.#isPipelined = true;
    // Those of one packet were sent together, whatever had come.
    if (pending.length > 0 && packet === this.#lastPacket) this.#isPipelined = true;
    this.#hadWithLast = had;
    this.#lastPacket = packet;
    this.#hasUnclaimed = false;
    request.isQueued = true;
    pending.push(request);
    return true;
  }

  #isClaimedLate(request: Message): boolean {
    if (request.acknowledged < 0 || request.acknowledged > this.#unclaimedOffset) return false;
    return this.#unclaimedAcknowledged > request.offset;
  }

  /** The time of the oldest is up. Returns it: it is told alone. */
  expire(): Message {
    // Of what may be shifted, one at least is left over.
    if (!this.#mayBeShifted) this.#expired++;
    return this.pending.shift()!;
  }

  /** A response that has its request ends here. */
  answered(response: Message): void {
    this.#answeredTo = response.offset + response.bytes;
  }

  /** The request that the response which begins now answers; undefined when there is none. */
  next(response: Message, requests: Requests): Message | undefined {
    const request = this.#next(response, requests);
    if (request === undefined) {
      this.#hasUnclaimed = true;
      this.#unclaimedOffset = response.offset;
      this.#unclaimedAcknowledged = response.acknowledged;
    } else {
      request.isQueued = false;
      this.#answeredTo = response.offset;
      if (this.#mayBeShifted) request.note('Packets were lost before the response, which may answer another request');
    }
    return request;
  }

  #next(response: Message, requests: Requests): Message | undefined {
    const { pending } = this;
    const first = pending[0];
    if (first === undefined) {
      if (this.#expired > 0) this.#expired--;
      else if (this.#overflow > 0) this.#overflow--;
      return undefined;
    }
    if (this.#expired > 0) {
      // Who waits had the responses to those.
      if (this.#isPipelined || response.acknowledged < 0) {
        this.#expired--;
        return undefined;
      }
      this.#expired = 0;
    }
    const isWhole = response.lostBefore === NONE_LOST && first.lostBefore === NONE_LOST;
    // Where nobody knows what the client had, its response may have been the first that the capture lacks.
    if (response.lostBefore === NONE_LOST && first.acknowledged >= 0 && wasSentBefore(pending[1], response))
      this.#isPipelined = true;
    if (this.#isPipelined || response.acknowledged < 0) {
      if (!isWhole && !this.#guess(response, first)) return undefined;
    } else if (!isWhole || first.acknowledged < 0) this.#passAnswered(response, requests);
    if (pending.length === 0 || !canAnswer(response, pending[0])) return undefined;
    // Most wait alone, and taking the last of an array is cheaper.
    return pending.length === 1 ? pending.pop() : pending.shift();
  }

  /** Gives up what a client that waits has had the responses to, or did not ask last. */
  #passAnswered(response: Message, requests: Requests): void {
    const { pending } = this;
    while (wasSentBefore(pending[1], response)) this.#giveUpFirst();
    const [first, next] = pending;
    if (response.lostBefore === NONE_LOST && first.acknowledged >= 0) return;
    if (!first.isComplete || !canAnswer(response, first)) return;
    const end = first.offset + first.bytes + (first.isHeadCut ? first.missingBytes : 0);
    if (response.acknowledged <= end) return;
    // The server had more than this request.
    const isLost = requests.lost !== NONE_LOST || response.acknowledged > requests.seen;
    if (next === undefined ? isLost : next.lostBefore !== NONE_LOST) this.#giveUpFirst();
  }

  /**
   * Messages were lost of a client that does not wait, as far as we know. Where one was lost for sure it is taken for one. False: the
   * response answers a request that was lost.
   */
  #guess(response: Message, first: Message): boolean {
    this.#mayBeShifted = true;
    const isRequestLost = first.lostBefore === SURELY_LOST;
    if (first.lostBefore !== NONE_LOST) this.#hasLostRequests = true;
    if (isRequestLost) first.lostBefore = MAYBE_LOST;
    if (response.lostBefore !== SURELY_LOST) return !isRequestLost;
    // One that is open belongs to its parser; before a response to who expects it comes an interim one.
    if (!isRequestLost && first.isComplete && !first.isHeadCut && !first.expectsInterim && canAnswer(response, first))
      this.#giveUpFirst();
    return true;
  }

  #giveUpFirst(): void {
    const request = this.pending.shift()!;
    request.isQueued = false;
    request.note('Packet loss while capturing the response');
    this.#giveUp(request);
  }
}

/** The client had nothing of the response when it sent the request. */
function wasSentBefore(request: Message | undefined, response: Message): boolean {
  return request !== undefined && request.acknowledged >= 0 && request.acknowledged <= response.offset;
}

/** The server had something of the request, and the client nothing of the response before. Captures made by hand acknowledge nothing. */
function canAnswer(response: Message, request: Message): boolean {
  if (request.acknowledged > response.offset) return false;
  return response.acknowledged <= 0 || response.acknowledged > request.offset;
}
