// The bytes of one body after the other, as `body.ts` says that they end: counted, given to whoever keeps them, skipped where nobody does.

import { BY_LENGTH, CHUNKED, type Framing, type NO_BODY } from './body.ts';
import { ChunkReader, DATA, DONE, BROKEN as IS_BROKEN } from './chunked.ts';
import type { Message } from './message.ts';

/** What is left of a body is skipped in steps of at most this much, so that the time of one that breaks off is not far wrong. */
const SKIP_STEP_BYTES = 64 * 1024;
/** Body bytes that are counted from the stream rather than skipped: gaps in them are then seen. */
const SKIP_FROM_BYTES = 64 * 1024;

/** The body goes on; it is complete; where it ends nobody can tell any more. */
export const OPEN = 0;
export const COMPLETE = 1;
export const BROKEN = 2;
/** It is complete, and the gap that it ended in goes on. */
export const COMPLETE_WITHIN_GAP = 3;
export type Progress = typeof OPEN | typeof COMPLETE | typeof BROKEN | typeof COMPLETE_WITHIN_GAP;

const LENGTH = 0;
const CHUNK_FRAMING = 1;
const CHUNK_DATA = 2;
const TO_CLOSE = 3;

export interface BodyListener {
  /** Bytes of a body that `message.body` is kept of. */
  onBody(message: Message, bytes: Uint8Array, from: number, to: number): void;
}

export class BodyReader {
  /** Offset behind what `read` took. */
  at = 0;
  readonly #listener: BodyListener;
  #state = LENGTH;
  #remaining = 0;
  #skipped = 0;
  #chunks: ChunkReader | undefined = undefined;

  constructor(listener: BodyListener) {
    this.#listener = listener;
  }

  /** Only the end of the connection ends it. */
  get isToClose(): boolean {
    return this.#state === TO_CLOSE;
  }

  /** A body begins, which is not empty. */
  begin(message: Message, framing: Exclude<Framing, typeof NO_BODY>): void {
    if (framing === BY_LENGTH) {
      this.#remaining = message.contentLength;
      this.#state = LENGTH;
    } else if (framing === CHUNKED) {
      this.#chunks ??= new ChunkReader();
      this.#chunks.begin();
      this.#state = CHUNK_FRAMING;
    } else this.#state = TO_CLOSE;
  }

  /** Takes what belongs to the body, up to `at`. */
  read(message: Message, bytes: Uint8Array, from: number, to: number): Progress {
    this.#skipped = 0;
    this.at = from;
    while (this.at < to) {
      if (this.#state === TO_CLOSE) this.#take(message, bytes, to);
      else if (this.#state === CHUNK_FRAMING) {
        const found = this.#framing(message, bytes, to);
        if (found !== OPEN) return found;
      } else {
        this.#take(message, bytes, Math.min(to, this.at + this.#remaining));
        if (this.#remaining > 0) return OPEN;
        if (this.#state === LENGTH) return COMPLETE;
        this.#state = CHUNK_FRAMING;
      }
    }
    return OPEN;
  }

  /** `missing` bytes of the body, and perhaps of what follows it, will never come. */
  gap(message: Message, missing: number): Progress {
    this.#skipped = 0;
    if (this.#state === CHUNK_FRAMING) {
      message.missingBytes += missing;
      return BROKEN;
    }
    const own = this.#state === TO_CLOSE ? missing : Math.min(missing, this.#remaining);
    message.missingBytes += own;
    message.bytes += own;
    message.bodyBytes += own;
    if (this.#state === TO_CLOSE) return OPEN;
    this.#remaining -= own;
    if (own < missing) return this.#state === LENGTH ? COMPLETE_WITHIN_GAP : BROKEN;
    if (this.#remaining > 0) return OPEN;
    if (this.#state === LENGTH) return COMPLETE;
    this.#state = CHUNK_FRAMING;
    return OPEN;
  }

  /**
   * How many of the bytes that come next nobody needs; they are counted as if they had come. The last byte of a body is never among
   * them: it tells when the message was complete.
   */
  skip(message: Message): number {
    if (this.#state !== LENGTH && this.#state !== CHUNK_DATA) return 0;
    if (this.#remaining <= SKIP_FROM_BYTES || (message.body !== undefined && !message.body.isCut)) return 0;
    const n = Math.min(this.#remaining - 1, SKIP_STEP_BYTES);
    this.#remaining -= n;
    this.#skipped = n;
    message.bytes += n;
    message.bodyBytes += n;
    return n;
  }

  /** Of what was skipped last, at most `left` bytes never came; all of it when nobody knows. */
  takeBack(message: Message, left = this.#skipped): void {
    const owed = Math.min(this.#skipped, left);
    message.bytes -= owed;
    message.bodyBytes -= owed;
  }

  #take(message: Message, bytes: Uint8Array, to: number): void {
    const n = to - this.at;
    if (message.body !== undefined && n > 0) this.#listener.onBody(message, bytes, this.at, to);
    message.bytes += n;
    message.bodyBytes += n;
    this.#remaining -= n;
    this.at = to;
  }

  #framing(message: Message, bytes: Uint8Array, to: number): Progress {
    const chunks = this.#chunks!;
    const from = this.at;
    const found = chunks.read(message, bytes, from, to);
    message.bytes += chunks.at - from;
    this.at = chunks.at;
    if (found === DATA) {
      this.#remaining = chunks.size;
      this.#state = CHUNK_DATA;
    } else if (found === DONE) return COMPLETE;
    else if (found === IS_BROKEN) return BROKEN;
    return OPEN;
  }
}
