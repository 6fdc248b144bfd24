// Given this message, this record.

import { describe, expect, it } from 'vitest';
import { dhcpv6 } from '../../../src/protocols/dhcpv6/index.ts';
import { AnalyzerKit } from '../../kit/analyzer.ts';
import {
  address,
  ascii,
  association,
  CLIENT,
  ip,
  MAC,
  message,
  name,
  option,
  prefix,
  relayed,
  SERVER,
  status,
  u16,
  u32,
} from './build.ts';

const udp = { transport: 'udp', sourcePort: 546, destinationPort: 547 };

function recordOf(bytes: Uint8Array, direction: 0 | 1 = 0): Record<string, unknown> {
  const kit = new AnalyzerKit(dhcpv6, {}, udp);
  expect(kit.message(direction, bytes)).toBe('ok');
  expect(kit.emitted).toHaveLength(1);
  return kit.emitted[0].record;
}
const plain = (value: unknown) =>
  JSON.parse(JSON.stringify(value, (_, v) => (v !== null && typeof v === 'object' && 'w3' in v ? String(v) : v)));

describe('a message', () => {
  it('has identities, what is asked for, and how long it took', () => {
    const record = recordOf(message(1, CLIENT, option(6, ...u16(23), ...u16(999)), option(8, ...u16(150)), option(14)));
    expect(record).toMatchObject({
      messageType: 'solicit',
      transactionId: '0x100874',
      clientId: 'll 02-00-00-77-00-90',
      clientMac: '02-00-00-77-00-90',
      requested: ['DNS Recursive Name Server', 'Unknown (999)'],
      fingerprint: '23,999',
      elapsed: 1.5,
      rapidCommit: true,
      status: 'OK',
    });
  });
  it('has associations with addresses, prefixes and lifetimes', () => {
    const record = recordOf(
      message(
        7,
        CLIENT,
        SERVER,
        association(3, address(1, 300, 600), address(2, 0, 0, status(2, 'no'))),
        association(25, prefix(0x100, 56, 900)),
        option(4, ...u32(8), ...address(3, 1, 2)),
        option(23, ...ip(0x53)),
        option(24, ...name('example', 'com'), ...name('lan')),
      ),
      1,
    );
    expect(record).toMatchObject({
      serverId: 'en 9 abcd',
      dnsServers: ['2001:db8::53'],
      domainList: ['example.com', 'lan'],
      assignedIp: '2001:db8::1',
    });
    expect(plain(record.associations)).toEqual([
      { type: 'na', iaid: '0x00000007', t1: 1800, t2: 2880 },
      { type: 'pd', iaid: '0x00000007', t1: 1800, t2: 2880 },
      { type: 'ta', iaid: '0x00000008' },
    ]);
    expect(plain(record.addresses)).toEqual([
      { iaid: '0x00000007', ip: '2001:db8::1', preferred: 300, valid: 600 },
      {
        iaid: '0x00000007',
        ip: '2001:db8::2',
        preferred: 0,
        valid: 0,
        statusCode: 'NoAddrsAvail',
        statusMessage: 'no',
      },
      { iaid: '0x00000008', ip: '2001:db8::3', preferred: 1, valid: 2 },
    ]);
    expect(plain(record.prefixes)).toEqual([
      { iaid: '0x00000007', prefix: '2001:db8::100/56', preferred: 900, valid: 900 },
    ]);
  });
  it('has DUIDs of each type in words', () => {
    const id = (...bytes: number[]) => recordOf(message(1, option(1, ...bytes))).clientId;
    expect(id(...u16(1), ...u16(1), ...u32(86400), ...MAC)).toBe('llt 2000-01-02T00:00:00Z 02-00-00-77-00-90');
    expect(id(...u16(3), ...u16(32), 1, 2)).toBe('ll/32 01-02');
    expect(id(...u16(4), ...Array.from({ length: 16 }, (_, i) => i))).toBe('uuid 00010203-0405-0607-0809-0a0b0c0d0e0f');
    expect(id(...u16(9), 1)).toBe('000901');
  });
  it('has names, classes and vendor data', () => {
    const counted = [...u16(2), ...ascii('ab')];
    const record = recordOf(
      message(
        1,
        CLIENT,
        option(39, 1, 2, ...ascii('pc'), 3, ...ascii('lan'), 0),
        option(15, ...counted),
        option(16, ...u32(311), ...counted),
        option(17, ...u32(9), 1, 2),
        option(56, ...option(1, ...ip(1)), ...option(3, ...name('ntp', 'org'))),
        option(59, ...ascii('tftp://x')),
        option(500, 0xde),
      ),
    );
    expect(record).toMatchObject({
      fqdn: 'pc.lan',
      userClass: ['ab'],
      vendorClass: [{ id: 311, data: ['ab'] }],
      vendorOptions: [{ id: 9, data: '0102' }],
      ntpServers: ['2001:db8::1', 'ntp.org'],
      settings: [['boot_file_url', 'tftp://x']],
      unknown: [['500', 'de']],
    });
  });
  it('a status that is no success is an error in words', () => {
    expect(recordOf(message(7, SERVER, status(3, 'gone')), 1)).toMatchObject({
      status: 'Error',
      errorMessage: ['NoBinding: gone'],
      statusCode: 'NoBinding',
    });
  });
});

