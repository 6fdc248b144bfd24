// HTTP/0.9: a line `GET /path` without a version is the whole request, and what comes back until the connection closes is the whole
// answer (RFC 1945 sections 4.1 and 5: Simple-Request, Simple-Response). By hand, from scanners and from old devices it still comes.

import { beginsTarget } from './part-of-head.ts';

const GET = [0x47, 0x45, 0x54, 0x20];
const LF = 10;
const CR = 13;
const SP = 32;

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
