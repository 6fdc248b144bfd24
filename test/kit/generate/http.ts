// HTTP/1.1 over keep-alive connections: browser-like requests, responses with bodies over full segments, acknowledgements. One
// packet per call; many connections interleave.

import { ACK, FIN, type Frame, PSH, SYN } from './frame.ts';
import type { Traffic } from './pcap-writer.ts';
import { Random } from './random.ts';

const SEGMENT_BYTES = 1448;
const SERVERS = 24;
const CLIENTS = 500;
const POOL_BYTES = 64 * 1024;
const WORDS = [
  'api',
  'users',
  'orders',
  'static',
  'img',
  'v2',
  'search',
  'cart',
  'session',
  'assets',
  'reports',
  'items',
  'feed',
  'account',
];
const AGENTS = [
  'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1',
];
const TYPES = ['text/html; charset=utf-8', 'application/json', 'image/png', 'text/css', 'application/javascript'];
const REASONS = new Map([
  [200, 'OK'],
  [404, 'Not Found'],
  [500, 'Internal Server Error'],
  [201, 'Created'],
]);

export interface HttpOptions {
  seed: number;
  /** Connections that are open at the same time. */
  connections: number;
  v6?: number;
  /** The longest body of a response that is no error. */
  longestBody?: number;
}

/** One side's bytes that are still to be sent. */
interface Message {
  head: Uint8Array;
  bodyFrom: number;
  bodyBytes: number;
  sent: number;
}

class Connection {
  client = 0;
  server = 0;
  port = 0;
  v6 = false;
  /** Next sequence number and what the other side acknowledged, client first. */
  readonly next = [0, 0];
  readonly acknowledged = [0, 0];
  step: 'syn' | 'syn-ack' | 'ack' | 'request' | 'response' | 'fin' | 'fin-ack' | 'last-ack' = 'syn';
  left = 0;
  unacknowledged = 0;
  message: Message | undefined = undefined;
  request: { post: boolean; path: string } = { post: false, path: '/' };
}

export class HttpTraffic implements Traffic {
  /** Responses that were sent whole: the transactions of the file so far. */
  transactions = 0;
  readonly #random: Random;
  readonly #options: HttpOptions;
  readonly #connections: Connection[] = [];
  readonly #pool: Uint8Array;
  #opened = 0;

  constructor(options: HttpOptions) {
    this.#options = options;
    const random = new Random(options.seed);
    this.#random = random;
    const line = '<li class="item" data-id="%">The quick brown fox jumps over the lazy dog, and back again.</li>\n';
    let text = '';
    while (text.length < POOL_BYTES) text += line.replace('%', String(random.word()));
    this.#pool = Buffer.from(text.slice(0, POOL_BYTES), 'latin1');
    for (let i = 0; i < options.connections; i++) this.#connections.push(this.#open(new Connection()));
  }

