import { describe, expect, it } from 'vitest';
import type { Direction } from '../../../src/protocols/protocol.ts';
import fc, { often } from '../../kit/arbitrary.ts';
import { type Exchange, GET, kit, OK, records, tell } from './drive.ts';

const options = {
  send_all_headers: true,
  send_request: true,
  send_response: true,
  include_body_for: ['text'],
};

const EXCHANGES: Record<string, Exchange> = {
  'a pipeline': [
    ['>', `${GET}POST /p?a=1 HTTP/1.1\r\nHost: h\r\nContent-Type: text/x\r\nContent-Length: 3\r\n\r\nabc${GET}`],
    ['<', `${OK}HTTP/1.1 204 No Content\r\n\r\n${OK}`],
  ],
  chunks: [
    ['>', 'POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nT: 1\r\n\r\n'],
    [
      '<',
      'HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200\r\nContent-Type: text/x\r\nTransfer-Encoding: chunked\r\n\r\n00a\r\n0123456789\r\n0\r\n\r\n',
    ],
  ],
  'bare LF and folding': [
    ['>', '\r\nGET / HTTP/1.1\nHost: h\nX: a\n b\n\n'],
    ['<', 'HTTP/1.0 200 OK\nX : y\n\nuntil the end'],
  ],
  'a broken chunk': [
    ['>', GET],
    ['<', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n'],
  ],
};

describe('however the stream is cut', () => {
  it.each(Object.entries(EXCHANGES))('%s gives the same records', (_, exchange) => {
    const whole = records(exchange, options);
    expect(whole.length).toBeGreaterThan(0);
    for (const step of [1, 2, 3, 5, 7, 64]) expect(records(exchange, options, { step })).toEqual(whole);
    const [[, request], [, response]] = exchange as [['>', string], ['<', string]];
    for (let cut = 1; cut < request.length; cut++) {
      expect(
        records(
          [
            ['>', request.slice(0, cut)],
            ['>', request.slice(cut)],
            ['<', response],
          ],
          options,
        ),
      ).toEqual(whole);
    }
    for (let cut = 1; cut < response.length; cut++) {
      expect(
        records(
          [
            ['>', request],
            ['<', response.slice(0, cut)],
            ['<', response.slice(cut)],
          ],
          options,
        ),
      ).toEqual(whole);
    }
  });

  it.each(Object.entries(EXCHANGES))('%s may end at every byte', (_, [[, request], [, response]]) => {
    for (let cut = 0; cut <= response.length; cut++) {
      const driven = kit(options);
      driven.data(0, request);
      driven.data(1, response.slice(0, cut) as string);
      driven.end('end-of-input');
      expect(driven.held).toBe(0);
      expect(driven.emitted.filter((e) => e.record.method !== undefined).length).toBeGreaterThan(0);
    }
    for (let cut = 0; cut <= request.length; cut++) {
      const driven = kit(options);
      driven.data(0, request.slice(0, cut) as string);
      driven.data(1, response);
      driven.end('rst');
      expect(driven.held).toBe(0);
    }
  });
});

describe('hostile input', () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc
      .constantFrom(
        GET,
        OK,
        'GET ',
        ' HTTP/1.1\r\n',
        'HTTP/1.1 200 \r\n',
        'HTTP/1.1 101 \r\n',
        'HEAD / HTTP/1.0\r\n\r\n',
        'Content-Length: 7\r\n',
        'Transfer-Encoding: chunked\r\n',
        'Content-Encoding: gzip\r\n',
        'Content-Type: text/x\r\n',
        'Upgrade: h2c\r\n',
        '\r\n',
        '\n',
        '5\r\nhello\r\n',
        '0\r\n\r\n',
        'FFFFFFFFFFFFFFFFFF',
        'Host: [::1',
        '?password=%',
      )
      .map((text) => Uint8Array.from(Buffer.from(text, 'latin1'))),
  );
  const step = fc.record({
    direction: fc.constantFrom<Direction>(0, 1),
    bytes: piece,
    gap: fc.option(fc.nat(100), { freq: 8 }),
  });

  it('never throws, gives back all it held, and emits no more than there is', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const driven = kit({ ...options, split_cookie: true, real_ip_header: 'host' });
        let bytes = 0;
        for (const { direction, bytes: b, gap } of steps) {
          driven.data(direction, b);
          bytes += b.length;
          if (gap !== null) driven.gap(direction, gap);
          driven.advance(30);
        }
        for (const emitted of driven.end('timeout')) {
          const told = tell(emitted);
          expect(told.networkBytes).toBeGreaterThan(0);
        }
        expect(driven.emitted.length).toBeLessThanOrEqual(bytes / 10);
        expect(driven.held).toBe(0);
      }),
      { numRuns: often(1500) },
    );
  });

  it('100,000 chunks of one byte and 100,000 bytes of head are linear work', () => {
    const chunks = '1\r\nx\r\n'.repeat(100_000);
    const told = records(
      [
        ['>', GET],
        ['<', `HTTP/1.1 200 OK\r\nContent-Type: text/x\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`],
      ],
      options,
      { step: 1 },
    );
    expect(told).toMatchObject([{ responseBodyBytes: 100_000 }]);
    const driven = kit();
    driven.data(0, `GET /${'a'.repeat(15_000)} HTTP/1.1\r\n${'X: y\r\n'.repeat(20_000)}\r\n${GET}`, 1);
    driven.data(1, OK);
    expect(driven.counts.limit).toBe(1);
    expect(driven.end('fin').map(tell)).toMatchObject([{ urlPath: '/index.html', statusCode: 200 }]);
    expect(driven.held).toBe(0);
  });

  it('a head beyond its limits is given up, the next message is read', () => {
    const driven = kit();
    driven.data(0, `GET / HTTP/1.1\r\n${'X: y\r\n'.repeat(2000)}Host: late\r\n\r\n${GET}`);
    driven.data(1, OK + OK);
    const told = driven.end('fin').map(tell);
    expect(told.map((t) => t.urlDomain)).toEqual([undefined, 'www.example.com']);
    expect(driven.counts.limit).toBe(1);
  });

  it('holds no more than it may', () => {
    const driven = kit();
    driven.holdLimit = 10_000;
    for (let n = 0; n < 100; n++) driven.data(0, `GET /${n} HTTP/1.1\r\nX: ${'y'.repeat(500)}\r\n\r\n`);
    expect(driven.held).toBeLessThanOrEqual(10_000);
    expect(driven.end('fin')).toHaveLength(100);
    expect(driven.held).toBe(0);
  });

  it('counts what a request holds by its length, not by the room that former ones left', () => {
    // What is given up at a limit must not depend on which thread read which connection before.
    const driven = kit();
    driven.data(0, GET);
    expect(driven.held).toBe(GET.length + 512);
  });

  it('what is not HTTP at all is rejected in the end', () => {
    const driven = kit();
    expect(driven.data(0, 'x'.repeat(300_000), 1400)).toBe('reject');
  });

  it('garbage between messages costs nothing but itself', () => {
    const driven = kit();
    driven.data(0, `${GET}\x00\x01garbage\r\nmore HTTP/1.1 garbage\r\n\r\n${GET}`);
    driven.data(1, `${OK}extra${OK}`);
    expect(driven.end('fin').map(tell)).toMatchObject([{ statusCode: 200 }, { statusCode: 200, method: 'GET' }]);
    expect(driven.counts.malformed).toBe(2);
  });

  it('gives the same records however it is cut', () => {
    const parts = [
      'GET ',
      GET,
      OK,
      ' HTTP/1.1\r\n',
      'HTTP/1.1 200 \r\n',
      'HEAD / HTTP/1.0\r\n\r\n',
      'POST /x HTTP/1.1\r\n',
    ];
    parts.push(
      'Content-Length: 7\r\n',
      'Transfer-Encoding: chunked\r\n',
      'Content-Type: text/x\r\n',
      'Host: [::1',
      '?password=%',
    );
    parts.push('\r\n', '\n', '\r', 'x', ' ', ':', '5\r\nhello\r\n', '0\r\n\r\n', 'FFFFFFFFFFFFFFFFFF');
    const text = fc.array(fc.constantFrom(...parts), { maxLength: 14 }).map((all) => all.join(''));
    fc.assert(
      fc.property(text, text, fc.integer({ min: 1, max: 9 }), (request, response, step) => {
        const exchange: Exchange = [
          ['>', request],
          ['<', response],
        ];
        expect(records(exchange, options, { step })).toEqual(records(exchange, options));
      }),
      { numRuns: often(2000) },
    );
  });
});
