// Bytes of one direction of a connection → messages. Incremental: a head that is complete in one piece is read in place, one that
// is not is kept until it is; bodies are counted and never kept here. Every byte is looked at a bounded number of times, however
// the stream is cut.

import type { Context, Direction } from '../protocol.ts';
import { BY_LENGTH, CHUNKED, type Framing, NO_BODY } from './body.ts';
import { BROKEN, ChunkReader, DATA, DONE } from './chunked.ts';
import { HeadIndex } from './head.ts';
import { HeldHead } from './held-head.ts';
import { type Message, takeMessage } from './message.ts';
import type { Settings } from './options.ts';
import { closed, partOf } from './part-of-head.ts';
import { readHead } from './read-head.ts';
import { simpleRequestEnd } from './simple-request.ts';
import { classifyStatusLine, NOT_HTTP, REQUEST, RESPONSE, type Start, UNDECIDED } from './start-line.ts';
import { StartSearch } from './start-search.ts';

/** What is left of a body is skipped in steps of at most this much, so that the time of one that breaks off is not far wrong. */
const SKIP_STEP_BYTES = 64 * 1024;
/** Body bytes that are counted from the stream rather than skipped: gaps in them are then seen. */
const SKIP_FROM_BYTES = 64 * 1024;
/** Bytes of a method that a start line is tested for before its line is complete. */
const METHOD_PREFIX_BYTES = 40;

/** Methods whose requests often have a body. */
const OFTEN_HAS_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'PROPFIND', 'REPORT', 'QUERY']);

const LF = 10;
const CR = 13;

/** What `onHead` answers when no HTTP follows (a tunnel, an upgrade). */
export const NO_MORE_HTTP = -1;

const HEAD = 0;
const LENGTH = 1;
const CHUNK_FRAMING = 2;
const CHUNK_DATA = 3;
const TO_CLOSE = 4;
/** Looking for the next start line; an open message takes the bytes until then. */
const RESYNC = 5;
const OVER = 6;
const PAUSED = 7;

export interface MessageListener {
  /** `parser.message` has its head. Answers how its body ends. */
  onHead(parser: MessageParser): Framing | typeof NO_MORE_HTTP;
  /** Is the next thing from this direction the answer to a request of HTTP/0.9? */
  awaitsSimple(direction: Direction): boolean;
  /** Bytes of a body that `message.body` is kept of. */
  onBody(message: Message, bytes: Uint8Array, from: number, to: number): void;
  /** `message` has all it will get. The parser has let go of it. */
  onComplete(message: Message, direction: Direction): void;
}

const index = new HeadIndex();
const NO_BYTES = new Uint8Array(0);

export class MessageParser {
  readonly direction: Direction;
  message: Message | undefined = undefined;
  /** Offset behind the last byte that was taken, after `data`. */
  at = 0;
  /** Messages so far. */
  count = 0;
  /** Bytes that belonged to no message. */
  strayBytes = 0;

  readonly #context: Context;
  readonly #settings: Settings;
  readonly #listener: MessageListener;
  #state = HEAD;
  readonly #held: HeldHead;
  readonly #search = new StartSearch();
  #startSeconds = 0;
  #startNanos = 0;
  #remaining = 0;
  #skipped = 0;
  #chunks: ChunkReader | undefined = undefined;

  constructor(direction: Direction, context: Context, settings: Settings, listener: MessageListener) {
    this.direction = direction;
    this.#context = context;
    this.#settings = settings;
    this.#listener = listener;
    this.#held = new HeldHead(context);
  }

  get isOver(): boolean {
    return this.#state === OVER;
  }

  get isPaused(): boolean {
    return this.#state === PAUSED;
  }

  /** A gap or garbage: the next start line is being looked for. */
  get isLost(): boolean {
    return this.#state === RESYNC;
  }

  /** No more HTTP in this direction; an open message is let go of. */
  stop(): void {
    this.message = undefined;
    this.#state = OVER;
    this.#held.release();
  }

  /** Between two messages: takes nothing until `resume`. */
  pause(): void {
    this.#state = PAUSED;
  }

  resume(): void {
    this.#state = HEAD;
  }