  packet(frame: Frame): void {
    const connection = this.#random.pick(this.#connections);
    const c = connection;
    switch (c.step) {
      case 'syn':
        this.#segment(frame, c, 0, SYN, 0);
        c.step = 'syn-ack';
        break;
      case 'syn-ack':
        this.#segment(frame, c, 1, SYN | ACK, 0);
        c.step = 'ack';
        break;
      case 'ack':
        this.#segment(frame, c, 0, ACK, 0);
        this.#ask(c);
        break;
      case 'request':
        if (this.#send(frame, c, 0)) this.#answer(c);
        break;
      case 'response':
        // Every second full segment is acknowledged, as delayed ACKs do.
        if (c.unacknowledged >= 2) {
          this.#segment(frame, c, 0, ACK, 0);
          c.unacknowledged = 0;
        } else if (this.#send(frame, c, 1)) {
          this.transactions++;
          if (--c.left > 0) this.#ask(c);
          else c.step = 'fin';
        }
        break;
      case 'fin':
        this.#segment(frame, c, 1, FIN | ACK, 0);
        c.step = 'fin-ack';
        break;
      case 'fin-ack':
        this.#segment(frame, c, 0, FIN | ACK, 0);
        c.step = 'last-ack';
        break;
      case 'last-ack':
        this.#segment(frame, c, 1, ACK, 0);
        this.#open(c);
        break;
    }
  }

  #open(c: Connection): Connection {
    const random = this.#random;
    c.client = 0x0a010000 | random.below(CLIENTS);
    c.server = 0xc6120000 | random.below(SERVERS);
    // Counted, not random: no port comes back while its connection may still be known.
    c.port = 10_000 + (this.#opened++ % 50_000);
    c.v6 = random.chance(this.#options.v6 ?? 0);
    c.next[0] = random.word();
    c.next[1] = random.word();
    c.step = 'syn';
    c.left = random.between(1, 40);
    c.unacknowledged = 0;
    return c;
  }

  #ask(c: Connection): void {
    const random = this.#random;
    const post = random.chance(0.12);
    const path = `/${random.pick(WORDS)}/${random.pick(WORDS)}/${random.word() % 100_000}${random.chance(0.3) ? `?q=${random.pick(WORDS)}&page=${random.below(50)}` : ''}`;
    const bodyBytes = post ? random.between(20, 900) : 0;
    const lines = [
      `${post ? 'POST' : 'GET'} ${path} HTTP/1.1`,
      `Host: www${c.server & 255}.example.com`,
      `User-Agent: ${random.pick(AGENTS)}`,
      'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
      'Accept-Language: en-US,en;q=0.5',
      'Accept-Encoding: gzip, deflate',
      `Referer: http://www${c.server & 255}.example.com/${random.pick(WORDS)}`,
      `Cookie: session=${random.word().toString(16)}${random.word().toString(16)}; theme=dark; consent=yes`,
      'Connection: keep-alive',
    ];
    if (post) lines.push('Content-Type: application/x-www-form-urlencoded', `Content-Length: ${bodyBytes}`);
    c.request = { post, path };
    c.message = this.#message(lines, bodyBytes);
    c.step = 'request';
  }

  #answer(c: Connection): void {
    const random = this.#random;
    const roll = random.below(100);
    const status = roll < 5 ? 404 : roll < 10 ? 500 : c.request.post ? 201 : 200;
    const bodyBytes = random.between(200, status >= 400 ? 600 : (this.#options.longestBody ?? 8000));
    const lines = [
      `HTTP/1.1 ${status} ${REASONS.get(status)}`,
      'Date: Sun, 01 Mar 2026 12:00:00 GMT',
      'Server: nginx/1.26.1',
      `Content-Type: ${status >= 400 ? TYPES[0] : random.pick(TYPES)}`,
      `Content-Length: ${bodyBytes}`,
      'Last-Modified: Fri, 27 Feb 2026 08:12:31 GMT',
      `ETag: "${random.word().toString(16)}-${bodyBytes.toString(16)}"`,
      'Cache-Control: max-age=3600, public',
      'Vary: Accept-Encoding',
      'X-Frame-Options: SAMEORIGIN',
      'Strict-Transport-Security: max-age=31536000; includeSubDomains',
      `X-Request-Id: ${random.word().toString(16)}-${random.word().toString(16)}-${random.word().toString(16)}`,
      'Connection: keep-alive',
    ];
    c.message = this.#message(lines, bodyBytes);
    c.step = 'response';
  }

  #message(lines: readonly string[], bodyBytes: number): Message {
    const bodyFrom = this.#random.below(POOL_BYTES - bodyBytes);
    return { head: Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), bodyFrom, bodyBytes, sent: 0 };
  }

  /** Sends the next segment of the connection's message; true when it was the last. */
  #send(frame: Frame, c: Connection, side: 0 | 1): boolean {
    const message = c.message!;
    const all = message.head.length + message.bodyBytes;
    const length = Math.min(SEGMENT_BYTES, all - message.sent);
    const last = message.sent + length === all;
    this.#segment(frame, c, side, last ? PSH | ACK : ACK, length);
    message.sent += length;
    if (side === 1) c.unacknowledged++;
    if (last) c.unacknowledged = 0;
    return last;
  }

  #segment(frame: Frame, c: Connection, side: 0 | 1, flags: number, length: number): void {
    const source = (side === 0 ? c.client : c.server) >>> 0;
    const destination = (side === 0 ? c.server : c.client) >>> 0;
    frame.ethernet(side === 0 ? source & 0xffff : 0x100, side === 0 ? 0x100 : destination & 0xffff);
    if (c.v6) frame.ip6(source, destination, side === 0 ? 64 : 57);
    else frame.ip4(source, destination, side === 0 ? 64 : 57, this.#random.word() & 0xffff, 0x4000);
    const isSyn = (flags & SYN) !== 0;
    frame.tcp(
      side === 0 ? c.port : 80,
      side === 0 ? 80 : c.port,
      c.next[side],
      flags === SYN ? 0 : c.next[1 - side],
      flags,
      64_240,
      isSyn ? 1460 : 0,
    );
    if (length > 0) this.#content(frame, c.message!, length);
    c.next[side] = (c.next[side] + length + ((flags & (SYN | FIN)) !== 0 ? 1 : 0)) >>> 0;
  }

  #content(frame: Frame, message: Message, length: number): void {
    const { head, sent } = message;
    let left = length;
    if (sent < head.length) {
      const some = Math.min(left, head.length - sent);
      frame.payload(head, sent, sent + some);
      left -= some;
    }
    const from = message.bodyFrom + Math.max(0, sent - head.length);
    if (left > 0) frame.payload(this.#pool, from, from + left);
  }
}
