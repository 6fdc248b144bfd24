// Bytes of one direction of a connection → messages. Incremental: a head that is complete in one piece is read in place, one that
// is not is kept until it is; bodies are counted and never kept here. Every byte is looked at a bounded number of times, however
// the stream is cut.

import type { Context, Direction } from '../protocol.ts';
import { BehindHead, type ParserBehindHead } from './behind-head.ts';
import { type Framing, NO_BODY, UNTIL_CLOSE } from './body.ts';
import { type BodyListener, BodyReader, COMPLETE, COMPLETE_WITHIN_GAP, OPEN } from './body-reader.ts';
import { HeadIndex } from './head.ts';
import { HeldHead } from './held-head.ts';
import { type Lost, MAYBE_LOST, NONE_LOST, SURELY_LOST } from './lost.ts';
import { type Message, takeMessage } from './message.ts';
import type { Settings } from './options.ts';
import { partOf } from './part-of-head.ts';
import { readHead } from './read-head.ts';
import {
  beginsSimpleAnswer,
  finishKeptSimple,
  type SimpleParser,
  takeKeptSimple,
  takeSimpleRequest,
} from './simple.ts';
import { classifyStatusLine, NOT_HTTP, REQUEST, RESPONSE, type Start, UNDECIDED } from './start-line.ts';
import { StartSearch } from './start-search.ts';

/** Bytes of a method that a start line is tested for before its line is complete. */
const METHOD_PREFIX_BYTES = 40;

/** Methods whose requests often have a body. */
const OFTEN_HAS_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'PROPFIND', 'REPORT', 'QUERY']);

const LF = 10;
const CR = 13;

/** What `onHead` answers when no HTTP follows (a tunnel, an upgrade). */
export const NO_MORE_HTTP = -1;

const HEAD = 0;
const BODY = 1;
/** Looking for the next start line; an open message takes the bytes until then. */
const RESYNC = 2;
const OVER = 3;
const PAUSED = 4;
/** Behind the head of a response to nobody knows what. */
const BEHIND_HEAD = 5;

export interface MessageListener extends BodyListener {
  /** `parser.message` has its head. Answers how its body ends. */
  onHead(parser: MessageParser): Framing | typeof NO_MORE_HTTP;
  /** Is the next thing from this direction the answer to a request of HTTP/0.9? */
  awaitsSimple(direction: Direction): boolean;
  /** `message` has all it will get. The parser has let go of it. */
  onComplete(message: Message, direction: Direction): void;
}

const index = new HeadIndex();

export class MessageParser implements SimpleParser, ParserBehindHead {
  // What is asked for with each segment stands together, for much else passes through the cache until a connection's next one.
  message: Message | undefined = undefined;
  /** Offset behind the last byte that was taken, after `data`. */
  at = 0;
  /** The bytes that are being taken end here, and where they are kept ones, so far from where they stood. */
  #to = 0;
  #shift = 0;
  #state = HEAD;
  readonly #context: Context;
  readonly #body: BodyReader;
  readonly direction: Direction;
  /** Messages so far. */
  count = 0;
  /** Bytes that belonged to no message. */
  strayBytes = 0;
  /** Whether beginnings of messages are among what is missing since the last one that was found. */
  lost: Lost = NONE_LOST;

  readonly #settings: Settings;
  readonly #listener: MessageListener;
  readonly #held: HeldHead;
  readonly #search = new StartSearch();
  /** Of the first byte of what may be a message: when it came, its place in the stream, up to where its sender had the other direction. */
  #startSeconds = 0;
  #startNanos = 0;
  #startOffset = 0;
  #startAcknowledged = -1;
  /** Made when it is needed: most responses answer requests that were seen. */
  #behind: BehindHead | undefined = undefined;

  constructor(direction: Direction, context: Context, settings: Settings, listener: MessageListener) {
    this.direction = direction;
    this.#context = context;
    this.#settings = settings;
    this.#listener = listener;
    this.#held = new HeldHead(context);
    this.#body = new BodyReader(listener);
    if (((context.lostBeginnings ?? 0) & (1 << direction)) !== 0) this.lost = SURELY_LOST;
  }

