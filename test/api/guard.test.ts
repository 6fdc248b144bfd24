// Who may ask the API.

import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isLoopback, parseAddress, tlsFor } from '../../src/api/address.ts';
import { guard, tokenIn } from '../../src/api/guard.ts';

const TOKEN = 'a'.repeat(64);
const options = { token: TOKEN, hosts: ['probe.example'], origins: ['https://dash.example'], checksHost: true };
const ask = (headers: Record<string, string>, url = '/api/status') => {
  try {
    guard({ headers, url } as never, options);
    return 200;
  } catch (error) {
    return (error as { statusCode: number }).statusCode;
  }
};
const authorization = `Bearer ${TOKEN}`;

describe('the guard', () => {
  test('wants the token, but for health', () => {
    expect(ask({ host: 'localhost:8145', authorization })).toBe(200);
    expect(ask({ host: 'localhost:8145' })).toBe(401);
    expect(ask({ host: 'localhost:8145', authorization: `Bearer ${TOKEN}b` })).toBe(401);
    expect(ask({ host: 'localhost:8145', authorization: `Basic ${TOKEN}` })).toBe(401);
    expect(ask({ host: '127.0.0.1:8145' }, '/-/health')).toBe(200);
    expect(ask({ host: '127.0.0.1:8145' }, '/-/health?x')).toBe(401);
  });
  test('wants a name of this machine, also with the token: no DNS rebinding', () => {
    for (const host of ['localhost', '127.0.0.1:8145', '[::1]:8145', 'probe.example:8145', 'PROBE.example'])
      expect([host, ask({ host, authorization })]).toEqual([host, 200]);
    for (const host of ['evil.example', 'localhost.evil.example', '10.0.0.1', ''])
      expect([host, ask({ host, authorization })]).toEqual([host, 403]);
    expect(ask({ authorization })).toBe(403);
  });
  test('lets no page of strangers ask', () => {
    const host = 'localhost:8145';
    expect(ask({ host, authorization, origin: 'http://localhost:8145' })).toBe(200);
    expect(ask({ host, authorization, origin: 'https://dash.example' })).toBe(200);
    for (const origin of ['http://evil.example', 'null', 'http://localhost:9999'])
      expect([origin, ask({ host, authorization, origin })]).toEqual([origin, 403]);
    expect(ask({ host, authorization, 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(ask({ host, authorization, 'sec-fetch-site': 'same-origin' })).toBe(200);
  });
});

test('the token is made once, for its owner alone', () => {
  const folder = mkdtempSync(join(tmpdir(), 'netscribe-token-'));
  try {
    const file = join(folder, 'store', 'api.token');
    const token = tokenIn(file);
    expect(token).toMatch(/^[0-9a-f]{64}$/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(tokenIn(file)).toBe(token);
    expect(readFileSync(file, 'utf8')).toBe(`${token}\n`);
    expect(existsSync(`${file}.tmp`)).toBe(false);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe('addresses', () => {
  test('are read, or refused with an example', () => {
    expect(parseAddress('127.0.0.1:8145')).toEqual({ path: '', host: '127.0.0.1', port: 8145 });
    expect(parseAddress('[::1]:80')).toEqual({ path: '', host: '::1', port: 80 });
    expect(parseAddress('unix:/run/x')).toEqual({ path: '/run/x', host: 'localhost', port: 0 });
    for (const bad of ['8145', 'localhost', 'localhost:99999', '::1:80'])
      expect(() => parseAddress(bad)).toThrow(/127.0.0.1:8145/);
  });
  test('that others can reach want certificates', () => {
    const api = (address: string) => ({ address }) as never;
    expect(['127.0.0.1:1', '[::1]:1', 'localhost:1', 'unix:/x'].map((text) => isLoopback(parseAddress(text)))).toEqual([
      true,
      true,
      true,
      true,
    ]);
    for (const text of ['0.0.0.0:8145', '[::]:8145', '192.0.2.1:8145', '127.0.0.1.evil:1'])
      expect(() => tlsFor(parseAddress(text), api(text))).toThrow(/api\.tls/);
  });
});
