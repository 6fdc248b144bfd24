// Captures that have only what servers say: which responses have a body, when nobody saw what they answer.

import { describe, expect, it } from 'vitest';
import { type Exchange, kit, OK, records, tell } from './drive.ts';

const HEAD_ONLY = 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nContent-Type: text/html\r\n\r\n';
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
const NO_LENGTH = 'HTTP/1.1 200 OK\r\nServer: x\r\n\r\n';
const NOT_FOUND = 'HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nno\n';

const told = (text: string) => {
  const exchange: Exchange = [['<', text]];
  const whole = records(exchange);
  for (const step of [1, 2, 3, 5, 7, 11, 12, 13]) expect(records(exchange, {}, { step })).toEqual(whole);
  for (let cut = 1; cut < text.length; cut++) {
    const cuts: Exchange = [
      ['<', text.slice(0, cut)],
      ['<', text.slice(cut)],
    ];
    expect(records(cuts)).toEqual(whole);
  }
  return whole.map(({ statusCode, responseBytes, responseBodyBytes }) => [
    statusCode,
    responseBytes,
    responseBodyBytes,
  ]);
};

describe('responses to requests that nobody saw', () => {
  it.each([HEAD_ONLY, CHUNKED, NO_LENGTH])('answer HEAD when the next follows the head: %j', (head) => {
    expect(told(head + NOT_FOUND + head + head + OK)).toEqual([
      [200, head.length, undefined],
      [404, NOT_FOUND.length, 3],
      [200, head.length, undefined],
      [200, head.length, undefined],
      [200, OK.length, 5],
    ]);
  });

  it.each([
    'HTTP/1.1 20',
    'HTTP/9.1 200 OK',
    'HTTP/1.1 900 OK',
    'HTTP-like',
    'H',
    'HTTP/1.1',
    'http/1.1 200 OK',
    '\r\nHTTP/1.1 200 OK',
  ])('have a body that begins with %j', (body) => {
    const response = `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    expect(told(response + NOT_FOUND)).toEqual([
      [200, response.length, body.length],
      [404, NOT_FOUND.length, 3],
    ]);
    expect(told(response)).toEqual([[200, response.length, body.length]]);
  });

  it('have a body that is HTTP, when they say so', () => {
    for (const type of ['message/http', 'application/http;msgtype=response']) {
      const response = `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nContent-Length: ${OK.length}\r\n\r\n${OK}`;
      expect(told(response + NOT_FOUND)).toEqual([
        [200, response.length, OK.length],
        [404, NOT_FOUND.length, 3],
      ]);
    }
  });

  it('have what they say when the request was seen', () => {
    const response = `HTTP/1.1 200 OK\r\nContent-Length: ${OK.length}\r\n\r\n${OK}`;
    expect(
      records([
        ['>', 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'],
        ['<', response],
      ]),
    ).toMatchObject([{ responseBytes: response.length }]);
  });

  it('end and begin when their bytes came', () => {
    const driven = kit();
    driven.data(1, HEAD_ONLY);
    driven.advance(1);
    driven.data(1, NOT_FOUND.slice(0, 8));
    driven.advance(1);
    driven.data(1, NOT_FOUND.slice(8));
    driven.advance(1);
    driven.data(1, HEAD_ONLY);
    driven.advance(1);
    driven.data(1, 'HTTP/1');
    driven.advance(1);
    driven.gap(1, 10);
    const times = driven.end('end-of-input').map((one) => {
      const { startSeconds, endSeconds, responseBytes } = tell(one);
      return [Number(startSeconds) - 1_700_000_000, Number(endSeconds) - 1_700_000_000, responseBytes];
    });
    expect(times).toEqual([
      [0, 0, HEAD_ONLY.length],
      [1, 2, NOT_FOUND.length],
      [3, 4, HEAD_ONLY.length + 16],
    ]);
  });
});
