import { describe, expect, it } from 'vitest';
import { kit, OK, tell } from './drive.ts';

function url(target: string, { host = 'h.test', port = 80, method = 'GET' } = {}) {
  const driven = kit({}, { destinationPort: port });
  const hostLine = host === '' ? '' : `Host: ${host}\r\n`;
  driven.data(0, `${method} ${target} HTTP/1.1\r\n${hostLine}\r\n`);
  driven.data(1, OK);
  return tell(driven.emitted[0]);
}

describe('the request target (RFC 9112 section 3.2)', () => {
  it('origin form: path and query as they were sent', () => {
    expect(url('/a%20b/c?z=1&a=%2F&z=2')).toMatchObject({
      urlOriginal: '/a%20b/c?z=1&a=%2F&z=2',
      urlPath: '/a%20b/c',
      urlQuery: 'z=1&a=%2F&z=2',
      urlFull: 'http://h.test/a%20b/c?z=1&a=%2F&z=2',
      query: 'GET /a%20b/c',
    });
  });

  it('absolute form: the target names the host, as proxies see it', () => {
    expect(url('http://user:pw@Other.test:8081/x.gif?q', { host: 'h.test', port: 3128 })).toMatchObject({
      urlOriginal: 'http://user:xx@Other.test:8081/x.gif?q',
      urlFull: 'http://user:xx@Other.test:8081/x.gif?q',
      urlScheme: 'http',
      urlDomain: 'Other.test',
      urlPort: 8081,
      urlPath: '/x.gif',
      urlUsername: 'user',
      urlExtension: 'gif',
      query: 'GET /x.gif',
    });
    expect(url('http://other.test', { port: 3128 })).toMatchObject({ urlDomain: 'other.test', query: 'GET' });
    expect(url('ftp://f.test/a')).toMatchObject({ urlScheme: 'ftp' });
  });

  it('a path without its slash, as scanners send it', () => {
    expect(url('.git/mms')).toMatchObject({
      urlOriginal: '.git/mms',
      urlPath: '.git/mms',
      urlFull: 'http://h.test/.git/mms',
    });
    expect(url('?x=1')).toMatchObject({ urlQuery: 'x=1', urlFull: 'http://h.test/?x=1', query: 'GET' });
  });

  it('asterisk form', () => {
    expect(url('*', { method: 'OPTIONS' })).toMatchObject({
      urlPath: '*',
      urlFull: 'http://h.test',
      query: 'OPTIONS *',
    });
  });

  it('a URL within a path or a query is no absolute form', () => {
    expect(url('/http://x/y?u=http://z/')).toMatchObject({
      urlDomain: 'h.test',
      urlPath: '/http://x/y',
      urlQuery: 'u=http://z/',
    });
  });

  it('blanks within the target are kept', () => {
    expect(url('/a b')).toMatchObject({ urlPath: '/a b' });
    expect(url('  /a')).toMatchObject({ urlPath: '/a', query: 'GET /a', ambiguous: ['blanks in the request line'] });
  });

  it('bytes that are no UTF-8 are escaped', () => {
    expect(url('/\xff\\x41')).toMatchObject({ urlPath: '/\\xff\\\\x41' });
  });

  it.each([
    ['/a/b.txt', 'txt'],
    ['/a.d/b', undefined],
    ['/.env', 'env'],
    ['/a.', undefined],
    ['/', undefined],
    ['/x?y=.z', undefined],
  ])('extension of %s is %s', (target, extension) => {
    expect(url(target).urlExtension).toBe(extension);
  });
});

describe('the Host field', () => {
  it.each([
    ['h.test', 80, 'h.test', undefined, 'http://h.test/'],
    ['h.test', 8080, 'h.test', 8080, 'http://h.test:8080/'],
    ['h.test:8080', 8080, 'h.test', 8080, 'http://h.test:8080/'],
    ['h.test:49152', 49152, 'h.test', 49152, 'http://h.test:49152/'],
    ['h.test:65535', 65535, 'h.test', 65535, 'http://h.test:65535/'],
    ['h.test:', 80, 'h.test', undefined, 'http://h.test/'],
    ['[2001:db8::1]:8080', 8080, '2001:db8::1', 8080, 'http://[2001:db8::1]:8080/'],
    ['[::1]', 80, '::1', undefined, 'http://[::1]/'],
    ['h.test:99999', 80, 'h.test:99999', undefined, 'http://h.test:99999/'],
  ])('%s to port %i', (host, port, domain, urlPort, full) => {
    const one = url('/', { host, port });
    expect(one).toMatchObject({ urlDomain: domain });
    expect(one.urlPort).toBe(urlPort);
    expect(one.urlFull).toBe(full);
    expect(one.errorMessage).toBeUndefined();
  });

  it('with another port than the one that was asked is noted', () => {
    expect(url('/', { host: 'h.test:81' })).toMatchObject({
      urlPort: 81,
      errorMessage: ['Host header port number mismatch'],
      status: 'OK',
    });
  });

  it('is a domain of the destination only when it is a name', () => {
    expect(url('/', { host: '10.1.2.3' })).toMatchObject({ urlDomain: '10.1.2.3' });
    expect(url('/', { host: '10.1.2.3' }).destinationDomain).toBeUndefined();
    expect(url('/', { host: '[::1]' }).relatedHosts).toBeUndefined();
    expect(url('/', { host: '' }).urlDomain).toBeUndefined();
  });
});
