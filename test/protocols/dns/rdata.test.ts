import { describe, expect, it } from 'vitest';
import { Message } from '../../../src/protocols/dns/message.ts';
import { resourceRecord } from '../../../src/protocols/dns/rdata.ts';
import { bytes, message, name, string, u16, u32 } from './build.ts';

const parsed = new Message();
/** What becomes of one record of that type, without owner, class and ttl. */
function decode(type: number, rdata: Uint8Array): object {
  const all = message({ flags: 0x8180, answers: [{ name: 'x.example', type, rdata }] });
  parsed.parse(all, 0, all.length, all.length);
  expect(parsed.fault).toBe('none');
  const { name: owner, class: class_, ttl, ...rest } = resourceRecord(parsed, 0, '', false);
  expect([owner, class_, ttl]).toEqual(['x.example', 'IN', '300']);
  return rest;
}
const joined = (...parts: Uint8Array[]) => Buffer.concat(parts);

describe('resource records', () => {
  it.each<[string, number, Uint8Array, object]>([
    ['A', 1, bytes('c0000201'), { type: 'A', data: '192.0.2.1' }],
    ['AAAA', 28, bytes('20010db8000000000000000000000001'), { type: 'AAAA', data: '2001:db8::1' }],
    ['CNAME', 5, name('y.example'), { type: 'CNAME', data: 'y.example' }],
    ['MX', 15, joined(u16(10), name('mail.example')), { type: 'MX', preference: 10, data: 'mail.example' }],
    ['TXT', 16, joined(string('v=spf1'), string('-all')), { type: 'TXT', data: 'v=spf1 -all' }],
    ['TXT, UTF-8 and not', 16, string(bytes('c3bc ff')), { type: 'TXT', data: 'ü\\xff' }],
    ['SPF', 99, string('v=spf1'), { type: 'SPF', data: 'v=spf1' }],
    [
      'SOA',
      6,
      joined(
        name('ns.example'),
        name('admin.example'),
        u32(2024010101),
        u32(7200),
        u32(3600),
        u32(1209600),
        u32(0xffffffff),
      ),
      {
        type: 'SOA',
        data: 'ns.example',
        rname: 'admin.example',
        serial: 2024010101,
        refresh: 7200,
        retry: 3600,
        expire: 1209600,
        minimum: 4294967295,
      },
    ],
    [
      'SRV',
      33,
      joined(u16(1, 2, 5060), name('sip.example')),
      { type: 'SRV', priority: 1, weight: 2, port: 5060, data: 'sip.example' },
    ],
    [
      'NAPTR',
      35,
      joined(u16(100, 10), string('u'), string('E2U+sip'), string('!^.*$!sip:x@y!'), name('.')),
      {
        type: 'NAPTR',
        order: 100,
        preference: 10,
        flags: 'u',
        service: 'E2U+sip',
        regexp: '!^.*$!sip:x@y!',
        data: '.',
      },
    ],
    [
      'CAA',
      257,
      joined(bytes('80'), string('issue'), Buffer.from('ca.example')),
      { type: 'CAA', flags: '128', tag: 'issue', data: 'ca.example' },
    ],
    ['TLSA', 52, bytes('030101 abcd'), { type: 'TLSA', data: '3 1 1 ABCD' }],
    ['SSHFP', 44, bytes('0401 0123'), { type: 'SSHFP', data: '4 1 0123' }],
    [
      'URI',
      256,
      joined(u16(10), u16(1), Buffer.from('https://a.example/c')),
      { type: 'URI', priority: 10, weight: 1, data: 'https://a.example/c' },
    ],
    [
      'RP',
      17,
      joined(name('admin.example'), name('about.example')),
      { type: 'RP', data: 'admin.example about.example' },
    ],
    ['RP without a text', 17, joined(name('admin.example'), bytes('00')), { type: 'RP', data: 'admin.example .' }],
    [
      'MINFO',
      14,
      joined(name('owner.example'), name('errors.example')),
      { type: 'MINFO', data: 'owner.example errors.example' },
    ],
    ['CERT', 37, bytes('0003 0000 00 0102ff'), { type: 'CERT', data: '3 0 0 AQL/' }],
    ['EUI48', 108, bytes('00005e00532a'), { type: 'EUI48', data: '00-00-5e-00-53-2a' }],
    ['EUI64', 109, bytes('00005eef1000002a'), { type: 'EUI64', data: '00-00-5e-ef-10-00-00-2a' }],
    // As BIND answers them; texts are those of its dig.
    ['APL', 42, bytes('00011803c0000200011984c0000280'), { type: 'APL', data: '1:192.0.2.0/24 !1:192.0.2.128/25' }],
    ['APL of IPv6', 42, bytes('0002200420010db8'), { type: 'APL', data: '2:2001:db8::/32' }],
    ['an empty APL', 42, bytes(''), { type: 'APL', data: '' }],
    ['APL that ends early', 42, bytes('00011803c000'), { type: 'APL', data: '\\# 6 00011803c000' }],
    ['APL with a long address', 42, bytes('00011805c000020001'), { type: 'APL', data: '\\# 9 00011805c000020001' }],
    [
      'CSYNC',
      62,
      bytes('000000420003000460000008'),
      { type: 'CSYNC', serial: 66, flags: '3', typeBits: 'A NS AAAA', data: '66 3 A NS AAAA' },
    ],
    ['CSYNC with broken types', 62, bytes('0000004200030004'), { type: 'CSYNC', data: '\\# 8 0000004200030004' }],
    ['DHCID', 49, bytes('000201'), { type: 'DHCID', data: 'AAIB' }],
    ['OPENPGPKEY', 61, bytes('99008d033206'), { type: 'OPENPGPKEY', data: 'mQCNAzIG' }],
    ['NID', 104, bytes('000a00144fffff20ee64'), { type: 'NID', preference: 10, data: '14:4fff:ff20:ee64' }],
    ['L64', 106, bytes('000a20010db811402000'), { type: 'L64', preference: 10, data: '2001:db8:1140:2000' }],
    ['L32', 105, bytes('000a0a010200'), { type: 'L32', preference: 10, data: '10.1.2.0' }],
    ['L32 of another length', 105, bytes('000a0a0102'), { type: 'L32', data: '\\# 5 000a0a0102' }],
    ['LP', 107, joined(u16(10), name('l64.example')), { type: 'LP', preference: 10, data: 'l64.example' }],
    ['ZONEMD', 63, bytes('000000010101aabb'), { type: 'ZONEMD', serial: 1, data: '1 1 1 AABB' }],
    [
      'TSIG that BIND refuses',
      250,
      bytes('0b686d61632d7368613235360000006b0a3980012c0000133900110000'),
      { type: 'TSIG', data: 'hmac-sha256 1795832192 300 0 4921 BADKEY 0' },
    ],
    [
      'TSIG with a code and the time of a server whose clock differs',
      250,
      joined(name('hmac-sha1'), u16(0, 0x6b0a, 0x3980, 300, 2, 0xabcd, 7, 18, 6, 0, 0x6b0a, 0x4000)),
      { type: 'TSIG', data: 'hmac-sha1 1795832192 300 2 q80= 7 BADTIME 6 AABrCkAA' },
    ],
    [
      'TSIG with a wrong code',
      250,
      joined(name('x'), u16(0, 0, 1, 300, 0, 7, 16, 0)),
      { type: 'TSIG', data: 'x 1 300 0 7 BADSIG 0' },
    ],
    ['TSIG that ends early', 250, bytes('0178000000'), { type: 'TSIG', data: '\\# 5 0178000000' }],
    ['EUI48 of another length', 108, bytes('00005e00'), { type: 'EUI48', data: '\\# 4 00005e00' }],
    [
      'RP with one name',
      17,
      name('admin.example'),
      { type: 'RP', data: `\\# 15 ${Buffer.from(name('admin.example')).toString('hex')}` },
    ],
    ['HINFO', 13, joined(string('RFC8482'), string('')), { type: 'HINFO', data: '"RFC8482" ""' }],
    [
      'DS',
      43,
      bytes('4ab6 08 02 0a0b'),
      { type: 'DS', keyTag: '19126', algorithm: 'RSASHA256', digestType: 'SHA256', data: '0A0B' },
    ],
    [
      'DNSKEY',
      48,
      bytes('0101 03 0d 010203'),
      { type: 'DNSKEY', flags: '257', protocol: '3', algorithm: 'ECDSAP256SHA256', data: 'AQID' },
    ],
    [
      'RRSIG',
      46,
      joined(bytes('0006 0d 02 0000003c 69ce2f2e 69c0f21e 7280'), name('example'), bytes('0102')),
      {
        type: 'RRSIG',
        typeCovered: 'SOA',
        algorithm: 'ECDSAP256SHA256',
        labels: '2',
        originalTtl: '60',
        expiration: '20260402085614',
        inception: '20260323075614',
        keyTag: '29312',
        signerName: 'example',
        data: 'AQI=',
      },
    ],
    [
      'NSEC',
      47,
      joined(name('y.example'), bytes('00 06 400000000003 80 01 80')),
      { type: 'NSEC', data: 'y.example', typeBits: 'A RRSIG NSEC TA' },
    ],
    [
      'NSEC3',
      50,
      bytes('01 01 000a 02 aabb 04 00112233 00 01 40'),
      { type: 'NSEC3', hash: 'SHA1', flags: '1', iterations: '10', salt: 'AABB', data: '008I4CO', typeBits: 'A' },
    ],
    [
      'NSEC3PARAM',
      51,
      bytes('01 00 0000 00'),
      { type: 'NSEC3PARAM', hash: 'SHA1', flags: '0', iterations: '0', data: '-' },
    ],
    [
      'HTTPS',
      65,
      joined(u16(1), name('.'), u16(1, 6), string('h2'), string('h3'), u16(3, 2, 8443), u16(4, 4), bytes('c0000201')),
      {
        type: 'HTTPS',
        priority: 1,
        target: '.',
        data: '1 . alpn=h2,h3 port=8443 ipv4hint=192.0.2.1',
        svcParams: [
          ['alpn', ['h2', 'h3']],
          ['port', 8443],
          ['ipv4hint', ['192.0.2.1']],
        ],
      },
    ],
    [
      'SVCB with rarer keys',
      64,
      joined(
        u16(2),
        name('svc.example'),
        u16(0, 2, 1, 2, 0, 5, 2),
        bytes('fe0d'),
        u16(6, 16),
        bytes('20010db8000000000000000000000001'),
        u16(7, 1),
        Buffer.from('/'),
        u16(667, 1),
        Buffer.from('x'),
      ),
      {
        type: 'SVCB',
        priority: 2,
        target: 'svc.example',
        data: '2 svc.example mandatory=alpn no-default-alpn ech=/g0= ipv6hint=2001:db8::1 dohpath=/ key667=x',
        svcParams: [
          ['mandatory', ['alpn']],
          ['no-default-alpn', true],
          ['ech', '/g0='],
          ['ipv6hint', ['2001:db8::1']],
          ['dohpath', '/'],
          ['key667', 'x'],
        ],
      },
    ],
    [
      'LOC',
      29,
      joined(
        bytes('00 12 16 13'),
        u32(0x80000000 + 3_600_000 * 52),
        u32(0x80000000 - 3_600_000),
        u32(10_000_000 + 250),
      ),
      { type: 'LOC', data: '52 0 0.000 N 1 0 0.000 W 2.50m 1m 10000m 10m' },
    ],
    ['an unknown type', 65280, bytes('abcdef'), { type: 'TYPE65280', data: '\\# 3 abcdef' }],
    ['no RDATA (RFC 2136)', 1, bytes(''), { type: 'A', data: '' }],
  ])('%s', (_what, type, rdata, expected) => {
    expect(decode(type, rdata)).toEqual(expected);
  });

  it.each<[string, number, string]>([
    ['A of three octets', 1, '010203'],
    ['AAAA of four octets', 28, '01020304'],
    ['a name that ends before the RDATA', 5, '0161 00 00'],
    ['MX without name', 15, '000a'],
    ['TXT with a string beyond the RDATA', 16, '0561'],
    ['SOA without numbers', 6, '00 00 00000001'],
    ['SRV cut short', 33, '0001 0002'],
    ['NAPTR with a string beyond the RDATA', 35, '0001 0002 ff 00 00 00'],
    ['NSEC with windows out of order', 47, '00 01 01 40 00 01 40'],
    ['NSEC3 with a salt beyond the RDATA', 50, '01 00 0001 ff aabb'],
    ['SVCB with keys out of order', 64, '0001 00 0003 0002 0050 0001 0003 026832'],
    ['SVCB with a value beyond the RDATA', 64, '0001 00 0001 00ff 02'],
    ['SVCB with an ALPN id beyond its value', 64, '0001 00 0001 0002 0568'],
    ['LOC of an unknown version', 29, '01 12 16 13 80000000 80000000 00989680'],
  ])('%s is shown as bytes', (_what, type, hex) => {
    const rdata = bytes(hex);
    expect(decode(type, rdata)).toMatchObject({ data: `\\# ${rdata.length} ${rdata.toString('hex')}` });
  });
});