describe('relay agents', () => {
  it('are listed, outermost first, around the message of the client', () => {
    const inner = relayed(
      12,
      0,
      message(1, CLIENT),
      option(18, ...ascii('eth0')),
      option(37, ...u32(9), ...ascii('r')),
      option(79, ...u16(1), 2, 2, 2, 2, 2, 2),
    );
    const record = recordOf(relayed(12, 1, inner));
    expect(record).toMatchObject({ messageType: 'solicit', transactionId: '0x100874', clientMac: '02-02-02-02-02-02' });
    expect(plain(record.relays)).toEqual([
      { type: 'relay-forw', hops: 1, linkAddress: '2001:db8::a', peerAddress: '2001:db8::b' },
      {
        type: 'relay-forw',
        hops: 0,
        linkAddress: '2001:db8::a',
        peerAddress: '2001:db8::b',
        interfaceId: 'eth0',
        remoteId: '9 r',
        clientMac: '02-02-02-02-02-02',
      },
    ]);
  });
  it('nested too deep are given up, and that is told', () => {
    let bytes = message(1, CLIENT);
    for (let i = 0; i < 100; i++) bytes = relayed(12, 0, bytes);
    const record = recordOf(bytes);
    expect(record).toMatchObject({
      messageType: 'relay-forw',
      status: 'Error',
      errorMessage: ['There are more than 16 relay agents'],
    });
    expect(record.relays).toHaveLength(16);
  });
});

describe('what is wrong', () => {
  it('an option past the end costs itself and says where', () => {
    expect(recordOf(message(1, CLIENT, [0, 8, 0, 9, 1]))).toMatchObject({
      clientId: 'll 02-00-00-77-00-90',
      status: 'Error',
      malformedAt: 18,
      errorMessage: ['Option 8 is longer than what is left of the message'],
    });
  });
});

describe('probe', () => {
  const strict = (bytes: Uint8Array) => dhcpv6.probe(0, bytes, 0, bytes.length, false, 'udp');
  it('knows DHCPv6 on any port by its options, and takes nothing else there', () => {
    expect(strict(message(1, CLIENT))).toBe('yes');
    expect(strict(relayed(12, 0, message(1, CLIENT)))).toBe('yes');
    expect(strict(message(1))).toBe('no');
    expect(strict(message(1, CLIENT, [0]))).toBe('no');
    expect(strict(message(1, option(1, 0, 9, 1, 1)))).toBe('no');
    expect(strict(message(200, CLIENT))).toBe('no');
  });
  it('is content with a message type on its own ports', () => {
    expect(dhcpv6.probe(0, message(11), 0, 4, true, 'udp')).toBe('yes');
    expect(dhcpv6.probe(0, Buffer.alloc(4), 0, 4, true, 'udp')).toBe('no');
  });
});
