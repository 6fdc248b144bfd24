// Addresses as RFC 5952 writes them, and as the platform's own reader understands them.

import { SocketAddress } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Address, formatV6 } from '../../src/records/address.ts';
import fc from '../kit/arbitrary.ts';

describe('IPv6 text', () => {
  it.each([
    [[0, 0, 0, 0], '::'],
    [[0, 0, 0, 1], '::1'],
    [[0x20010db8, 0, 0, 1], '2001:db8::1'],
    [[0x20010db8, 0x00010001, 0x00010001, 0x00010001], '2001:db8:1:1:1:1:1:1'],
    // A single zero group is written out; of two equal runs the first is shortened.
    [[0x20010db8, 0x00000001, 0x00010001, 0x00010001], '2001:db8:0:1:1:1:1:1'],
    [[0x20010db8, 0, 0x00010000, 0x00000001], '2001:db8::1:0:0:1'],
    [[0x00010000, 0, 0, 0], '1::'],
    [[0, 0, 0xffff, 0xc0000201], '::ffff:192.0.2.1'],
    [[0xfe800000, 0, 0xabcdef01, 0x00ff0a0b], 'fe80::abcd:ef01:ff:a0b'],
  ] as const)('%j', ([w0, w1, w2, w3], expected) => {
    expect(formatV6(w0, w1, w2, w3)).toBe(expected);
  });

  it('is what the platform writes', () => {
    const group = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }));
    fc.assert(
      fc.property(fc.tuple(group, group, group, group, group, group, group, group), (g) => {
        // Forms with an embedded IPv4 address are a matter of taste.
        fc.pre(g.slice(0, 5).some((n) => n !== 0));
        const word = (i: number) => ((g[i] << 16) | g[i + 1]) >>> 0;
        const address = g.map((n) => n.toString(16)).join(':');
        expect(formatV6(word(0), word(2), word(4), word(6))).toBe(
          new SocketAddress({ address, family: 'ipv6' }).address,
        );
      }),
    );
  });
});

it('tells equal words of two families apart, and copies', () => {
  const v4 = new Address().setV4(-1);
  const v6 = new Address().setV6(0, 0, 0, -1);
  expect(String(v4)).toBe('255.255.255.255');
  expect(v4.equals(v6)).toBe(false);
  expect(new Address().copy(v6).equals(v6)).toBe(true);
});