  /** Takes stream bytes, up to `at`. Returns how many of the bytes behind them nobody needs. */
  data(bytes: Uint8Array, from: number, to: number): number {
    this.#skipped = 0;
    this.at = from;
    while (this.at < to) {
      switch (this.#state) {
        case HEAD:
          this.#head(bytes, to);
          break;
        case LENGTH:
        case CHUNK_DATA:
          this.#counted(bytes, to);
          break;
        case CHUNK_FRAMING:
          this.#chunkFraming(bytes, to);
          break;
        case TO_CLOSE:
          this.#take(bytes, to);
          break;
        case RESYNC:
          this.#resync(bytes, from, to);
          break;
        default:
          return 0;
      }
    }
    const message = this.message;
    if (message === undefined) return 0;
    message.endSeconds = this.#context.seconds;
    message.endNanos = this.#context.nanos;
    return this.#state === LENGTH || this.#state === CHUNK_DATA ? this.#skip(message) : 0;
  }

  /** `missing` bytes will never come. */
  gap(missing: number): void {
    this.#skipped = 0;
    const isInHead = this.#state === HEAD && this.#deliverPart(missing);
    const message = this.message;
    if (message !== undefined && !isInHead) message.missingBytes += missing;
    switch (this.#state) {
      case HEAD:
        this.#held.release();
        break;
      case LENGTH:
      case CHUNK_DATA:
        if (missing <= this.#remaining) {
          message!.bytes += missing;
          message!.bodyBytes += missing;
          this.#remaining -= missing;
          this.at = 0;
          if (this.#remaining === 0) this.#counted(NO_BYTES, 0);
          return;
        }
        message!.bytes += this.#remaining;
        message!.bodyBytes += this.#remaining;
        message!.missingBytes += this.#remaining - missing;
        if (this.#state === LENGTH) {
          this.#complete();
        }
        break;
      case TO_CLOSE:
        message!.bytes += missing;
        message!.bodyBytes += missing;
        return;
      case OVER:
        return;
    }
    this.#search.afterGap();
    this.#state = RESYNC;
  }

  /** No more bytes of this direction. `isClosed`: the sender said so (FIN), which ends a body without a length. */
  finish(isClosed: boolean): void {
    const held = this.#held;
    if (held.length > 0 && this.#awaitsSimple && classifyStatusLine(held.bytes, 0, held.length) !== RESPONSE) {
      // Less than a status line, and no more will come.
      this.#beginSimple();
      this.#body(held.bytes, held.length);
      held.release();
    }
    if (held.length > 0 && this.message === undefined) this.#context.count('truncated');
    if (!this.#deliverPart(0) && this.message !== undefined) this.#stray(held.bytes, 0, held.length);
    held.release();
    const message = this.message;
    if (message !== undefined) {
      const left = this.#context.skipLeft?.(this.direction) ?? this.#skipped;
      const owed = Math.min(this.#skipped, left);
      message.bytes -= owed;
      message.bodyBytes -= owed;
      // That the end of a head is missing is told; how far its body should go nobody knows.
      const isOpen = this.#state === TO_CLOSE || (message.isHeadCut && message.missingBytes > 0);
      if (!isOpen || !isClosed) message.isCutShort = true;
      this.message = undefined;
      message.isComplete = true;
      this.#listener.onComplete(message, this.direction);
    }
    this.#state = OVER;
  }

  #head(bytes: Uint8Array, to: number): void {
    if (this.#held.length > 0) {
      this.#hold(bytes, to);
      return;
    }
    if (this.#awaitsSimple && classifyStatusLine(bytes, this.at, to) === NOT_HTTP) {
      this.#now();
      this.#beginSimple();
      return;
    }
    let at = this.at;
    // RFC 9112 section 2.2: an empty line before a start line is ignored.
    while (at < to && (bytes[at] === CR || bytes[at] === LF)) at++;
    this.at = at;
    if (at === to) return;
    const end = index.lines(bytes, at, to);
    const start =
      end === -1
        ? this.#search.classify(bytes, at, to)
        : this.#search.classifyWhole(bytes, at, at + index.lineTo[0], end);
    this.#now();
    if (start === NOT_HTTP) {
      if (this.#simple(bytes, at, to)) return;
      this.#lose(bytes[at] === LF);
      this.#stray(bytes, at, at + 1);
      this.at = at + 1;
      return;
    }
    if (end !== -1) {
      this.at = end;
      this.#deliver(bytes, at, end, start);
      return;
    }
    this.#held.begin(start);
    this.#hold(bytes, to);
  }

  /** Keeps a head that is not complete yet; reads it once it is. */
  #hold(bytes: Uint8Array, to: number): void {
    const { at } = this;
    const held = this.#held;
    const end = held.endIn(bytes, at, to);
    const stop = end === -1 ? to : end;
    const before = held.length;
    if (!held.add(bytes, at, stop)) {
      this.#context.count('limit');
      this.#stray(held.bytes, 0, before);
      this.#stray(bytes, at, stop);
      this.at = stop;
      held.release();
      this.#lose(bytes[stop - 1] === LF);
      return;
    }
    if (held.start === UNDECIDED && (before < METHOD_PREFIX_BYTES || held.hasLine)) {
      held.start = this.#awaitsSimple
        ? classifyStatusLine(held.bytes, 0, held.length)
        : this.#search.classify(held.bytes, 0, held.length);
      if (held.start === NOT_HTTP) {
        const kept = held.bytes;
        const { length } = held;
        held.release();
        if (this.#simple(kept, 0, length)) {
          // The line ends in this segment: nothing complete is ever kept.
          this.at += at - before;
          return;
        }
        if (this.#awaitsSimple) {
          this.#beginSimple();
          this.#body(kept, before);
          return;
        }
        this.#lose(false);
        this.#replay(kept, before);
        return;
      }
    }
    this.at = stop;
    if (end === -1) return;
    // HeadEnd and HeadIndex agree on what an empty line is, so the index ends where the bytes do.
    index.lines(held.bytes, 0, held.length);
    this.#deliver(held.bytes, 0, held.length, held.start);
    held.release();
  }

  /** Nothing was said before: only there may HTTP/0.9 begin. */
  get #isFirst(): boolean {
    return this.count === 0 && this.strayBytes === 0 && this.message === undefined && !this.#search.isStrict;
  }

  get #awaitsSimple(): boolean {
    return this.#isFirst && this.#listener.awaitsSimple(this.direction);
  }

