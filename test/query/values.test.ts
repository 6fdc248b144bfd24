import { describe, expect, it } from 'vitest';
import { bytesText, clockText, countText, spanText } from '../../src/query/people.ts';
import { regexProblem } from '../../src/query/regex.ts';
import { shownText, shownWidth } from '../../src/query/shown-text.ts';
import { isoTime, parseTime } from '../../src/query/times.ts';
import { parseCount, parseNetwork, parseSpan } from '../../src/query/values.ts';

describe('numbers and spans', () => {
  it.each([
    ['10', '10'],
    ['10MB', '10000000'],
    ['10MiB', '10485760'],
    ['5k', '5000'],
    ['1.5kB', '1500'],
    ['0x1f', '31'],
    ['18446744073709551615', '18446744073709551615'],
    ['9007199254740993', '9007199254740993'],
    ['-3', '-3'],
    ['10XB', undefined],
    ['1e5', undefined],
    ['', undefined],
    ['.', undefined],
  ])('count %s', (text, decimal) => expect(parseCount(text)?.decimal).toBe(decimal));

  it.each([
    ['200ms', 200e6],
    ['5m', 300e9],
    ['1h30m', 5400e9],
    ['7d', 604800e9],
    ['1.5s', 1.5e9],
    ['0', 0],
    ['20µs', 20e3],
    ['200', 'unitless'],
    ['5x', undefined],
    ['', undefined],
    ['5 m', undefined],
  ])('span %s', (text, ns) => expect(parseSpan(text)).toBe(ns));
});

describe('networks', () => {
  const MAPPED = 0xffff00000000n;
  it.each([
    ['10.0.0.5', MAPPED | 0x0a000005n, MAPPED | 0x0a000005n],
    ['10.1.2.3/8', MAPPED | 0x0a000000n, MAPPED | 0x0affffffn],
    ['::1', 1n, 1n],
    ['2001:db8::/32', 0x20010db8n << 96n, (0x20010db9n << 96n) - 1n],
    ['10.0.0.1-10.0.0.3', MAPPED | 0x0a000001n, MAPPED | 0x0a000003n],
    ['::ffff:10.0.0.5', MAPPED | 0x0a000005n, MAPPED | 0x0a000005n],
  ])('%s', (text, low, high) => expect(parseNetwork(text)).toMatchObject({ low, high }));
  it.each(['10.0.0', '10.0.0.0/33', '::/129', '10.0.0.1-::1', 'x', '1.2.3.4/', 'fe80::1%eth0'])('%s is none', (text) =>
    expect(parseNetwork(text)).toBeUndefined(),
  );
});

describe('times', () => {
  const nowNs = 1795255200000000000n; // 2026-11-21T10:00:00Z
  const read = (text: string, isUtc = true) => {
    const moment = parseTime(text, { nowNs, isUtc });
    return moment === undefined ? undefined : isoTime(moment.ns).replace('.000000000', '');
  };
  it.each([
    ['1795255200', '2026-11-21T10:00:00Z'],
    ['1795255200.5', '2026-11-21T10:00:00.500000000Z'],
    ['1795255200123', '2026-11-21T10:00:00.123000000Z'],
    ['0', '1970-01-01T00:00:00Z'],
    ['2026-11-21T10:00:00Z', '2026-11-21T10:00:00Z'],
    ['2026-11-21T10:00:00.123456789+01:00', '2026-11-21T09:00:00.123456789Z'],
    ['2026-11-21 10:00', '2026-11-21T10:00:00Z'],
    ['2026-11-21 10:00:07 -0230', '2026-11-21T12:30:07Z'],
    ['2026-11-21', '2026-11-21T00:00:00Z'],
    ['26-11-21 10:00', '2026-11-21T10:00:00Z'],
    ['2026/11/21 10:00', '2026-11-21T10:00:00Z'],
    ['21.11.2026 10:00', '2026-11-21T10:00:00Z'],
    ['21.11.26', '2026-11-21T00:00:00Z'],
    ['1.2.2026 3:04', '2026-02-01T03:04:00Z'],
    ['21-11-2026 10:00:01 +0100', '2026-11-21T09:00:01Z'],
    ['Sat Nov 21 10:00:00 2026', '2026-11-21T10:00:00Z'],
    ['Sun Nov  1 10:00:00 2026', '2026-11-01T10:00:00Z'],
    ['Sat Nov 21 10:00:00 -0700 2026', '2026-11-21T17:00:00Z'],
    ['21 Nov 26 10:00 +0100', '2026-11-21T09:00:00Z'],
    ['Sat, 21 Nov 2026 10:00:00 +0100', '2026-11-21T09:00:00Z'],
    ['-15m', '2026-11-21T09:45:00Z'],
    ['-15d:4h:5m', '2026-11-06T05:55:00Z'],
    ['-15d4h5m', '2026-11-06T05:55:00Z'],
    ['now', '2026-11-21T10:00:00Z'],
    ['2026-02-30', undefined],
    ['2026-11-21 25:00', undefined],
    ['yesterday', undefined],
    ['-15', undefined],
    ['', undefined],
  ])('%s', (text, time) => expect(read(text)).toBe(time));

  it('has no zone: local time', () => {
    const local = BigInt(new Date(2026, 10, 21, 10, 0, 0).getTime()) * 1_000_000n;
    expect(parseTime('2026-11-21 10:00', { nowNs })?.ns).toBe(local);
    expect(clockText(local)).toBe('2026-11-21 10:00:00');
  });

  it('before 1970', () => expect(isoTime(-1n)).toBe('1969-12-31T23:59:59.999999999Z'));
});

describe('expressions that RE2 takes', () => {
  it.each(['a+b*?', '(?i)x', '(?:a|b){2,3}', '[]a-z[:alpha:]]+', '\\d\\.\\bx', '(?P<n>a)', '^a|b$', 'a{x', '\\x41'])(
    '%s',
    (source) => expect(regexProblem(source)).toBeUndefined(),
  );
  it.each(['(?=a)', '(?<!a)b', '(a)\\1', 'a**', '+a', 'a{2000}', 'a{3,2}', '(a', 'a)', '[a', 'a\\', '(?>a)', '\\y'])(
    'not %s',
    (source) => expect(regexProblem(source)).toBeDefined(),
  );
});

describe('for people', () => {
  it('numbers', () => {
    expect([bytesText(512), bytesText(1234), bytesText(14e6), countText(999), countText(12_345)]).toEqual([
      '512 B',
      '1.23 kB',
      '14.00 MB',
      '999',
      '12.35 k',
    ]);
    expect([
      spanText(5),
      spanText(1500),
      spanText(84.06e6),
      spanText(1.2e9),
      spanText(75e9),
      spanText(7510e9),
      spanText(90_000e9),
    ]).toEqual(['5 ns', '1.5 µs', '84.1 ms', '1.20 s', '1m 15s', '2h 05m 10s', '1d 01h 00m']);
  });
  it('text cannot drive a terminal', () => {
    expect(shownText('a\u001b[31mb\r\n\u009b\u202e\u{e000}é')).toBe('a\\x1b[31mb\\r\\n\\x9b\\u202e\u{e000}é');
    expect([shownWidth('ab'), shownWidth('日本'), shownWidth('e\u0301')]).toEqual([2, 4, 1]);
  });
});
