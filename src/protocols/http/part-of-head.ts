// What can be told of a head whose end was never captured: cut by the snap length, lost, or never sent. Whole lines are believed; of
// a start line that is cut itself, the method and as much of the target as is there.

import { asciiText } from '../../records/text.ts';
import {
  classifyStatusLine,
  methodEnd,
  methodText,
  REQUEST,
  RESPONSE,
  type Start,
  statusCodeAt,
} from './start-line.ts';

const LF = 10;
const CR = 13;
const SP = 32;
const CODE_OCTETS = 3;
const ASTERISK = 0x2a;
/** The longest name of a host, and a port. */
const MAX_AUTHORITY_OCTETS = 262;

export interface PartOfHead {
  readonly start: Start;
  /** Whole lines, then an empty one. */
  readonly bytes: Uint8Array;
  /** Where the empty line, which nobody sent, begins. */
  readonly headTo: number;
}

/** Of the held bytes [0, length), which began as `start`; undefined when they may be something else than the beginning of a message. */
export function partOf(held: Uint8Array, length: number, start: Start, isMidLine: boolean): PartOfHead | undefined {
  if (length === 0) return undefined;
  let lineTo = length;
  while (lineTo > 0 && held[lineTo - 1] !== LF) lineTo--;
  if (lineTo > 0) {
    if (start !== REQUEST && start !== RESPONSE) return undefined;
    return { start, ...closed(held, lineTo) };
  }
  if (classifyStatusLine(held, 0, length) === RESPONSE) {
    // A part of the phrase would be taken for all of it.
    const to = held[length - 1] === CR ? length : statusCodeAt(held, 0) + CODE_OCTETS;
    return { start: RESPONSE, ...closed(held, to) };
  }
  if (isMidLine || !beginsRequest(held, 0, length)) return undefined;
  return { start: REQUEST, ...closed(held, length) };
}

/** Is this the beginning of a request line, with a method that everybody knows and the beginning of a target? */
export function beginsRequest(bytes: Uint8Array, from: number, to: number): boolean {
  const at = methodEnd(bytes, from, to, false);
  if (at === -1 || at === to) return false;
  if (beginsTarget(bytes, at + 1, to)) return true;
  const method = methodText(bytes, from, at);
  return method === 'CONNECT' ? beginsAuthority(bytes, at + 1, to) : method === 'OPTIONS' && bytes[at + 1] === ASTERISK;
}

/** Host and port of `CONNECT` (RFC 9112 section 3.2.3), as far as the port's first digit at least. */
function beginsAuthority(bytes: Uint8Array, from: number, to: number): boolean {
  let at = from;
  const end = Math.min(to, from + MAX_AUTHORITY_OCTETS);
  while (at < end && bytes[at] !== SP && bytes[at] !== CR) at++;
  return /^(?:[\w.-]+|\[[\d:a-f]+\]):\d+$/i.test(asciiText(bytes, from, at));
}

/** Origin form, or absolute form (RFC 9112 section 3.2). */
export function beginsTarget(bytes: Uint8Array, from: number, to: number): boolean {
  if (from < to && bytes[from] === 0x2f) return true;
  const scheme = 'http';
  if (to - from < scheme.length) return false;
  for (let i = 0; i < scheme.length; i++) if ((bytes[from + i] | 0x20) !== scheme.charCodeAt(i)) return false;
  return true;
}

/** The bytes [0, to) as lines with an empty one behind them. */
export function closed(held: Uint8Array, to: number): { bytes: Uint8Array; headTo: number } {
  const isCut = held[to - 1] !== LF;
  // A carriage return alone at the end is half of a line ending.
  const end = isCut && held[to - 1] === CR ? to - 1 : to;
  const headTo = isCut ? end + 2 : end;
  const bytes = new Uint8Array(headTo + 2);
  bytes.set(held.subarray(0, end));
  bytes.set([CR, LF, CR, LF].slice(0, headTo + 2 - end), end);
  return { bytes, headTo };
}
