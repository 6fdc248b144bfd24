// One request or response while it is read and until its transaction is published. Messages are pooled: a busy connection makes
// none.

import type { MapEntries } from '../../records/field.ts';
import type { KeptBody } from './kept-body.ts';
import { type Lost, NONE_LOST } from './lost.ts';

/** Head buffers up to this size stay with a pooled message. */
const POOLED_HEAD_BYTES = 4096;
const POOLED_MESSAGES = 64;

const SMALLEST_HEAD_BYTES = 1024;

const NONE: readonly string[] = [];
const NO_BYTES = new Uint8Array(0);
const NO_VIEW = new DataView(NO_BYTES.buffer);

export class Message {
  // What each segment of a body changes comes first.
  /** Bytes of head and body as sent, framing included. */
  bytes = 0;
  /** Bytes of the body without chunk framing. */
  bodyBytes = 0;
  body: KeptBody | undefined = undefined;
  /** Time (Unix) of the first byte and of the last one so far. */
  startSeconds = 0;
  startNanos = 0;
  endSeconds = 0;
  endNanos = 0;
  isRequest = false;
  /** Bytes that the capture lacks (they are counted in `bytes`). */
  missingBytes = 0;
  isComplete = false;
  /** The connection ended before the message did. */
  isCutShort = false;
  /** HTTP/0.9: a request of one line, or an answer that is nothing but a body. */
  isSimple = false;
  /** The end of its head is missing, and with it what says how long its body is. */
  isHeadCut = false;
  /** A response to a request that nobody saw: it may be one to HEAD. */
  isUnasked = false;

  /** Our copy of the head. Requests always have it. */
  head: Uint8Array = NO_BYTES;
  headView = NO_VIEW;
  headLength = 0;
  /** Bytes that `context.hold` knows of. */
  held = 0;
  /** A request that stands in the queue for its response. */
  isQueued = false;
  /** Whether messages of its direction were lost before it. */
  lostBefore: Lost = NONE_LOST;
  /** Places in the streams: of its first byte, and up to which its sender had the other direction when it sent that; -1: not known. */
  offset = 0;
  acknowledged = -1;

  version = '1.1';
  method = '';
  /** Offsets into `head`; -1: absent. */
  targetAt = -1;
  targetTo = -1;
  hostAt = -1;
  hostTo = -1;
  userAgentAt = -1;
  userAgentTo = -1;
  refererAt = -1;
  refererTo = -1;

  status = 0;
  phrase = '';

  contentType = '';
  contentEncoding = '';
  transferEncoding = '';
  upgrade = '';
  /** It has an Expect field: 100 (Continue) comes before its response. */
  expectsInterim = false;
  requestId = '';
  userName = '';
  forwardedIp = '';
  /** Of the Content-Length field; -1: absent or unusable. */
  contentLength = -1;
  hasContentLength = false;
  /** What the Content-Length field says when that is no number. */
  oddContentLength = '';
  isChunked = false;

  hasChunkExtensions = false;
  trailers: readonly string[] = NONE;
  ambiguities: readonly string[] = NONE;
  notes: readonly string[] = NONE;
  informational: readonly string[] = NONE;
  /** Wanted header fields besides content type and length. */
  headers: MapEntries | undefined = undefined;

  /** Makes sure that `head` has room for `length` bytes; keeps what is there. */
  reserve(length: number): void {
    if (this.head.length >= length) return;
    const larger = new Uint8Array(Math.max(SMALLEST_HEAD_BYTES, length, this.head.length * 2));
    larger.set(this.head.subarray(0, this.headLength));
    this.head = larger;
    this.headView = new DataView(larger.buffer);
  }

  ambiguous(what: string): void {
    if (!this.ambiguities.includes(what)) this.ambiguities = [...this.ambiguities, what];
  }

  note(what: string): void {
    if (!this.notes.includes(what)) this.notes = [...this.notes, what];
  }

  blank(): void {
    this.isRequest = false;
    this.startSeconds = 0;
    this.startNanos = 0;
    this.endSeconds = 0;
    this.endNanos = 0;
    this.bytes = 0;
    this.bodyBytes = 0;
    this.missingBytes = 0;
    this.isComplete = false;
    this.isCutShort = false;
    this.isSimple = false;
    this.isHeadCut = false;
    this.isUnasked = false;
    if (this.head.length > POOLED_HEAD_BYTES) {
      this.head = NO_BYTES;
      this.headView = NO_VIEW;
    }
    this.headLength = 0;
    this.held = 0;
    this.isQueued = false;
    this.lostBefore = NONE_LOST;
    this.offset = 0;
    this.acknowledged = -1;
    this.version = '1.1';
    this.method = '';
    this.targetAt = -1;
    this.targetTo = -1;
    this.hostAt = -1;
    this.hostTo = -1;
    this.userAgentAt = -1;
    this.userAgentTo = -1;
    this.refererAt = -1;
    this.refererTo = -1;
    this.status = 0;
    this.phrase = '';
    this.contentType = '';
    this.contentEncoding = '';
    this.transferEncoding = '';
    this.upgrade = '';
    this.expectsInterim = false;
    this.requestId = '';
    this.userName = '';
    this.forwardedIp = '';
    this.contentLength = -1;
    this.hasContentLength = false;
    this.oddContentLength = '';
    this.isChunked = false;
    this.hasChunkExtensions = false;
    this.trailers = NONE;
    this.ambiguities = NONE;
    this.notes = NONE;
    this.informational = NONE;
    this.headers = undefined;
    this.body = undefined;
  }
}

const pool: Message[] = [];

export function takeMessage(): Message {
  return pool.pop() ?? new Message();
}

/** Gives a message back; nobody may use it afterwards. */
export function giveBack(message: Message): void {
  message.blank();
  if (pool.length < POOLED_MESSAGES) pool.push(message);
}
