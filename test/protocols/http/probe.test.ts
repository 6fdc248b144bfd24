import { describe, expect, it } from 'vitest';
import { http } from '../../../src/protocols/http/index.ts';

const probe = (text: string, hinted = false) =>
  http.probe(0, Buffer.from(text, 'latin1'), 0, text.length, hinted, 'tcp');

describe('HTTP is recognised', () => {
  it.each([
    'GET / HTTP/1.1\r\n',
    'GET / HTTP/1.0\n',
    '\r\nPOST /x HTTP/1.1\r\nHost',
    'GET / HTTP/9.9\r\n',
    'PROPFIND /dav HTTP/1.1\r\n',
    'HTTP/1.1 200 OK\r\n',
    'HTTP/1.0 404',
    'HTTP/2.0 200 OK\r\n',
    'ICY 200 OK\r\n',
    'CONNECT h:443 HTTP/1.1\r\n',
  ])('%j', (text) => expect(probe(text)).toBe('yes'));

  it.each(['', '\r\n', 'G', 'GET', 'GET /', 'GET / HTTP/1.1', 'HTTP/1.', 'HTTP/1.1 20', 'ICY', 'ICY 20'])(
    '%j needs more',
    (text) => expect(probe(text)).toBe('more'),
  );

  it.each([
    'OPTIONS rtsp://h/ RTSP/1.0\r\n',
    'RTSP/1.0 200 OK\r\n',
    'INVITE sip:a@b SIP/2.0\r\n',
    'SIP/2.0 200 OK\r\n',
    'REQMOD icap://h/ ICAP/1.0\r\n',
    'ICAP/1.0 200 OK\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'GET /\r\n',
    'HTTP/2 200\r\n',
    'ICY OK\r\n',
    'ICY\r\n',
    '220 mail ESMTP\r\n',
    'EHLO there\r\n',
    '\x16\x03\x01\x02\x00',
    'SSH-2.0-x\r\n',
    'FOO / HTTP/1.1\r\n',
  ])('%j is not', (text) => expect(probe(text)).toBe('no'));

  it('by a weaker sign on its ports', () => {
    expect(probe('FOO / HTTP/1.1\r\n', true)).toBe('yes');
    expect(probe('end of a body', true)).toBe('more');
    expect(probe('end of a body\r\nHTTP/1.1 200 OK\r\n', true)).toBe('yes');
    expect(probe('x'.repeat(20_000), true)).toBe('no');
  });

  it('by what is new, when it was asked before', () => {
    const text = 'end of a body\r\nHTTP/1.1 200 OK\r\n';
    const asked = (to: number, seen: number) => http.probe(0, Buffer.from(text), 0, to, true, 'tcp', seen);
    for (let seen = 0, to = 1; to <= text.length; seen = to++)
      expect(asked(to, seen), `${to}`).toBe(to < text.indexOf('200 OK') + 3 ? 'more' : 'yes');
    // Whole lines that it has seen are not looked at again.
    expect(asked(text.length, text.length)).toBe('more');
  });

  it('does not wait for ever', () => {
    expect(probe(`GET ${'a'.repeat(5000)}`)).toBe('no');
    expect(probe(`GET ${'a'.repeat(17_000)}`, true)).toBe('no');
  });

  it('by a method and the beginning of a long target', () => {
    expect(probe(`GET /${'a'.repeat(4000)}`)).toBe('more');
    expect(probe(`GET /${'a'.repeat(5000)}`)).toBe('yes');
    expect(probe(`GET http://h/${'a'.repeat(17_000)}`, true)).toBe('yes');
  });
});