  /** Takes the request of HTTP/0.9 that [from, to) begins with, if it does; `at` is then behind it. */
  #simple(bytes: Uint8Array, from: number, to: number): boolean {
    if (!this.#isFirst) return false;
    const end = simpleRequestEnd(bytes, from, to);
    if (end === -1) return false;
    const line = closed(bytes.subarray(from, end), end - from);
    index.lines(line.bytes, 0, line.bytes.length);
    const message = this.#begin(REQUEST);
    message.isSimple = true;
    readHead(message, line.bytes, 0, line.headTo, index, this.#settings);
    this.at = end;
    this.#listener.onHead(this);
    this.#complete();
    return true;
  }

  /** An answer of HTTP/0.9 begins: all that comes is its body. */
  #beginSimple(): void {
    const message = this.#begin(RESPONSE);
    message.isSimple = true;
    message.version = '0.9';
    this.#listener.onHead(this);
    this.#state = TO_CLOSE;
  }

  /** Kept bytes [0, length) of a body. */
  #body(bytes: Uint8Array, length: number): void {
    const { at } = this;
    this.at = 0;
    this.#take(bytes, length);
    this.at = at;
  }

  #now(): void {
    this.#startSeconds = this.#context.seconds;
    this.#startNanos = this.#context.nanos;
  }

  /** The kept bytes [0, length) do not begin a message: is there one within them? They have no line end, so this comes once a line. */
  #replay(bytes: Uint8Array, length: number): void {
    const at = this.at;
    this.#stray(bytes, 0, Math.min(1, length));
    this.at = 1;
    while (this.at < length) {
      if (this.#state === RESYNC) this.#resync(bytes, -1, length);
      else this.#head(bytes, length);
    }
    this.at = at;
  }

  /**
   * The rest of the head that is held will never come (`missing` bytes are lost; 0: the sender left it at that). What there is of it
   * is told if it is the beginning of a message beyond doubt. False: there is nothing to tell.
   */
  #deliverPart(missing: number): boolean {
    const held = this.#held;
    const { length } = held;
    const part = partOf(held.bytes, length, held.start, this.#search.isMidLine);
    if (part === undefined) return false;
    held.release();
    index.lines(part.bytes, 0, part.bytes.length);
    const message = this.#begin(part.start);
    message.isHeadCut = true;
    message.missingBytes = missing;
    message.isCutShort = missing === 0;
    readHead(message, part.bytes, 0, part.headTo, index, this.#settings);
    message.bytes = length;
    const framing = this.#listener.onHead(this);
    if (framing === NO_MORE_HTTP) this.#state = OVER;
    // Whether a body follows such a request stood in what is missing.
    else if (framing === NO_BODY && !(message.isRequest && OFTEN_HAS_BODY.has(message.method))) this.#complete();
    else this.#state = RESYNC;
    return true;
  }

  #begin(start: Start): Message {
    // One that went on until the next start line ends here; its time is that of its last bytes.
    if (this.message !== undefined) this.#finishMessage(this.message);
    const message = takeMessage();
    this.message = message;
    this.count++;
    this.#search.found();
    message.isRequest = start === REQUEST;
    message.startSeconds = this.#startSeconds;
    message.startNanos = this.#startNanos;
    message.endSeconds = this.#context.seconds;
    message.endNanos = this.#context.nanos;
    return message;
  }

  #deliver(bytes: Uint8Array, from: number, end: number, start: Start): void {
    const message = this.#begin(start);
    if (!readHead(message, bytes, from, end, index, this.#settings)) this.#context.count('limit');
    const framing = this.#listener.onHead(this);
    if (framing === NO_MORE_HTTP) this.#state = OVER;
    else if (framing === NO_BODY) this.#complete();
    else if (framing === BY_LENGTH) {
      this.#remaining = message.contentLength;
      this.#state = LENGTH;
    } else if (framing === CHUNKED) {
      this.#chunks ??= new ChunkReader();
      this.#chunks.begin();
      this.#state = CHUNK_FRAMING;
    } else this.#state = TO_CLOSE;
  }

  #complete(): void {
    const message = this.message!;
    message.endSeconds = this.#context.seconds;
    message.endNanos = this.#context.nanos;
    this.#finishMessage(message);
  }

  #finishMessage(message: Message): void {
    this.message = undefined;
    this.#state = HEAD;
    message.isComplete = true;
    this.#listener.onComplete(message, this.direction);
  }

  /** Body bytes whose number is known. */
  #counted(bytes: Uint8Array, to: number): void {
    this.#take(bytes, Math.min(to, this.at + this.#remaining));
    if (this.#remaining > 0) return;
    if (this.#state === LENGTH) this.#complete();
    else this.#state = CHUNK_FRAMING;
  }

  #take(bytes: Uint8Array, to: number): void {
    const message = this.message!;
    const n = to - this.at;
    if (message.body !== undefined && n > 0) this.#listener.onBody(message, bytes, this.at, to);
    message.bytes += n;
    message.bodyBytes += n;
    this.#remaining -= n;
    this.at = to;
  }

  /** The last byte of a body is never skipped: it tells when the message was complete. */
  #skip(message: Message): number {
    if (this.#remaining <= SKIP_FROM_BYTES || (message.body !== undefined && !message.body.isCut)) return 0;
    const n = Math.min(this.#remaining - 1, SKIP_STEP_BYTES);
    this.#remaining -= n;
    this.#skipped = n;
    message.bytes += n;
    message.bodyBytes += n;
    return n;
  }

  #chunkFraming(bytes: Uint8Array, to: number): void {
    const message = this.message!;
    const chunks = this.#chunks!;
    const from = this.at;
    const found = chunks.read(message, bytes, from, to);
    message.bytes += chunks.at - from;
    this.at = chunks.at;
    if (found === DATA) {
      this.#remaining = chunks.size;
      this.#state = CHUNK_DATA;
    } else if (found === DONE) this.#complete();
    else if (found === BROKEN) {
      message.note('Malformed chunk');
      this.#context.count('malformed');
      this.#state = RESYNC;
    }
  }

  /** What should be a start line is none. `isLineEnd`: its last byte ends a line. */
  #lose(isLineEnd: boolean): void {
    if (!this.#search.isStrict) this.#context.count('malformed');
    this.#search.lose(isLineEnd);
    this.#state = RESYNC;
  }

  /** Bytes of no message, or of one that goes on until the next start line. */
  #stray(bytes: Uint8Array, from: number, to: number): void {
    const message = this.message;
    if (message === undefined) {
      this.strayBytes += to - from;
      return;
    }
    if (from >= to) return;
    if (message.body !== undefined) this.#listener.onBody(message, bytes, from, to);
    message.bytes += to - from;
    message.bodyBytes += to - from;
    message.endSeconds = this.#context.seconds;
    message.endNanos = this.#context.nanos;
  }

  /** Looks for the next start line: until it is complete, an open message stays open. */
  #resync(bytes: Uint8Array, from: number, to: number): void {
    const begin = this.at;
    const found = this.#search.find(bytes, begin, from, to);
    this.#stray(bytes, begin, found);
    this.at = found;
    if (found < to) this.#state = HEAD;
  }
}
