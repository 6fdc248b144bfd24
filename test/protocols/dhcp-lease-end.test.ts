// When leases run out, as far as times go.

import { expect, test } from 'vitest';
import { FOREVER, fillLeaseEnd } from '../../src/protocols/dhcp-exchange/gatherer.ts';

const SECONDS = 1_800_000_000;
const LAST = 0xffffffff;

test.each([
  ['an hour', 3600, SECONDS + 3600],
  ['until the last second of 2106 that can be told', LAST - SECONDS, LAST],
  ['a second longer', LAST - SECONDS + 1, undefined],
  ['without end', FOREVER, undefined],
])('%s', (_, lease, end) => {
  const record: { leaseEndSeconds?: number; leaseEndNanos?: number } = {};
  fillLeaseEnd(record, { endSeconds: SECONDS, endNanos: 5 }, lease);
  expect(record).toEqual(end === undefined ? {} : { leaseEndSeconds: end, leaseEndNanos: 5 });
});
