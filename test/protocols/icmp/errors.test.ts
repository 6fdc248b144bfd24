import { describe, expect, it } from 'vitest';
import { communityId } from '../../../src/flow/community-id.ts';
import type { FlowView } from '../../../src/protocols/flow-view.ts';
import { icmp, QuotedTuple, quotedTuple } from '../../../src/protocols/icmp/index.ts';
import { Address } from '../../../src/records/address.ts';
import { parseAddress } from '../../../src/records/parse-address.ts';
import { AnalyzerKit } from '../../kit/analyzer.ts';
import { echo, ipv4, ipv6, linkLayer, message, ports, u32, v6 } from './build.ts';

function one(bytes: Uint8Array, version: 4 | 6 = 4, wireLength = bytes.length) {
  const flow = version === 4 ? { protocol: 1 } : { protocol: 58, source: new Address().setV6(0xfd000000, 0, 0, 1) };
  const kit = new AnalyzerKit(icmp, {}, flow as Partial<FlowView>);
  kit.message(0, bytes, wireLength);
  expect(kit.emitted).toHaveLength(1);
  return kit.emitted[0].record;
}

const id = (a: string, b: string, protocol: number, portA: number, portB: number) =>
  communityId(parseAddress(a)!, parseAddress(b)!, protocol, portA, portB);

describe('an ICMP error', () => {
  it('names the flow that it quotes', () => {
    expect(one(message(3, 3, [0, 0, 0, 0], ipv4({ transport: ports(5000, 53) })))).toMatchObject({
      status: 'Error',
      requestMessage: 'DestinationUnreachable(Port)',
      sourceBytes: 28,
      quotedSourceIp: '10.0.0.1',
      quotedSourcePort: 5000,
      quotedDestinationIp: '192.0.2.9',
      quotedDestinationPort: 53,
      quotedTransport: 'udp',
      quotedCommunityId: id('10.0.0.1', '192.0.2.9', 17, 5000, 53),
    });
  });

  it('finds the flow of a quoted ping', () => {
    const record = one(message(11, 0, [0, 0, 0, 0], ipv4({ protocol: 1, transport: [...echo(8, 1, 1, '')] })));
    expect(record).toMatchObject({
      requestMessage: 'TimeExceeded(TTLExceeded)',
      quotedTransport: 'icmp',
      quotedCommunityId: id('10.0.0.1', '192.0.2.9', 1, 8, 0),
    });
    expect(record).not.toHaveProperty('quotedSourcePort');
    expect(record).not.toHaveProperty('echoIdentifier');
  });

  it('tells the MTU of the next hop', () => {
    const quote = ipv4({ protocol: 6, transport: ports(1, 2) });
    expect(one(message(3, 4, [0, 0, 0x05, 0x78], quote))).toMatchObject({ mtu: 1400, quotedTransport: 'tcp' });
    expect(one(message(3, 4, [0, 0, 0, 0], quote))).not.toHaveProperty('mtu');
    expect(one(message(3, 3, [0, 0, 0x05, 0x78], quote))).not.toHaveProperty('mtu');
    expect(one(message(2, 0, u32(1280), ipv6({ transport: ports(1, 2) })), 6)).toMatchObject({
      status: 'Error',
      requestMessage: 'PacketTooBig',
      mtu: 1280,
    });
  });

  it('tells where a parameter problem is', () => {
    const quote = ipv4({ transport: ports(1, 2) });
    expect(one(message(12, 0, [20, 0, 0, 0], quote))).toMatchObject({ pointer: 20, status: 'Error' });
    const record = one(message(4, 1, u32(6), ipv6({ protocol: 200, transport: [] })), 6);
    expect(record).toMatchObject({ pointer: 6, quotedTransport: '200' });
  });

  it('is a redirect: no error, but a gateway', () => {
    const record = one(message(5, 1, [10, 0, 0, 254], ipv4({ transport: ports(1, 2) })));
    expect(record).toMatchObject({ status: 'OK', gateway: '10.0.0.254', quotedDestinationIp: '192.0.2.9' });
    expect(record.requestMessage).toBe('Redirect(Host)');
  });

  it('is an ICMPv6 redirect', () => {
    const quote = ipv6({ transport: ports(7, 9) });
    const header = [4, 1 + quote.length / 8, 0, 0, 0, 0, 0, 0];
    const record = one(message(137, 0, [0, 0, 0, 0], v6(0xfe), v6(9), linkLayer(2, 1), header, quote), 6);
    expect(record).toMatchObject({
      status: 'OK',
      requestMessage: 'Redirect',
      gateway: 'fd00::fe',
      ndTarget: 'fd00::9',
      ndLinkLayerAddress: '02-00-00-00-AB-01',
      quotedSourcePort: 7,
      quotedDestinationPort: 9,
      quotedDestinationIp: 'fd00::9',
    });
  });

  it('looks behind IPv6 extension headers', () => {
    const hopByHop = [60, 0, 0, 0, 0, 0, 0, 0];
    const options = [44, 1, ...new Array<number>(14).fill(0)];
    const fragment = (offset: number) => [17, 0, offset >> 5, (offset << 3) & 255, 0, 0, 0, 1];
    const quote = (offset: number) =>
      ipv6({ protocol: 0, transport: [...hopByHop, ...options, ...fragment(offset), ...ports(500, 4500)] });
    expect(one(message(1, 4, [0, 0, 0, 0], quote(0)), 6)).toMatchObject({
      quotedTransport: 'udp',
      quotedSourcePort: 500,
      quotedCommunityId: id('fd00::1', 'fd00::9', 17, 500, 4500),
    });
    const later = one(message(1, 4, [0, 0, 0, 0], quote(8)), 6);
    expect(later).toMatchObject({ quotedTransport: 'udp', quotedSourceIp: 'fd00::1' });
    expect(later).not.toHaveProperty('quotedSourcePort');
    expect(later).not.toHaveProperty('quotedCommunityId');
  });

  it('quotes as much as there is', () => {
    const whole = message(3, 1, [0, 0, 0, 0], ipv4({ transport: ports(5000, 53) }));
    const fields = (length: number) =>
      Object.keys(one(whole.subarray(0, length), 4, whole.length))
        .filter((name) => name.startsWith('quoted'))
        .sort()
        .join(' ');
    const addresses = 'quotedDestinationIp quotedSourceIp quotedTransport';
    const all =
      'quotedCommunityId quotedDestinationIp quotedDestinationPort quotedSourceIp quotedSourcePort quotedTransport';
    for (let length = 8; length < 28; length++) expect([length, fields(length)]).toEqual([length, '']);
    for (let length = 28; length < 32; length++) expect([length, fields(length)]).toEqual([length, addresses]);
    for (let length = 32; length <= 36; length++) expect([length, fields(length)]).toEqual([length, all]);
  });

  it('shows no ports for a later fragment', () => {
    const record = one(message(11, 1, [0, 0, 0, 0], ipv4({ fragmentOffset: 185, transport: ports(1, 2) })));
    expect(record).toMatchObject({ quotedTransport: 'udp' });
    expect(record).not.toHaveProperty('quotedSourcePort');
  });

  it('quotes nothing when the quote is no IP header', () => {
    for (const first of [0x00, 0x44, 0x65]) {
      const quote = ipv4({ transport: ports(1, 2) });
      quote[0] = first;
      expect(one(message(3, 0, [0, 0, 0, 0], quote))).not.toHaveProperty('quotedSourceIp');
    }
  });
});

