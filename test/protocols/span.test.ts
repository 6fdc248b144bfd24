// When records end: never before they begin, whatever the order of packets and the clock.

import { expect, it } from 'vitest';
import { http } from '../../src/protocols/http/index.ts';
import { endAt } from '../../src/protocols/span.ts';
import { AnalyzerKit } from '../kit/analyzer.ts';

it.each([
  ['behind its begin', 10, 5, 12, 3, [12, 3, 1_999_999_998]],
  ['at its begin', 10, 5, 10, 5, [10, 5, 0]],
  ['before it', 10, 5, 10, 4, [10, 5, 0]],
  ['a second before it', 10, 5, 9, 999_999_999, [10, 5, 0]],
])('an end %s', (_, startSeconds, startNanos, seconds, nanos, told) => {
  const record = { startSeconds, startNanos, endSeconds: 0, endNanos: 0 };
  const duration = endAt(record, seconds, nanos);
  expect([record.endSeconds, record.endNanos, duration]).toEqual(told);
});

it('HTTP, when the clock is set back during an exchange', () => {
  const kit = new AnalyzerKit(http);
  kit.nanos = 500;
  kit.data(0, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  kit.seconds--;
  kit.data(1, 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
  const [{ record }] = kit.end();
  expect(record).toMatchObject({ endSeconds: record.startSeconds, endNanos: 500, duration: 0 });
});
