import { describe, expect, it } from 'vitest';
import { type Exchange, GET, kit, OK, records, tell } from './drive.ts';

describe('an HTTP transaction', () => {
  it('is told with the names and values that Packetbeat gives it', () => {
    const [one] = records([
      [
        '>',
        'GET /a/b.tar.gz?x=1&y=%20#top HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: curl/8\r\nReferer: http://r.test/\r\nX-Request-ID: 77\r\n\r\n',
      ],
      ['<', OK],
    ]);
    expect(one).toEqual({
      startSeconds: 1_700_000_000,
      startNanos: 0,
      endSeconds: 1_700_000_000,
      endNanos: 0,
      duration: 0,
      status: 'OK',
      sourceBytes: 128,
      destinationBytes: 69,
      networkBytes: 197,
      method: 'GET',
      query: 'GET /a/b.tar.gz',
      version: '1.1',
      requestId: '77',
      requestBytes: 128,
      referrer: 'http://r.test/',
      requestHeaders: [['content-length', 0]],
      statusCode: 200,
      statusPhrase: 'ok',
      responseBytes: 69,
      responseBodyBytes: 5,
      responseHeaders: [
        ['content-length', 5],
        ['content-type', 'text/plain'],
      ],
      urlOriginal: '/a/b.tar.gz?x=1&y=%20#top',
      urlScheme: 'http',
      urlDomain: 'www.example.com',
      urlPath: '/a/b.tar.gz',
      urlQuery: 'x=1&y=%20',
      urlFragment: 'top',
      urlExtension: 'gz',
      urlFull: 'http://www.example.com/a/b.tar.gz?x=1&y=%20#top',
      destinationDomain: 'www.example.com',
      relatedHosts: ['www.example.com'],
      userAgent: 'curl/8',
    });
  });

  it('lasts from the first byte of the request to the last of the response', () => {
    const driven = kit();
    driven.data(0, GET.slice(0, 10));
    driven.advance(1);
    driven.data(0, GET.slice(10));
    driven.advance(1);
    driven.data(1, OK.slice(0, -1));
    driven.nanos = 5;
    driven.advance(1);
    driven.data(1, OK.slice(-1));
    expect(driven.emitted).toHaveLength(1);
    expect(tell(driven.emitted[0])).toMatchObject({
      startSeconds: 1_700_000_000,
      endSeconds: 1_700_000_003,
      endNanos: 5,
      duration: 3_000_000_005,
    });
  });

  it('may be answered by a radio station', () => {
    const exchange: Exchange = [
      ['>', GET],
      ['<', `ICY 200 OK\r\nicy-name: x\r\nContent-Type: audio/mpeg\r\n\r\n${'\xff\xfb\x90'.repeat(50)}`],
    ];
    const whole = records(exchange);
    expect(whole).toMatchObject([{ status: 'OK', statusCode: 200, statusPhrase: 'ok', version: '1.1' }]);
    expect(whole[0]).toMatchObject({
      responseHeaders: [
        ['content-length', 150],
        ['content-type', 'audio/mpeg'],
      ],
    });
    for (const step of [1, 2, 7]) expect(records(exchange, {}, { step })).toEqual(whole);
    // Cut within the head, and within the phrase.
    for (const cut of ['ICY 200 OK\r\nicy-name: x\r\nCont', 'ICY 200 O'])
      expect(records([exchange[0], ['<', cut]])).toMatchObject([{ statusCode: 200 }]);
  });

  it('is an error when the code says so', () => {
    const [one] = records([
      ['>', GET],
      ['<', 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'],
    ]);
    expect(one).toMatchObject({ status: 'Error', statusCode: 404, statusPhrase: 'not found' });
    expect(one.errorMessage).toBeUndefined();
  });

  it('calls the side that asks the source, whoever opened the connection', () => {
    const driven = kit({}, { sourcePort: 8080, destinationPort: 40000 });
    driven.data(1, 'GET / HTTP/1.1\r\nHost: h:8080\r\n\r\n');
    driven.data(0, OK);
    expect(driven.emitted[0].from).toBe(1);
    expect(tell(driven.emitted[0]).errorMessage).toBeUndefined();
  });

  it('keeps methods as they are sent, unknown ones too', () => {
    const [one] = records([
      ['>', 'gEt / HTTP/1.0\r\n\r\n'],
      ['<', OK],
    ]);
    expect(one).toMatchObject({ method: 'gEt', version: '1.0' });
    expect(one.urlFull).toBeUndefined();
  });
});

describe('pairing', () => {
  const request = (n: number) => `GET /${n} HTTP/1.1\r\nHost: h\r\n\r\n`;
  const response = (n: number) => `HTTP/1.1 ${200 + n} X\r\nContent-Length: ${n}\r\n\r\n${'b'.repeat(n)}`;

  it('follows the order on a kept-alive connection and in a pipeline', () => {
    const told = records([
      ['>', request(1)],
      ['<', response(1)],
      ['>', request(2) + request(3) + request(5)],
      ['<', response(2) + response(3)],
      ['<', response(5)],
    ]);
    expect(told.map((t) => [t.urlPath, t.statusCode])).toEqual([
      ['/1', 201],
      ['/2', 202],
      ['/3', 203],
      ['/5', 205],
    ]);
  });

  it('notes what has no counterpart', () => {
    const driven = kit();
    driven.data(1, OK);
    driven.data(0, GET);
    const told = driven.end('end-of-input').map(tell);
    expect(told).toMatchObject([
      { status: 'Error', errorMessage: ['Unmatched response'], statusCode: 200 },
      { status: 'Error', errorMessage: ['Unmatched request'], method: 'GET' },
    ]);
    expect(told[0].method).toBeUndefined();
    expect(told[1].endSeconds).toBeUndefined();
    expect(driven.counts).toEqual({ unmatchedResponses: 1, unmatchedRequests: 1 });
    expect(driven.held).toBe(0);
  });

  it('publishes a request alone when its time is up, and its late response alone too', () => {
    const driven = kit({ transaction_timeout: 10 } as never);
    driven.data(0, request(1));
    driven.advance(6);
    driven.data(0, request(2));
    driven.advance(6);
    expect(driven.emitted.map(tell)).toMatchObject([{ urlPath: '/1', errorMessage: ['Unmatched request'] }]);
    driven.data(1, response(1) + response(2));
    expect(driven.emitted.map(tell).slice(1)).toMatchObject([
      { statusCode: 201, errorMessage: ['Unmatched response'] },
      { statusCode: 202, urlPath: '/2' },
    ]);
  });

  it('waits for the rest of a request that is answered early', () => {
    const told = records([
      ['>', 'POST /up HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n12345'],
      ['<', 'HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n'],
      ['>', '67890'],
      ['>', GET],
      ['<', OK],
    ]);
    expect(told).toMatchObject([
      { method: 'POST', statusCode: 413, requestBodyBytes: 10 },
      { method: 'GET', statusCode: 200 },
    ]);
  });

  it('is bounded: a pipeline without end costs a bounded memory and stays in order', () => {
    const driven = kit();
    for (let n = 0; n < 1200; n++) driven.data(0, request(n));
    expect(driven.counts.limit).toBe(200);
    for (let n = 0; n < 1200; n++) driven.data(1, response(0));
    driven.data(0, request(7777));
    driven.data(1, response(3));
    const told = driven.end('fin').map(tell);
    expect(told.at(-1)).toMatchObject({ urlPath: '/7777', statusCode: 203 });
    expect(told.filter((t) => t.method && t.statusCode)).toHaveLength(1001);
    expect(driven.held).toBe(0);
  });

  it('does not shift after a lost response when the client waits for each one', () => {
    const driven = kit();
    driven.data(0, request(1));
    driven.data(1, response(1));
    driven.data(0, request(2));
    driven.lose(1, 40);
    driven.data(0, request(3));
    driven.gap(1);
    driven.data(1, response(3));
    driven.data(0, request(4));
    driven.data(1, response(4));
    expect(
      driven
        .end('fin')
        .map(tell)
        .map((t) => [t.urlPath, t.statusCode, t.errorMessage]),
    ).toEqual([
      ['/1', 201, undefined],
      ['/2', undefined, ['Unmatched request', 'Packet loss while capturing the response']],
      ['/3', 203, undefined],
      ['/4', 204, undefined],
    ]);
  });
});

it('responses may claim any version, as requests may: a server that says 2.0 does not shift what follows', () => {
  const told = records([
    ['>', GET],
    ['<', OK.replace('1.1', '2.0')],
    ['>', GET],
    ['<', OK.replace('200', '206')],
  ]);
  expect(told.map((t) => [t.method, t.statusCode])).toEqual([
    ['GET', 200],
    ['GET', 206],
  ]);
});

describe('lost responses', () => {
  const request = (n: number, more = '') => `GET /${n} HTTP/1.1\r\nHost: h\r\n${more}\r\n`;
  const response = (n: number) => `HTTP/1.1 20${n} OK\r\nContent-Length: 0\r\n\r\n`;
  const pairs = (driven: ReturnType<typeof kit>) =>
    driven
      .end('fin')
      .map(tell)
      .map((t) => [t.urlPath, t.statusCode, t.errorMessage]);
  const lost = ['Unmatched request', 'Packet loss while capturing the response'];

  it('answered the only request that waited: what comes behind them answers one that was lost too', () => {
    const driven = kit();
    driven.data(0, request(1));
    driven.gap(1, 38);
    driven.lose(0, request(2).length);
    driven.data(1, response(2));
    driven.gap(0);
    driven.data(0, request(3));
    driven.data(1, response(3));
    expect(pairs(driven)).toEqual([
      ['/1', undefined, lost],
      [undefined, 202, ['Unmatched response']],
      ['/3', 203, undefined],
    ]);
  });

  it('need not have, when a request was lost before it or it expected 100 (Continue)', () => {
    const after = kit();
    after.gap(0, 30);
    after.lose(1, 38);
    after.data(0, request(2));
    after.gap(1);
    after.data(1, response(2));
    expect(pairs(after)).toEqual([['/2', 202, undefined]]);
    const expecting = kit();
    expecting.data(0, request(1, 'Expect: 100-continue\r\n'));
    expecting.gap(1, 25);
    expecting.data(1, response(1));
    expect(pairs(expecting)).toEqual([['/1', 201, undefined]]);
  });

  it('did not answer a request that goes on or was cut', () => {
    const open = kit();
    open.data(0, 'POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n12345');
    open.gap(1, 38);
    open.data(1, response(1));
    open.data(0, `67890${request(2)}`);
    open.data(1, response(2));
    expect(pairs(open)).toEqual([
      ['/1', 201, undefined],
      ['/2', 202, undefined],
    ]);
    expect(open.held).toBe(0);
    const cut = kit();
    cut.data(0, request(1).slice(0, 20));
    cut.gap(0, 15);
    cut.gap(1, 38);
    cut.data(1, response(1));
    cut.data(0, request(2));
    cut.data(1, response(2));
    expect(pairs(cut).map(([path, status]) => [path, status])).toEqual([
      ['/1', 201],
      ['/2', 202],
    ]);
  });

  it('of a client that pipelines shift what follows, which is said until no request waits', () => {
    const shifted = ['Packets were lost before the response, which may answer another request'];
    const driven = kit();
    driven.data(0, request(1) + request(2) + request(3));
    driven.data(1, response(1));
    driven.gap(1, 38);
    driven.data(1, response(3));
    driven.data(0, request(4));
    driven.data(1, response(4));
    expect(pairs(driven)).toEqual([
      ['/1', 201, undefined],
      ['/2', undefined, lost],
      ['/3', 203, shifted],
      ['/4', 204, undefined],
    ]);
  });
});

describe('interim responses', () => {
  it('100 is passed over, 103 is noted', () => {
    const [one, ...rest] = records([
      ['>', 'POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n'],
      ['<', 'HTTP/1.1 100 Continue\r\n\r\n'],
      ['>', 'abc'],
      ['<', `HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n${OK}`],
    ]);
    expect(rest).toEqual([]);
    expect(one).toMatchObject({
      statusCode: 200,
      requestBodyBytes: 3,
      responseBytes: OK.length,
      informational: ['103'],
    });
  });

  it('101 ends HTTP: websocket and h2c are named, others are detected by what they send', () => {
    const upgrade = (to: string) => `GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: ${to}\r\n\r\n`;
    const answer = (to: string) => `HTTP/1.1 101 Switching Protocols\r\nUpgrade: ${to}\r\n\r\n`;
    for (const [to, name] of [
      ['websocket', 'websocket'],
      ['h2c', 'h2'],
    ] as const) {
      const driven = kit();
      driven.data(0, upgrade(to));
      expect(driven.data(1, `${answer(to)}\x81\x00`)).toBe('done');
      expect(driven.names).toEqual([name]);
      expect(driven.emitted.map(tell)).toMatchObject([{ statusCode: 101, urlPath: '/ws', status: 'OK' }]);
    }
    const driven = kit();
    driven.data(0, upgrade('TLS/1.2'));
    driven.data(1, `${answer('TLS/1.2')}abc`);
    expect(driven.handedOver).toEqual([{ protocol: '', rest: 3 }]);
  });
});

describe('CONNECT', () => {
  const CONNECT = 'CONNECT db.example.com:5432 HTTP/1.1\r\nHost: db.example.com:5432\r\n\r\n';

  it('hands the tunnel over once it is open', () => {
    const driven = kit({}, { destinationPort: 3128 });
    driven.data(0, CONNECT);
    driven.data(1, 'HTTP/1.1 200 Connection established\r\n\r\nxyz');
    expect(driven.handedOver).toEqual([{ protocol: '', rest: 3 }]);
    expect(driven.emitted.map(tell)).toMatchObject([
      {
        method: 'CONNECT',
        urlOriginal: 'db.example.com:5432',
        urlDomain: 'db.example.com',
        urlPort: 5432,
        query: 'CONNECT db.example.com:5432',
      },
    ]);
    expect(driven.emitted.map(tell)[0].errorMessage).toBeUndefined();
    expect(driven.end('handed-over')).toHaveLength(1);
    expect(driven.held).toBe(0);
  });

  it('takes along what the client said before it was open', () => {
    for (const step of [1, 7, 1000]) {
      const driven = kit({}, { destinationPort: 3128 });
      driven.data(0, `${CONNECT}\x16\x03`, step);
      driven.data(0, '\x01abc', step);
      driven.data(1, 'HTTP/1.1 200 OK\r\n\r\nxyz');
      expect(driven.handedOver).toEqual([{ protocol: '', rest: 3, early: '160301616263' }]);
      expect(driven.counts).toEqual({});
      driven.end('handed-over');
      expect(driven.held).toBe(0);
    }
  });

  it('reads requests behind it as HTTP when it is refused', () => {
    const refusal = 'HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 2\r\n\r\nno';
    const told = records([
      ['>', CONNECT + GET + CONNECT + GET],
      ['<', refusal + OK + refusal],
      ['<', OK],
    ]);
    expect(told.map((t) => [t.method, t.statusCode])).toEqual([
      ['CONNECT', 407],
      ['GET', 200],
      ['CONNECT', 407],
      ['GET', 200],
    ]);
  });

  it('does not wait for ever, nor with more than it may hold', () => {
    const driven = kit();
    driven.data(0, CONNECT);
    for (let i = 0; i < 40; i++) driven.data(0, 'x'.repeat(1000));
    expect(driven.counts.limit).toBe(1);
    expect(driven.held).toBeLessThan(80_000);
    expect(driven.end()).toHaveLength(1);
    expect(driven.held).toBe(0);
    const pipelined = records([['>', CONNECT + GET]]);
    expect(pipelined.map((t) => t.method)).toEqual(['CONNECT', 'GET']);
  });

  it('stays HTTP when it is refused', () => {
    const told = records([
      ['>', CONNECT],
      ['<', 'HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 2\r\n\r\nno'],
      ['>', GET],
      ['<', OK],
    ]);
    expect(told.map((t) => t.statusCode)).toEqual([407, 200]);
  });
});
