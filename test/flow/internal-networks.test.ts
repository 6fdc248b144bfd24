// `network.direction` by the internal networks: which addresses a name or prefix holds, and what that makes of flows and transactions.

import { describe, expect, test } from 'vitest';
import { InternalNetworks, isNetwork, REVERSED } from '../../src/flow/internal-networks.ts';
import { OwnAddresses } from '../../src/flow/own-addresses.ts';
import { parseAddress } from '../../src/records/parse-address.ts';

const holds = (network: string, address: string) => {
  const [inside, other] = [parseAddress(address)!, parseAddress('203.0.113.1')!];
  return ['internal', 'outbound'].includes(new InternalNetworks([network]).direction(inside, other));
};

test.each([
  ['10.0.0.0/8', ['10.0.0.0', '10.255.255.255'], ['9.255.255.255', '11.0.0.0', '::a00:1']],
  ['192.0.2.128/25', ['192.0.2.128', '192.0.2.255'], ['192.0.2.127']],
  ['192.0.2.1', ['192.0.2.1'], ['192.0.2.2']],
  ['0.0.0.0/0', ['255.255.255.255'], ['::1']],
  ['2001:db8::/33', ['2001:db8:7fff::1'], ['2001:db8:8000::', '32.1.13.184']],
  ['2001:db8::/95', ['2001:db8::1:ffff:ffff'], ['2001:db8::2:0:0']],
  ['private', ['10.1.1.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', 'fd00::1'], ['172.32.0.1', 'fe80::1']],
  ['loopback', ['127.0.0.1', '::1'], ['128.0.0.1', '::2']],
  ['link_local_unicast', ['169.254.1.1', 'fe80::1', 'febf::1'], ['fec0::1']],
  ['link_local_multicast', ['224.0.0.251', 'ff02::fb'], ['224.0.1.1', 'ff05::2']],
  ['multicast', ['239.255.255.250', 'ff05::2'], ['240.0.0.1']],
  ['unspecified', ['0.0.0.0', '::'], ['0.0.0.1']],
  ['public', ['8.8.8.8', '2606:4700::1'], ['10.0.0.1', '127.0.0.1', '255.255.255.255', 'fd00::1', 'ff02::1']],
  ['unicast', ['8.8.8.8', '10.0.0.1', 'fd00::1'], ['224.0.0.1', '169.254.0.1', '::1']],
])('%s', (network, inside, outside) => {
  expect(isNetwork(network)).toBe(true);
  expect(inside.filter((address) => !holds(network, address))).toEqual([]);
  expect(outside.filter((address) => holds(network, address))).toEqual([]);
});

test.each(['', 'privat', '10.0.0.0/33', '10.0.0/8', '2001:db8::/129', '10.0.0.0/8/8', '10.0.0.0/', 'constructor'])(
  '%j is no network',
  (text) => expect(isNetwork(text)).toBe(false),
);

describe('the direction of a flow', () => {
  const networks = new InternalNetworks(['10.0.0.0/8', 'fd00::/8']);
  test.each([
    ['10.0.0.1', '10.9.9.9', 'internal'],
    ['10.0.0.1', '8.8.8.8', 'outbound'],
    ['8.8.8.8', '10.0.0.1', 'inbound'],
    ['8.8.8.8', '9.9.9.9', 'external'],
    ['fd00::1', '2606:4700::1', 'outbound'],
  ] as const)('from %s to %s', (source, destination, direction) => {
    const [from, to] = [parseAddress(source)!, parseAddress(destination)!];
    expect(networks.direction(from, to)).toBe(direction);
    expect(networks.direction(to, from)).toBe(REVERSED[direction]);
    expect(new InternalNetworks([]).direction(from, to)).toBe('unknown');
  });
});

test('what comes to this machine or goes from it is told, whatever the networks, and its addresses may change', () => {
  let own = ['10.0.0.1', 'fe80::5%eth0'];
  const addresses = new OwnAddresses(() => own, 0);
  const networks = new InternalNetworks(['10.0.0.0/8'], addresses);
  const direction = (from: string, to: string) => networks.direction(parseAddress(from)!, parseAddress(to)!);
  expect(direction('8.8.8.8', '10.0.0.1')).toBe('ingress');
  expect(direction('10.0.0.1', '10.0.0.2')).toBe('egress');
  expect(direction('10.0.0.2', '8.8.8.8')).toBe('outbound');
  expect(direction('127.0.0.1', '127.0.0.1')).toBe('ingress');
  for (const near of ['127.9.9.9', '169.254.1.1']) expect(direction('198.51.100.1', near), near).toBe('ingress');
  for (const near of ['::1', 'fe80::7', 'febf::1']) expect(direction('2001:db8::1', near), near).toBe('ingress');
  for (const far of ['::2', 'fec0::1', '::7f00:1']) expect(direction('2001:db8::1', far), far).toBe('external');
  expect(direction('fe80::5', 'ff02::1')).toBe('egress');
  own = ['10.0.0.2'];
  addresses.look();
  expect(direction('10.0.0.2', '8.8.8.8')).toBe('egress');
  expect(direction('8.8.8.8', '10.0.0.1')).toBe('inbound');
});