  get isOver(): boolean {
    return this.#state === OVER;
  }

  /** The place in the stream behind what has come. */
  get seen(): number {
    return this.#context.offset?.(this.direction) ?? this.#to;
  }

  get isPaused(): boolean {
    return this.#state === PAUSED;
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
    this.at = from;
    this.#to = to;
    while (this.at < to) {
      if (this.#state === BODY) this.#readBody(bytes, to);
      else if (this.#state === HEAD) this.#head(bytes, to);
      else if (this.#state === RESYNC) this.#resync(bytes, from, to);
      else if (this.#state === BEHIND_HEAD) this.at = this.#behind!.data(bytes, this.at, to);
      else return 0;
    }
    const message = this.message;
    // What waits behind a head may belong to the next message, and so may its time.
    if (message === undefined || this.#state === BEHIND_HEAD) return 0;
    message.endSeconds = this.#context.seconds;
    message.endNanos = this.#context.nanos;
    return this.#state === BODY ? this.#body.skip(message) : 0;
  }

  /** `missing` bytes will never come. */
  gap(missing: number): void {
    if (this.#state === OVER) return;
    this.#takeBody();
    if (this.#state === BODY) {
      const progress = this.#body.gap(this.message!, missing);
      if (progress === COMPLETE || progress === COMPLETE_WITHIN_GAP) this.#complete();
      if (progress === OPEN || progress === COMPLETE) return;
      this.#lost(progress === COMPLETE_WITHIN_GAP);
    } else {
      const isBetween = this.#state === HEAD && this.#held.length === 0;
      const isInHead = this.#state === HEAD && this.#deliverPart(missing);
      if (this.message !== undefined && !isInHead) this.message.missingBytes += missing;
      if (this.#state === OVER) return;
      this.#held.release();
      this.#lost(isBetween);
    }
    this.#search.afterGap();
    this.#state = RESYNC;
  }

  /** What follows is missing. `isSure`: a message begins with it. */
  #lost(isSure: boolean): void {
    if (isSure) this.lost = SURELY_LOST;
    else if (this.lost === NONE_LOST) this.lost = MAYBE_LOST;
  }

  /** No more bytes of this direction. `isClosed`: the sender said so (FIN), which ends a body without a length. */
  finish(isClosed: boolean): void {
    const held = this.#held;
    this.#takeBody();
    finishKeptSimple(this, held);
    if (held.length > 0 && this.message === undefined) this.#context.count('truncated');
    if (!this.#deliverPart(0) && this.message !== undefined) this.#stray(held.bytes, 0, held.length);
    held.release();
    const message = this.message;
    if (message !== undefined) {
      if (this.#state === BODY) this.#body.takeBack(message, this.#context.skipLeft?.(this.direction));
      // That the end of a head is missing is told; how far its body should go nobody knows.
      const isOpen = (this.#state === BODY && this.#body.isToClose) || (message.isHeadCut && message.missingBytes > 0);
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
    if (beginsSimpleAnswer(this, bytes, this.at, to)) {
      this.#now();
      this.beginSimpleAnswer();
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
      const behind = takeSimpleRequest(this, bytes, at, to);
      this.at = behind === -1 ? at + 1 : behind;
      if (behind !== -1) return;
      this.#lose(bytes[at] === LF);
      this.#stray(bytes, at, at + 1);
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
      held.start = this.awaitsSimple
        ? classifyStatusLine(held.bytes, 0, held.length)
        : this.#search.classify(held.bytes, 0, held.length);
      if (held.start === NOT_HTTP) {
        const kept = held.bytes;
        const { length } = held;
        held.release();
        const taken = takeKeptSimple(this, kept, before, length);
        if (taken !== -1) {
          this.at = at + taken - before;
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

  get isFirst(): boolean {
    return this.count === 0 && this.strayBytes === 0 && this.message === undefined && !this.#search.isStrict;
  }

  get awaitsSimple(): boolean {
    return this.isFirst && this.#listener.awaitsSimple(this.direction);
  }

  deliverSimple(bytes: Uint8Array, lineTo: number): void {
    index.lines(bytes, 0, bytes.length);
    this.#deliver(bytes, 0, lineTo, REQUEST, true);
  }

  beginSimpleAnswer(): void {
    const message = this.#begin(RESPONSE);
    message.isSimple = true;
    message.version = '0.9';
    this.#listener.onHead(this);
    this.#body.begin(message, UNTIL_CLOSE);
    this.#state = BODY;
  }

  simpleAnswerBytes(bytes: Uint8Array, length: number): void {
    this.#body.read(this.message!, bytes, 0, length);
  }

  #now(): void {
    this.#startSeconds = this.#context.seconds;
    this.#startNanos = this.#context.nanos;
    this.#startOffset = this.seen - this.#to + this.#shift + this.at;
    this.#startAcknowledged = this.#context.acknowledged?.(this.direction) ?? -1;
  }

  /** The kept bytes [0, length) do not begin a message: is there one within them? They have no line end, so this comes once a line. */
  #replay(bytes: Uint8Array, length: number): void {
    const at = this.at;
    this.#stray(bytes, 0, Math.min(1, length));
    this.#take(bytes, 1, length);
    this.at = at;
  }

  /** Takes the kept bytes [from, length), behind which stand those at `at`. */
  #take(bytes: Uint8Array, from: number, length: number): void {
    const shift = this.#shift;
    this.#shift += this.at - length;
    this.at = from;
    while (this.at < length) {
      if (this.#state === RESYNC) this.#resync(bytes, -1, length);
      else if (this.#state === BODY) this.#readBody(bytes, length);
      else this.#head(bytes, length);
    }
    this.#shift = shift;
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
    message.lostBefore = this.lost;
    this.lost = NONE_LOST;
    message.offset = this.#startOffset;
    message.acknowledged = this.#startAcknowledged;
    message.startSeconds = this.#startSeconds;
    message.startNanos = this.#startNanos;
    message.endSeconds = this.#context.seconds;
    message.endNanos = this.#context.nanos;
    return message;
  }

  #deliver(bytes: Uint8Array, from: number, end: number, start: Start, isSimple = false): void {
    const message = this.#begin(start);
    message.isSimple = isSimple;
    if (!readHead(message, bytes, from, end, index, this.#settings)) this.#context.count('limit');
    const framing = this.#listener.onHead(this);
    if (framing === NO_MORE_HTTP) this.#state = OVER;
    else if (framing === NO_BODY) this.#complete();
    else {
      this.#body.begin(message, framing);
      this.#state = message.isUnasked ? BEHIND_HEAD : BODY;
      if (message.isUnasked) this.#behind ??= new BehindHead(this.#context, this);
    }
  }

  endWithHead(): void {
    this.#finishMessage(this.message!);
  }

  beginBody(): void {
    this.#state = BODY;
  }

  takeWaiting(bytes: Uint8Array, length: number, seconds: number, nanos: number): void {
    const { at, message } = this;
    if (message !== undefined) {
      message.endSeconds = seconds;
      message.endNanos = nanos;
    }
    this.#take(bytes, 0, length);
    this.#startSeconds = seconds;
    this.#startNanos = nanos;
    this.at = at;
  }

  /** What waits behind a head is of its body. */
  #takeBody(): void {
    if (this.#state === BEHIND_HEAD) this.#behind!.giveBody();
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

  #readBody(bytes: Uint8Array, to: number): void {
    const message = this.message!;
    const progress = this.#body.read(message, bytes, this.at, to);
    this.at = this.#body.at;
    if (progress === OPEN) return;
    if (progress === COMPLETE) {
      this.#complete();
      return;
    }
    message.note('Malformed chunk');
    this.#context.count('malformed');
    this.#state = RESYNC;
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