describe('extensions of an ICMP error', () => {
  const padded = (words: number) => {
    const quote = ipv4({ transport: ports(33000, 33434) });
    return [...quote, ...new Array<number>(words * 4 - quote.length).fill(0)];
  };
  const labels = [0, 12, 1, 1, 0x00, 0x01, 0x06, 0x01, 0xff, 0xff, 0xf1, 0xfe];

  function withChecksum(structure: number[]): number[] {
    let sum = 0;
    for (let i = 0; i < structure.length; i += 2) sum += structure[i] * 256 + structure[i + 1];
    sum = 0xffff - ((sum & 0xffff) + (sum >> 16));
    structure[2] = sum >> 8;
    structure[3] = sum & 255;
    return structure;
  }

  const mpls = [
    { label: 16, trafficClass: 3, ttl: 1 },
    { label: 0xfffff, trafficClass: 0, ttl: 254 },
  ];

  it('are found by their length', () => {
    const structure = withChecksum([0x20, 0, 0, 0, ...labels]);
    expect(one(message(11, 0, [0, 32, 0, 0], padded(32), structure)).mpls).toEqual(mpls);
    expect(one(message(11, 0, [0, 40, 0, 0], padded(40), structure)).mpls).toEqual(mpls);
    expect(one(message(11, 0, [0, 32, 0, 0], padded(32), [0x20, 0, 0, 0, ...labels])).mpls).toEqual(mpls);
  });

  it('are believed without a length only when the checksum is right', () => {
    const structure = withChecksum([0x20, 0, 0, 0, ...labels]);
    expect(one(message(11, 0, [0, 0, 0, 0], padded(32), structure)).mpls).toEqual(mpls);
    expect(one(message(11, 0, [0, 0, 0, 0], padded(32), [0x20, 0, 0, 0, ...labels]))).not.toHaveProperty('mpls');
    structure[3] ^= 1;
    expect(one(message(11, 0, [0, 32, 0, 0], padded(32), structure))).not.toHaveProperty('mpls');
  });

  it('may be broken', () => {
    const broken = [0x20, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0];
    expect(one(message(11, 0, [0, 32, 0, 0], padded(32), broken))).not.toHaveProperty('mpls');
  });
});

describe('quotedTuple', () => {
  it('says no to messages that quote nothing', () => {
    const out = new QuotedTuple();
    const ping = echo(8, 1, 1, String.fromCharCode(...ipv4({ transport: ports(1, 2) })));
    expect(quotedTuple(ping, 0, ping.length, 4, out)).toBe(false);
    expect(quotedTuple(new Uint8Array(0), 0, 0, 4, out)).toBe(false);
  });

  it('leaves nothing of the quote before', () => {
    const out = new QuotedTuple();
    const whole = message(3, 3, [0, 0, 0, 0], ipv4({ transport: ports(5000, 53) }));
    expect(quotedTuple(whole, 0, whole.length, 4, out)).toBe(true);
    expect(out).toMatchObject({ protocol: 17, sourcePort: 5000, destinationPort: 53, hasPorts: true, isWhole: true });
    expect(quotedTuple(whole, 0, whole.length - 6, 4, out)).toBe(true);
    expect(out).toMatchObject({ protocol: 17, sourcePort: 0, destinationPort: 0, hasPorts: false, isWhole: false });
  });
});
