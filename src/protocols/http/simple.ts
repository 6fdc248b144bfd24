// HTTP/0.9: a line `GET /path` without a version is the whole request, and what comes back until the connection closes is the whole
// answer (RFC 1945 sections 4.1 and 5: Simple-Request, Simple-Response). By hand, from scanners and from old devices it still comes.
// Only the first bytes of a direction may be that; the parser asks here when they are nothing of HTTP/1.x.

import type { HeldHead } from './held-head.ts';
import { beginsTarget, closed } from './part-of-head.ts';
import { classifyStatusLine, NOT_HTTP, RESPONSE } from './start-line.ts';

const GET = [0x47, 0x45, 0x54, 0x20];
const LF = 10;
const CR = 13;
const SP = 32;

/** What a parser has for messages of HTTP/0.9. */
export interface SimpleParser {
  /** Nothing was said in this direction before. */
  readonly isFirst: boolean;
  /** Nor was it in the answer that is due to a request of HTTP/0.9. */
  readonly awaitsSimple: boolean;
  /** The request line in `bytes`, which ends at `lineTo`, is a whole message. */
  deliverSimple(bytes: Uint8Array, lineTo: number): void;
  /** All that comes is an answer's body. */
  beginSimpleAnswer(): void;
  /** The first bytes of it, [0, length), have been kept. */
  simpleAnswerBytes(bytes: Uint8Array, length: number): void;
}

/**
 * Offset behind the line that [from, to) begins with, if it is such a request; -1: it is none, or its end is not there. The target has
 * no blank in it, so a line with a version, or with what should be one, is none.
 */
export function simpleRequestEnd(bytes: Uint8Array, from: number, to: number): number {
  for (let i = 0; i < GET.length; i++) if (from + i >= to || bytes[from + i] !== GET[i]) return -1;
  const target = from + GET.length;
  let at = target;
  while (at < to && bytes[at] > SP) at++;
  if (!beginsTarget(bytes, target, at)) return -1;
  if (at < to && bytes[at] === CR) at++;
  return at < to && bytes[at] === LF ? at + 1 : -1;
}

/** Takes the request that [from, to) begins with; the offset behind it, -1 when there is none. */
export function takeSimpleRequest(parser: SimpleParser, bytes: Uint8Array, from: number, to: number): number {
  if (!parser.isFirst) return -1;
  const end = simpleRequestEnd(bytes, from, to);
  if (end === -1) return -1;
  const line = closed(bytes.subarray(from, end), end - from);
  parser.deliverSimple(line.bytes, line.headTo);
  return end;
}

/** Is [from, to) the beginning of an answer? False as well when it may yet become a status line. */
export function beginsSimpleAnswer(parser: SimpleParser, bytes: Uint8Array, from: number, to: number): boolean {
  return parser.awaitsSimple && classifyStatusLine(bytes, from, to) === NOT_HTTP;
}

/**
 * The kept bytes [0, length), of which the last `length - before` have just come, are nothing of HTTP/1.x. How many of them were
 * taken, -1 when they are nothing of HTTP/0.9 either.
 */
export function takeKeptSimple(parser: SimpleParser, kept: Uint8Array, before: number, length: number): number {
  if (!parser.awaitsSimple) return takeSimpleRequest(parser, kept, 0, length);
  parser.beginSimpleAnswer();
  parser.simpleAnswerBytes(kept, before);
  return before;
}

/** No more will come: what was kept because a status line might have begun with it is all of an answer. */
export function finishKeptSimple(parser: SimpleParser, held: HeldHead): void {
  if (held.length === 0 || !parser.awaitsSimple) return;
  if (classifyStatusLine(held.bytes, 0, held.length) === RESPONSE) return;
  parser.beginSimpleAnswer();
  parser.simpleAnswerBytes(held.bytes, held.length);
  held.release();
}
