// HTTP/1.x: RFC 9110 (meaning), RFC 9112 (syntax and framing).

import { headerLength } from '../haproxy/header.ts';
import type { Direction, Protocol, Transport } from '../protocol.ts';
import { HttpAnalyzer } from './analyzer.ts';
import { type HttpOptions, options, PORTS, settingsOf } from './options.ts';
import { beginsRequest } from './part-of-head.ts';
import { http as httpRecord } from './record.ts';
import { simpleRequestEnd } from './simple.ts';
import { classifyStart, lineFeed, NOT_HTTP, UNDECIDED } from './start-line.ts';

/** On a hinted port a direction may begin in the middle of a body: how long the next message is waited for. */
const MAX_HINTED_BYTES = 16 * 1024;
const MAX_PROBE_BYTES = 4 * 1024;

const LF = 10;
const CR = 13;

function probe(
  _direction: Direction,
  bytes: Uint8Array,
  from: number,
  to: number,
  hinted: boolean,
  _transport: Transport,
  seen = 0,
): 'yes' | 'no' | 'more' {
  let at = from;
  while (at < to && (bytes[at] === CR || bytes[at] === LF)) at++;
  if (at === to) return to - from > 8 ? 'no' : 'more';
  // What comes before HTTP there looks like a broken request to us.
  if (headerLength(bytes, from, to) > 0) return 'no';
  if (isHttp2Preface(bytes, at, to)) return 'no';
  const start = classifyStart(bytes, at, to, hinted);
  if (start === UNDECIDED) {
    if (to - at <= (hinted ? MAX_HINTED_BYTES : MAX_PROBE_BYTES)) return 'more';
    // So many bytes of a target: the line goes on, and nothing else begins like that.
    return beginsRequest(bytes, at, to) ? 'yes' : 'no';
  }
  if (start !== NOT_HTTP) return 'yes';
  if (!hinted) return 'no';
  if (simpleRequestEnd(bytes, at, to) !== -1) return 'yes';
  // Lines that had ended when they were looked at before are none.
  let i = at;
  if (seen > at - from) i = Math.max(at, at + bytes.subarray(at, from + seen).lastIndexOf(LF));
  for (; i < to; i++) {
    i = lineFeed(bytes, i, to);
    if (i + 1 >= to) break;
    const next = classifyStart(bytes, i + 1, to, false);
    if (next !== NOT_HTTP && next !== UNDECIDED) return 'yes';
  }
  return to - at > MAX_HINTED_BYTES ? 'no' : 'more';
}

/** `PRI *` begins HTTP/2 (RFC 9113 section 3.4): neither that line nor what follows it is HTTP/1.x. */
function isHttp2Preface(bytes: Uint8Array, from: number, to: number): boolean {
  return (
    to - from >= 5 &&
    bytes[from] === 0x50 &&
    bytes[from + 1] === 0x52 &&
    bytes[from + 2] === 0x49 &&
    bytes[from + 3] === 0x20 &&
    bytes[from + 4] === 0x2a
  );
}

export const http: Protocol<HttpOptions> = {
  name: 'http',
  doc: 'HTTP/1.0 and HTTP/1.1: requests with their responses; HTTP/0.9 on its ports',
  ports: PORTS,
  transports: ['tcp'],
  options,
  records: [httpRecord],
  probe,
  probePart: beginsRequest,
  open: (context, given) => new HttpAnalyzer(context, settingsOf(given)),
};
