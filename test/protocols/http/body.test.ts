import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { http } from '../../../src/protocols/http/index.ts';
import { GET, kit, OK, records, tell } from './drive.ts';

const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/plain\r\n\r\n';

describe('the end of a body (RFC 9112 section 6.3)', () => {
  it('HEAD, 204 and 304 have none, whatever the header says', () => {
    const told = records([
      ['>', 'HEAD / HTTP/1.1\r\nHost: h\r\n\r\n'],
      ['<', 'HTTP/1.1 200 OK\r\nContent-Length: 42\r\n\r\n'],
      ['>', GET],
      ['<', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 42\r\n\r\n'],
      ['>', GET],
      ['<', 'HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n'],
      ['>', GET],
      ['<', OK],
    ]);
    expect(told.map((t) => [t.statusCode, t.responseBodyBytes])).toEqual([
      [200, undefined],
      [304, undefined],
      [204, undefined],
      [200, 5],
    ]);
    expect(told[0].responseHeaders).toEqual([['content-length', 42]]);
  });

  it('a response without a length ends with the connection', () => {
    const exchange = [
      ['>', GET],
      ['<', 'HTTP/1.0 200 OK\r\n\r\nabc'],
      ['<', 'def'],
    ] as const;
    const [one] = records(exchange);
    expect(one).toMatchObject({ responseBodyBytes: 6, status: 'OK', responseHeaders: [['content-length', 6]] });
    expect(one.errorMessage).toBeUndefined();
    const driven = kit();
    for (const [side, bytes] of exchange) driven.data(side === '>' ? 0 : 1, bytes);
    expect(driven.emitted).toHaveLength(0);
    driven.analyzer.finished?.(1);
    expect(driven.emitted).toHaveLength(1);
  });

  it('chunks end with the empty one, their extensions and trailers are noted', () => {
    const [one, two] = records([
      [
        '>',
        `POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n${chunk('hello')}${chunk('x'.repeat(300))}0\r\n\r\n${GET}`,
      ],
      ['<', `${CHUNKED}5;a=b\r\nhello\r\n000\r\nX-Sum: 1\r\nServer-Timing: 2\r\n\r\n${OK}`],
    ]);
    expect(one).toMatchObject({
      requestBodyBytes: 305,
      responseBodyBytes: 5,
      responseChunkExtensions: true,
      responseTrailers: ['x-sum', 'server-timing'],
      responseHeaders: [
        ['content-length', 5],
        ['content-type', 'text/plain'],
      ],
    });
    expect(two).toMatchObject({ method: 'GET', responseBodyBytes: 5 });
  });

  it('what breaks off is told as far as it came', () => {
    expect(
      records([
        ['>', GET],
        ['<', OK.slice(0, -2)],
      ]),
    ).toMatchObject([{ responseBodyBytes: 3, errorMessage: ['The response is incomplete'] }]);
    expect(
      records([
        ['>', GET],
        ['<', 'HTTP/1.1 200 OK\r\nCont'],
      ]),
    ).toMatchObject([{ statusCode: 200, errorMessage: ['The response is incomplete'] }]);
  });

  it('a reset ends no body that lasts until the connection closes (RFC 9112, 8); a FIN before it does', () => {
    const untilClose = 'HTTP/1.0 200 OK\r\n\r\nsome of';
    const broken = { responseBodyBytes: 7, errorMessage: ['The response is incomplete'] };
    expect(
      records(
        [
          ['>', GET],
          ['<', untilClose],
        ],
        {},
        { end: 'rst' },
      ),
    ).toMatchObject([broken]);
    const driven = kit();
    driven.data(0, GET);
    driven.data(1, untilClose);
    driven.analyzer.finished!(1);
    const [told] = driven.end('rst').map(tell);
    expect(told).toMatchObject({ responseBodyBytes: 7 });
    expect(told).not.toHaveProperty('errorMessage');
  });

  it('large bodies are skipped, save for the last byte', () => {
    const driven = kit();
    driven.data(0, GET);
    driven.data(1, `HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n${'x'.repeat(1_000_000)}`, 1448);
    driven.data(0, GET);
    driven.data(1, OK);
    const told = driven.end('fin').map(tell);
    expect(told.map((t) => t.responseBodyBytes)).toEqual([1_000_000, 5]);
  });
});

describe('heads that are cut, as by a snap length of 96', () => {
  it('are told by their start lines, and paired', () => {
    const driven = kit();
    driven.data(0, 'GET /index.html HTTP/1.1\r\nHost');
    driven.gap(0, 40);
    driven.data(1, 'HTTP/1.1 200 OK\r\nServer: ngin');
    driven.gap(1, 1400);
    driven.data(1, 'some of the body');
    driven.gap(1, 1400);
    driven.data(0, 'POST /form?a=1 HTTP/1.1\r\nHost: w');
    driven.gap(0, 300);
    driven.data(1, 'HTTP/1.1 404 No');
    driven.gap(1, 100);
    const [get, post] = driven.end('fin').map(tell);
    expect(driven.emitted).toHaveLength(2);
    expect(get).toMatchObject({
      method: 'GET',
      urlOriginal: '/index.html',
      statusCode: 200,
      statusPhrase: 'ok',
      version: '1.1',
    });
    expect(get).toMatchObject({ requestMissingBytes: 40, responseMissingBytes: 2800 });
    // How much of that is body nobody knows.
    expect([get.responseBodyBytes, get.responseHeaders]).toEqual([undefined, undefined]);
    expect(get.errorMessage).toEqual([
      'Packet loss while capturing the request',
      'Packet loss while capturing the response',
    ]);
    expect(post).toMatchObject({ method: 'POST', urlOriginal: '/form?a=1', statusCode: 404 });
    // A part of a phrase is no phrase.
    expect(post.statusPhrase).toBeUndefined();
    expect(driven.held).toBe(0);
  });

  it('may be those of CONNECT and OPTIONS, whose targets begin otherwise', () => {
    for (const line of ['CONNECT in.example:80 HTTP/1.1', 'CONNECT [2001:db8::1]:4', 'OPTIONS * HTTP/1.1']) {
      const driven = kit();
      driven.data(0, line);
      driven.gap(0, 40);
      driven.data(1, 'HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n');
      const [method, target] = line.split(' ');
      expect(driven.end('fin').map(tell)).toMatchObject([{ method, urlOriginal: target, statusCode: 407 }]);
      expect(http.probePart?.(Buffer.from(line), 0, line.length)).toBe(true);
    }
    for (const line of ['CONNECT in.example', 'CONNECT a b:80', 'OPTIONS sip:a']) {
      expect(http.probePart?.(Buffer.from(line), 0, line.length)).toBe(false);
    }
  });

  it('within the start line are told as far as they go', () => {
    const driven = kit();
    driven.data(0, 'GET /a/long/pa');
    driven.gap(0, 100);
    driven.data(1, OK);
    driven.data(0, 'GET /whole HTT');
    driven.gap(0, 100);
    const told = driven.end('fin').map(tell);
    expect(told[0]).toMatchObject({ urlOriginal: '/a/long/pa', statusCode: 200, version: '1.1' });
    expect(told[0].errorMessage).toEqual([
      'The end of the target is missing',
      'Packet loss while capturing the request',
    ]);
    expect(told[1]).toMatchObject({
      urlOriginal: '/whole',
      errorMessage: ['Unmatched request', 'Packet loss while capturing the request'],
    });
  });

  it('are no messages when they may be anything', () => {
    const driven = kit();
    driven.data(0, GET);
    driven.data(0, 'GET it do');
    driven.gap(0, 100);
    driven.data(0, 'HTTP/1.1 2');
    driven.gap(0, 100);
    expect(driven.end('fin').map(tell)).toHaveLength(1);
  });

  it('whose sender never ends them are told when the connection ends', () => {
    const driven = kit();
    driven.data(0, 'GET /slow HTTP/1.1\r\nHost: h\r\nX-a: ');
    expect(driven.end('timeout').map(tell)).toMatchObject([
      {
        urlOriginal: '/slow',
        destinationDomain: 'h',
        errorMessage: ['Unmatched request', 'The request is incomplete'],
      },
    ]);
  });
});

describe('gaps', () => {
  it('in a body of known length are counted', () => {
    const driven = kit();
    driven.data(0, GET);
    driven.data(1, OK.slice(0, -4));
    driven.gap(1, 3);
    driven.data(1, `o${OK}`);
    driven.data(0, GET);
    const told = driven.end('fin').map(tell);
    expect(told[0]).toMatchObject({
      responseBodyBytes: 5,
      responseMissingBytes: 3,
      status: 'OK',
      errorMessage: ['Packet loss while capturing the response'],
    });
  });

  it('that take the end of a body with them complete it', () => {
    const driven = kit();
    driven.data(0, GET);
    driven.data(1, OK.slice(0, -4));
    driven.gap(1, 4);
    expect(tell(driven.emitted[0])).toMatchObject({ responseBodyBytes: 5, responseBytes: OK.length });
  });

  it('beyond a body: reading goes on at the next start line', () => {
    const driven = kit();
    driven.data(0, `POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nab`);
    driven.gap(0, 50);
    driven.data(0, `rest of a head\r\nX: y\r\n\r\n${GET}`);
    // The second answers the request whose head was lost.
    driven.data(1, OK + OK + OK);
    const told = driven.end('fin').map(tell);
    expect(told).toMatchObject([
      { method: 'POST', requestBodyBytes: 4, statusCode: 200 },
      { statusCode: 200, errorMessage: ['Unmatched response'] },
      { method: 'GET', statusCode: 200 },
    ]);
    expect(told[0].errorMessage).toEqual(['Packet loss while capturing the request']);
  });

  it('in chunked bodies and in heads: reading goes on at the next start line', () => {
    const driven = kit();
    driven.data(0, GET);
    driven.data(1, `${CHUNKED}a0\r\nabc`);
    driven.gap(1, 500);
    driven.data(1, `more of it\r\n0\r\n\r\n`);
    driven.data(0, GET);
    driven.data(1, `${OK}HTTP/1.1 2`);
    driven.gap(1, 30);
    driven.data(0, GET);
    driven.data(1, `Server: x\r\n\r\nbody${OK}`);
    const told = driven.end('fin').map(tell);
    expect(told.map((t) => t.statusCode)).toEqual([200, 200, 200]);
    expect(told[0].errorMessage).toEqual(['Packet loss while capturing the response']);
    expect(driven.held).toBe(0);
  });
});

describe('ambiguous messages', () => {
  const ambiguous = (head: string, body = '') => {
    const driven = kit();
    driven.data(0, GET);
    driven.data(1, `HTTP/1.1 200 OK\r\n${head}\r\n\r\n${body}`);
    const [one] = driven.end('fin').map(tell);
    expect(driven.counts.ambiguous).toBe(one.ambiguous === undefined ? undefined : 1);
    return one;
  };

  it.each([
    [
      'Transfer-Encoding: chunked\r\nContent-Length: 5',
      `${chunk('abc')}0\r\n\r\n`,
      3,
      'Transfer-Encoding and Content-Length',
    ],
    ['Content-Length: 3\r\nContent-Length: 5', 'abc', 3, 'different Content-Lengths'],
    ['Content-Length: -3', 'abcdef', 6, 'Content-Length is no number'],
    ['Content-Length: 18446744073709551615', 'abc', 3, 'Content-Length is no number'],
    ['Transfer-Encoding: gzip', 'abc', 3, 'Transfer-Encoding does not end with chunked'],
    ['Transfer-Encoding:\r\n chunked', `${chunk('abc')}0\r\n\r\n`, 3, 'folded header line'],
    ['X: a\nContent-Length: 3', 'abc', 3, 'lines end with LF alone'],
    ['X: a\0b\r\nContent-Length: 3', 'abc', 3, 'NUL in the head'],
    ['Content-Length : 3', 'abc', 3, 'blank before a colon'],
    ['garbage\r\nContent-Length: 3', 'abc', 3, 'header line without a colon'],
    ['Transfer-Encoding: chunked, chunked', `${chunk('abc')}0\r\n\r\n`, 3, 'chunked twice'],
    ['Transfer-Encoding: chunked', 'FFFFFFFFFFFFFFFF\r\nabc', undefined, 'chunk size is too large'],
  ])('%j', (head, body, bodyBytes, what) => {
    const one = ambiguous(head, body);
    expect(one.ambiguous).toEqual([what]);
    expect(one.errorMessage).toContain(`Ambiguous response: ${what}`);
    if (bodyBytes !== undefined) expect(one.responseBodyBytes).toBe(bodyBytes);
  });

  it('equal Content-Lengths are none', () => {
    expect(ambiguous('Content-Length: 3, 3\r\nContent-Length: 3', 'abc').ambiguous).toBeUndefined();
  });
});

describe('kept bodies', () => {
  const text = 'the quick brown fox '.repeat(20);
  const body = (coding: string, bytes: Uint8Array, options = {}) =>
    records(
      [
        ['>', GET],
        [
          '<',
          `HTTP/1.1 200 OK\r\nContent-Type: Text/Plain\r\nContent-Encoding: ${coding}\r\nContent-Length: ${bytes.length}\r\n\r\n`,
        ],
        ['<', bytes],
      ],
      { include_response_body_for: ['text'], ...options },
      { step: 17 },
    )[0];

  it('are off by default', () => {
    expect(
      records([
        ['>', GET],
        ['<', OK],
      ])[0].responseBody,
    ).toBeUndefined();
    expect(
      records(
        [
          ['>', GET],
          ['<', OK],
        ],
        { include_request_body_for: ['text'] },
      )[0].responseBody,
    ).toBeUndefined();
  });

  it('are kept for wanted content types', () => {
    expect(
      records(
        [
          ['>', GET],
          ['<', OK],
        ],
        { include_body_for: ['text/'] },
      )[0],
    ).toMatchObject({ responseBody: 'hello', responseMimeType: 'text/plain' });
  });

  it.each([
    ['gzip', gzipSync(text)],
    ['x-gzip', gzipSync(text)],
    ['deflate', deflateSync(text)],
    ['deflate', deflateRawSync(text)],
    ['br', brotliCompressSync(text)],
    ['zstd', zstdCompressSync(text)],
    ['deflate, gzip', gzipSync(deflateSync(text))],
    ['identity', Buffer.from(text)],
  ])('%s is decoded', (coding, bytes) => {
    const one = body(coding, bytes);
    expect(one).toMatchObject({ responseBody: text, responseBodyBytes: bytes.length });
    expect(one.errorMessage).toBeUndefined();
  });

  it('are as they came without decode_body', () => {
    expect(body('gzip', gzipSync(text), { decode_body: false }).responseBody).toMatch(/^\x1f\\x8b/);
  });

  it('bombs stop at the limit', () => {
    const zeros = Buffer.alloc(8 * 1024 * 1024);
    const bombs = [
      ['gzip', gzipSync(zeros)],
      ['br', brotliCompressSync(zeros)],
      ['zstd', zstdCompressSync(zeros)],
    ] as const;
    for (const [coding, bomb] of bombs) {
      const one = body(coding, bomb);
      expect(one.errorMessage).toEqual(['Body is too large when decompressed']);
      expect((one.responseBody as string).length).toBeLessThanOrEqual(4 * bomb.length);
    }
  });

  it('more than two layers, unknown codings and broken streams are noted', () => {
    expect(body(Array(1000).fill('gzip').join(','), gzipSync(gzipSync(gzipSync(text)))).errorMessage).toEqual([
      'Body has more than 2 content codings',
    ]);
    expect(body('lzma', Buffer.from('abc')).errorMessage).toEqual(['Body has an unknown content coding']);
    expect(body('gzip', Buffer.from('not gzip')).errorMessage).toEqual(['Body could not be decompressed']);
  });

  it('are stored up to the limit and counted beyond it', () => {
    const [one] = records(
      [
        ['>', GET],
        ['<', `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5000\r\n\r\n${'x'.repeat(5000)}`],
      ],
      { include_body_for: ['text'], max_message_size: 1024 },
      { step: 100 },
    );
    expect(one).toMatchObject({
      responseBody: 'x'.repeat(1024),
      responseBodyBytes: 5000,
      errorMessage: ['Body is too large to be stored whole'],
    });
  });
});
