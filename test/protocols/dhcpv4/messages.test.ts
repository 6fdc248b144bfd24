// Given this message, this record.

import { describe, expect, it } from 'vitest';
import { dhcpv4 } from '../../../src/protocols/dhcpv4/index.ts';
import { AnalyzerKit } from '../../kit/analyzer.ts';
import { ascii, END, type Header, ip, MAC, message, option, type, u16, u32 } from './build.ts';

const udp = { transport: 'udp', sourcePort: 68, destinationPort: 67 };

function recordOf(bytes: Uint8Array, direction: 0 | 1 = 0): Record<string, unknown> {
  const kit = new AnalyzerKit(dhcpv4, {}, udp);
  expect(kit.message(direction, bytes)).toBe('ok');
  expect(kit.emitted).toHaveLength(1);
  return kit.emitted[0].record;
}
const withOptions = (...options: number[][]) => recordOf(message({}, type(1), ...options, END));

describe('a message', () => {
  it('has its header and the options that Packetbeat knows', () => {
    const offer: Header = { op: 2, yiaddr: '192.0.2.50', giaddr: '192.0.2.1', broadcast: true };
    const record = recordOf(
      message(
        offer,
        type(2),
        option(1, 255, 255, 255, 0),
        option(2, ...u32(-18000)),
        option(3, ...ip('192.0.2.1')),
        option(6, ...ip('192.0.2.2'), ...ip('192.0.2.3')),
        option(12, ...ascii('pc\0')),
        option(15, ...ascii('example.com')),
        option(51, ...u32(86400)),
        option(54, ...ip('192.0.2.2')),
        option(58, ...u32(43200)),
        option(57, ...u16(1500)),
        END,
      ),
      1,
    );
    expect(record).toMatchObject({
      status: 'OK',
      opCode: 'bootreply',
      transactionId: '0x3903f326',
      hardwareType: 'Ethernet',
      hops: 1,
      seconds: 7,
      flags: 'broadcast',
      assignedIp: '192.0.2.50',
      relayIp: '192.0.2.1',
      clientMac: '02-00-00-77-00-90',
      messageType: 'offer',
      subnetMask: '255.255.255.0',
      timeOffset: -18000,
      routers: ['192.0.2.1'],
      dnsServers: ['192.0.2.2', '192.0.2.3'],
      hostname: 'pc',
      domainName: 'example.com',
      leaseTime: 86400,
      renewalTime: 43200,
      serverIdentifier: '192.0.2.2',
      maxSize: 1500,
    });
  });
  it('has the client where the request came from, and where the reply goes', () => {
    const request = recordOf(message({}, type(1), END));
    expect(request).toMatchObject({ clientIp: '10.0.0.1', clientPort: 68, serverIp: '10.0.0.2', clientBytes: 244 });
    const reply = recordOf(message({ op: 2 }, type(2), END), 1);
    expect(reply).toMatchObject({
      clientIp: '10.0.0.1',
      clientPort: 68,
      serverIp: '10.0.0.2',
      serverBytes: 244,
      sourceBytes: 244,
    });
  });
  it('names what the client would like, and shows the codes as they came', () => {
    const record = withOptions(option(55, 1, 3, 119, 249));
    expect(record.parameterList).toEqual(['Subnet Mask', 'Router', 'DNS Domain Search List', 'Unknown (249)']);
    expect(record.fingerprint).toBe('1,3,119,249');
  });
  it('shows a client identifier by what it is', () => {
    expect(withOptions(option(61, 1, ...MAC)).clientIdentifier).toBe('02-00-00-77-00-90');
    expect(withOptions(option(61, 0, ...ascii('laptop'))).clientIdentifier).toBe('laptop');
    expect(withOptions(option(61, 255, 1, 2, 3, 4, 0, 3, 0, 1, ...MAC)).clientIdentifier).toBe('ll 02-00-00-77-00-90');
    expect(withOptions(option(61, 9, 1, 2)).clientIdentifier).toBe('0x090102');
  });
  it('has what the relay agent adds', () => {
    const sub = [
      ...option(1, ...ascii('eth0/1')),
      ...option(2, 0, 6, 1),
      ...option(5, ...ip('10.1.0.0')),
      ...option(6, ...ascii('sub')),
      ...option(151, 0),
    ];
    expect(withOptions(option(82, ...sub))).toMatchObject({
      circuitId: 'eth0/1',
      remoteId: '0x000601',
      linkSelection: '10.1.0.0',
      subscriberId: 'sub',
      relayOthers: [['151', '00']],
    });
  });
  it('has classless routes once, though both options carry them', () => {
    const value = [24, 10, 1, 2, ...ip('10.0.0.1'), 0, ...ip('10.0.0.2')];
    expect(withOptions(option(121, ...value), option(249, ...value)).routes).toEqual([
      { destination: '10.1.2.0/24', router: '10.0.0.1' },
      { destination: '0.0.0.0/0', router: '10.0.0.2' },
    ]);
  });
  it('has a search list, with pointers into itself (RFC 3397)', () => {
    const value = [3, ...ascii('eng'), 5, ...ascii('apple'), 3, ...ascii('com'), 0, 9, ...ascii('marketing'), 0xc0, 4];
    expect(withOptions(option(119, ...value)).searchList).toEqual(['eng.apple.com', 'marketing.apple.com']);
  });
  it('has vendor data, user class, name, and options that need no field', () => {
    const record = withOptions(
      option(125, ...u32(3561), 2, 1, 0),
      option(124, ...u32(311), 1, 0xaa),
      option(43, 1, 2),
      option(77, 4, ...ascii('iPXE')),
      option(81, 0, 0, 0, ...ascii('pc.example')),
      option(26, ...u16(1400)),
      option(80),
      option(33, ...ip('10.0.0.0'), ...ip('10.0.0.1')),
      option(108, ...u32(1800)),
      option(224, 0xde, 0xad),
    );
    expect(record).toMatchObject({
      vendorOptions: [{ id: 3561, data: '0100' }],
      vendorClass: [{ id: 311, data: 'aa' }],
      vendorSpecific: '0102',
      userClass: ['iPXE'],
      fqdn: 'pc.example',
      rapidCommit: true,
      settings: [
        ['interface_mtu', 1400],
        ['static_routes', ['10.0.0.0 10.0.0.1']],
        ['ipv6_only_wait_sec', 1800],
      ],
      unknown: [['224', 'dead']],
    });
    expect(withOptions(option(77, ...ascii('iPXE'))).userClass).toEqual(['iPXE']);
    expect(withOptions(option(81, 4, 0, 0, 2, ...ascii('pc'), 3, ...ascii('lan'), 0)).fqdn).toBe('pc.lan');
  });
  it('has SIP servers, by name or by address (RFC 3361), and servers of mobile networks', () => {
    const names = [3, ...ascii('sip'), 1, ...ascii('a'), 0, 1, ...ascii('b'), 0];
    expect(withOptions(option(120, 0, ...names), option(88, 1, ...ascii('m'), 0)).settings).toEqual([
      ['sip_servers', ['sip.a', 'b']],
      ['bcmcs_domains', ['m']],
    ]);
    const addresses = option(120, 1, ...ip('192.0.2.1'), ...ip('192.0.2.2'));
    expect(withOptions(addresses, option(89, ...ip('192.0.2.3')), option(142, ...ip('192.0.2.4'))).settings).toEqual([
      ['sip_servers', ['192.0.2.1', '192.0.2.2']],
      ['bcmcs_servers', ['192.0.2.3']],
      ['andsf_servers', ['192.0.2.4']],
    ]);
    expect(withOptions(option(95, ...ascii('ldap://x')), option(161, ...ascii('https://m'))).settings).toEqual([
      ['ldap_servers', 'ldap://x'],
      ['mud_url', 'https://m'],
    ]);
    for (const wrong of [[], [0], [1, 192, 0, 2], [2, 192, 0, 2, 1]])
      expect(withOptions(option(120, ...wrong))).toMatchObject({
        unknown: [['120', Buffer.from(wrong).toString('hex')]],
      });
  });
  it('shows an option of the wrong length as bytes', () => {
    expect(withOptions(option(54, 1, 2, 3)).unknown).toEqual([['54', '010203']]);
  });
  it('puts an option together that comes in parts (RFC 3396)', () => {
    expect(withOptions(option(15, ...ascii('exam')), option(15, ...ascii('ple'))).domainName).toBe('example');
  });
});

