// What routers advertise: RFC 4861 section 4.2, RFC 4191, RFC 8106, RFC 8910, RFC 8781; RFC 1256 for IPv4.

import { describe, expect, it } from 'vitest';
import type { FlowView } from '../../../src/protocols/flow-view.ts';
import { icmp } from '../../../src/protocols/icmp/index.ts';
import { Address } from '../../../src/records/address.ts';
import { AnalyzerKit } from '../../kit/analyzer.ts';
import { ascii, linkLayer, message, u32, v6 } from './build.ts';

const flow = {
  protocol: 58,
  type: 'ipv6',
  source: new Address().setV6(0xfe800000, 0, 0, 1),
  destination: new Address().setV6(0xff020000, 0, 0, 1),
} as Partial<FlowView>;

const prefix = (octet: number, length: number, flags: number) => [
  ...[3, 4, length, flags, ...u32(86_400), ...u32(14_400), ...u32(0)],
  ...[0xfd, octet, ...new Array<number>(14).fill(0)],
];
const MTU = [5, 1, 0, 0, ...u32(1400)];
const ROUTE = [24, 2, 48, 0x18, ...u32(30), 0xfd, 0x7a, 0, 0, 0, 0, 0, 0];
const DEFAULT_ROUTE = [24, 1, 0, 0x08, ...u32(0xffffffff)];
const DNS = [25, 5, 0, 0, ...u32(30), ...v6(1), ...v6(2)];
const DOMAINS = [31, 3, 0, 0, ...u32(30), 1, ...ascii('a'), 4, ...ascii('test'), 0, 1, ...ascii('b'), 0, 0, 0, 0, 0, 0];
const PORTAL = [37, 3, ...ascii('https://example.test/'), 0];
const NAT64 = [38, 2, 0x03, 0xc8, 0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0];
const ROUTER = [64, 0xc8, 0x07, 0x08];
const TIMERS = [...u32(0), ...u32(0)];

const advertisement = (...options: (readonly number[])[]) => message(134, 0, ROUTER, TIMERS, ...options);

function told(bytes: Uint8Array, of: Partial<FlowView> = flow) {
  const kit = new AnalyzerKit(icmp, {}, of);
  kit.message(0, bytes);
  kit.message(0, message(133, 0, [0, 0, 0, 0]));
  const [first, second] = kit.end().map(({ record }) => record);
  // Nothing of a router is left in the next record.
  for (const name of Object.keys(second)) expect(name).not.toMatch(/^router/);
  return first;
}

describe('a router advertisement', () => {
  it('is told with its flags and all of its options', () => {
    const options = [linkLayer(1, 9), MTU, prefix(1, 64, 0xc0), prefix(2, 56, 0), ROUTE, DEFAULT_ROUTE];
    expect(told(advertisement(...options, DNS, DOMAINS, PORTAL, NAT64))).toMatchObject({
      requestMessage: 'RouterAdvertisement',
      ndLinkLayerAddress: '02-00-00-00-AB-09',
      mtu: 1400,
      routerLifetime: 1800,
      routerHopLimit: 64,
      routerPreference: 'high',
      routerManaged: true,
      routerOtherConfig: true,
      routerPrefixes: [
        { prefix: 'fd01::/64', onLink: true, autonomous: true, validLifetime: 86_400, preferredLifetime: 14_400 },
        { prefix: 'fd02::/56', onLink: false, autonomous: false },
      ],
      routerRoutes: [
        { prefix: 'fd7a::/48', preference: 'low', lifetime: 30 },
        { prefix: '::/0', preference: 'high', lifetime: 0xffffffff },
      ],
      routerDnsServers: ['fd00::1', 'fd00::2'],
      routerSearchDomains: ['a.test', 'b'],
      routerCaptivePortal: 'https://example.test/',
      routerNat64Prefix: '64:ff9b::/96',
    });
  });

  it('is told as far as it goes', () => {
    const whole = advertisement(MTU, prefix(1, 64, 0xc0), DNS);
    for (let length = 16; length < whole.length; length++) {
      const record = told(whole.subarray(0, length));
      expect(record).toMatchObject({ routerLifetime: 1800 });
      expect('mtu' in record, `${length}`).toBe(length >= 24);
      expect('routerPrefixes' in record, `${length}`).toBe(length >= 56);
      expect(record).not.toHaveProperty('routerDnsServers');
    }
    expect(told(whole.subarray(0, 15))).not.toHaveProperty('routerLifetime');
  });

  it('has no values from options that are too short for them', () => {
    const record = told(advertisement([3, 1, 64, 0xc0, ...u32(1)], [25, 1, 0, 0, ...u32(1)], [38, 1, 0, 0, ...u32(1)]));
    for (const name of ['routerPrefixes', 'routerDnsServers', 'routerNat64Prefix'])
      expect(record).not.toHaveProperty(name);
  });

  it('tells no more of a kind than is sane', () => {
    expect(told(advertisement(...new Array<number[]>(500).fill(DNS))).routerDnsServers).toHaveLength(64);
  });

  it('of IPv4 names routers', () => {
    const bytes = message(9, 0, [2, 2, 0x07, 0x08], [10, 0, 0, 1], u32(0), [10, 0, 0, 2], u32(5));
    expect(told(bytes, { protocol: 1 })).toMatchObject({
      requestMessage: 'RouterAdvertisement',
      routerLifetime: 1800,
      routerAddresses: ['10.0.0.1', '10.0.0.2'],
    });
  });
});
