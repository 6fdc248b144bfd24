// HTTP/0.9 (RFC 1945 sections 4.1 and 5): one line asks, what comes until the end is the answer.

import { describe, expect, it } from 'vitest';
import { http } from '../../../src/protocols/http/index.ts';
import { type Exchange, GET, kit, OK, records } from './drive.ts';

const PAGE = '<html>\nhello</html>\n';
const SIMPLE = { status: 'OK', version: '0.9', method: 'GET', urlOriginal: '/a?b=c', urlPath: '/a', sourceBytes: 12 };

const probe = (text: string, hinted: boolean) =>
  http.probe(0, Buffer.from(text, 'latin1'), 0, text.length, hinted, 'tcp');

describe('HTTP/0.9', () => {
  it.each([
    ['markup', PAGE],
    ['a line without an end', 'Hello there'],
    ['what could be a status line', 'HTTP'],
    ['lines that begin with methods', 'GET me\r\nPOST this HTTP/1.1\r\n\r\n'],
    ['an empty line first', '\r\n\r\nHTTP/1.1 200 OK\r\n\r\n'],
    ['bytes of all kinds', '\0\x01\xff\n'.repeat(50)],
  ])('answers with %s', (_, answer) => {
    const exchange: Exchange = [
      ['>', 'GET /a?b=c\r\n'],
      ['<', answer],
    ];
    const whole = records(exchange);
    expect(whole).toEqual([expect.objectContaining({ ...SIMPLE, destinationBytes: answer.length })]);
    expect(whole[0]).toMatchObject({ responseBodyBytes: answer.length });
    expect(whole[0]).not.toHaveProperty('statusCode');
    expect(whole[0]).not.toHaveProperty('errorMessage');
    expect(whole[0]).not.toHaveProperty('responseHeaders');
    for (const step of [1, 2, 3, 7]) expect(records(exchange, {}, { step })).toEqual(whole);
  });

  it('is answered in HTTP/1.x by servers that do not know it', () => {
    const exchange: Exchange = [
      ['>', 'GET /a?b=c\r\n'],
      ['<', 'HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno'],
    ];
    const whole = records(exchange);
    expect(whole).toMatchObject([{ ...SIMPLE, status: 'Error', statusCode: 400, responseBodyBytes: 2 }]);
    expect(records(exchange, {}, { step: 1 })).toEqual(whole);
  });

  it('is one request, whatever empty lines follow, and is told when nobody answers', () => {
    for (const step of [1, 100])
      expect(records([['>', 'GET /a?b=c\r\n\r\n\r\n']], {}, { step })).toMatchObject([
        { ...SIMPLE, status: 'Error', errorMessage: ['Unmatched request'] },
      ]);
  });

  it('masks what is secret in the target', () => {
    expect(records([['>', 'GET /?password=hunter2\r\n']], { hide_keywords: ['password'] })).toMatchObject([
      { urlQuery: 'password=xxxxxxx' },
    ]);
  });

  it('begins a connection, or there is none', () => {
    const driven = kit();
    driven.data(0, `${GET}GET /b\r\n`);
    driven.data(1, `${OK}${PAGE}`);
    expect(driven.end('fin').map(({ record }) => record.version)).toEqual(['1.1']);
    const lost = kit();
    lost.data(0, 'x');
    lost.gap(0, 10);
    lost.data(0, 'GET /b\r\n');
    lost.data(1, PAGE);
    expect(lost.end('fin')).toEqual([]);
  });

  it('is recognised on the ports of HTTP alone', () => {
    for (const line of ['GET /\r\n', 'GET /a\n', 'GET http://h/\r\n', 'GET /\r\nmore']) {
      expect(probe(line, true), line).toBe('yes');
      expect(probe(line, false), line).toBe('no');
    }
    expect(probe('GET /', true)).toBe('more');
    for (const line of ['GET key\r\n', 'GET  /\r\n', 'GET / now\r\n', 'GET\r\n', 'POST /\r\n', 'get /\r\n'])
      expect(probe(line, true), line).toBe('more');
  });
});
