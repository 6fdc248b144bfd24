// Which captured interfaces packets pass one after the other.

import { expect, test } from 'vitest';
import { seenTwice, seenTwiceWords } from '../../src/daemon/seen-twice.ts';
import type { Link } from '../../src/system/links.ts';

const link = (index: number, name: string, over: Partial<Link> = {}): Link => ({
  name,
  index,
  hardwareType: 1,
  isUp: true,
  isLoopback: false,
  mtu: 1500,
  state: 'up',
  address: '',
  kind: '',
  master: 0,
  carrier: 0,
  ...over,
});

const LINKS = [
  link(2, 'eth0', { master: 4 }),
  link(3, 'eth1', { master: 4 }),
  link(4, 'bond0', { kind: 'bond' }),
  link(5, 'bond0.7', { kind: 'vlan', carrier: 4 }),
  link(6, 'eth2'),
];

test('a bond and its links, a VLAN and what carries it', () => {
  expect([...seenTwice(LINKS, () => true)]).toEqual([
    ['bond0', ['eth0', 'eth1']],
    ['bond0.7', ['bond0']],
  ]);
  const words = seenTwiceWords(seenTwice(LINKS, (name) => name !== 'bond0.7'));
  expect([...words.values()]).toEqual([
    'bond0 is captured, and so are eth0, eth1: packets that pass both are in the flows of both. Ask by interface (iface = bond0), or leave one out (capture.autodetection.exclude)',
  ]);
});

test('nothing is passed twice where one of both is captured', () => {
  expect(seenTwice(LINKS, (name) => name === 'bond0' || name === 'eth2').size).toBe(0);
});