describe('option 52', () => {
  it('has options in file and sname, each read once, though they say so again', () => {
    const file = [...option(52, 3), ...option(12, ...ascii('a')), 255];
    const sname = [...option(52, 3), ...option(15, ...ascii('b')), 255];
    const record = recordOf(message({ file, sname }, type(1), option(52, 3), END));
    expect(record).toMatchObject({ hostname: 'a', domainName: 'b', overload: ['file', 'sname'], status: 'OK' });
    expect(record.serverName).toBeUndefined();
    expect(record.bootFile).toBeUndefined();
  });
  it('leaves the fields alone without it', () => {
    const record = recordOf(message({ file: ascii('boot.img'), sname: ascii('server') }, type(1), END));
    expect(record).toMatchObject({ bootFile: 'boot.img', serverName: 'server' });
  });
});

describe('what is wrong', () => {
  it('an option past the end costs itself and says where', () => {
    const record = recordOf(message({}, type(1), [12, 200, 0x61]));
    expect(record).toMatchObject({ messageType: 'discover', status: 'Error', malformedAt: 243 });
    expect(record.errorMessage).toEqual(['Option 12 is longer than what is left of the message']);
  });
  it('options without End are told', () => {
    expect(recordOf(message({}, type(3)))).toMatchObject({ messageType: 'request', endMissing: true, status: 'OK' });
  });
  it('a hardware address longer than its field is read as far as the field goes', () => {
    for (const hlen of [17, 255]) {
      const record = recordOf(message({ hlen }, type(1), END));
      expect(record.clientMac).toBe('02-00-00-77-00-90-00-00-00-00-00-00-00-00-00-00');
      expect(record).toMatchObject({ status: 'Error', malformedAt: 2, messageType: 'discover' });
    }
  });
  it('without the magic cookie it is BOOTP', () => {
    const record = recordOf(message({ cookie: [0, 0, 0, 0] }, type(1), END));
    expect(record).toMatchObject({ isBootp: true, opCode: 'bootrequest', status: 'OK' });
    expect(record.messageType).toBeUndefined();
  });
});

describe('probe', () => {
  const strict = (bytes: Uint8Array) => dhcpv4.probe(0, bytes, 0, bytes.length, false, 'udp');
  const hinted = (bytes: Uint8Array) => dhcpv4.probe(0, bytes, 0, bytes.length, true, 'udp');
  it('knows DHCP on any port', () => {
    expect(strict(message({}, type(1), END))).toBe('yes');
  });
  it('takes nothing else there', () => {
    expect(strict(message({ cookie: [0, 0, 0, 0] }, type(1), END))).toBe('no');
    expect(strict(message({ op: 3 }, type(1), END))).toBe('no');
    expect(strict(message({ hlen: 17 }, type(1), END))).toBe('no');
    expect(strict(message({}, type(1)))).toBe('no');
    expect(strict(message({}, END))).toBe('no');
    expect(strict(message({}, type(1), [12, 9]))).toBe('no');
  });
  it('takes BOOTP on its own ports', () => {
    expect(hinted(message({ cookie: [0, 0, 0, 0] }))).toBe('yes');
    expect(hinted(Buffer.alloc(300))).toBe('no');
    expect(hinted(Buffer.alloc(20, 1))).toBe('no');
  });
});
