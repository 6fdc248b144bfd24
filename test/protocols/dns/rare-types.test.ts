// Types that hardly anybody asks for. The bytes are what BIND 9.18 answers to its dig for a zone with one record of each, the texts those of dig,
// with names as they stand in all our records: without the final dot.

import { describe, expect, it } from 'vitest';
import { bytes, name, string, u16, u32 } from './build.ts';
import { decode } from './decode.ts';

const joined = (...parts: Uint8Array[]) => Buffer.concat(parts);
const KEY = '010351537986ed35533b6064478eeeb27b5bd74dae149b6e81ba3a0521af82ab7801';
const KEY_TEXT = 'AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==';

describe('rare types of records', () => {
  it.each<[string, number, Uint8Array, object]>([
    ['WKS', 11, bytes('c0000201 06 0000004000000400000080'), { data: '192.0.2.1 6 25 53 80' }],
    ['X25', 19, string('311061700956'), { data: '311061700956' }],
    ['ISDN', 20, joined(string('150862028003217'), string('004')), { data: '150862028003217 004' }],
    ['NSAP', 22, bytes('47000580005a0000'), { data: '0x47000580005a0000' }],
    ['NSAP-PTR', 23, name('x.all.test'), { data: 'x.all.test' }],
    [
      'SIG',
      24,
      joined(bytes('001e 01 03 00000e10 386ec025 32ae8844 085f'), name('foo.nil'), bytes('33115c')),
      {
        typeCovered: 'NXT',
        algorithm: 'RSAMD5',
        labels: '3',
        originalTtl: '3600',
        expiration: '20000102030405',
        inception: '19961211100908',
        keyTag: '2143',
        signerName: 'foo.nil',
        data: 'MxFc',
      },
    ],
    ['KEY', 25, bytes('0200ff01 0103'), { flags: '512', protocol: '255', algorithm: 'RSAMD5', data: 'AQM=' }],
    ['PX', 26, joined(u16(10), name('a.test'), name('b.test')), { preference: 10, data: 'a.test b.test' }],
    ['GPOS', 27, joined(string('-32.6882'), string('116.8652'), string('10.0')), { data: '-32.6882 116.8652 10.0' }],
    ['NXT', 30, joined(name('a.all.test'), bytes('620100020002')), { data: 'a.all.test A NS SOA MX NXT RRSIG' }],
    ['EID', 31, bytes('1289ab'), { data: '1289AB' }],
    ['NIMLOC', 32, bytes('1289ab'), { data: '1289AB' }],
    ['ATMA', 34, bytes('01 3631323030303030303030'), { data: '+61200000000' }],
    ['ATMA', 34, bytes('00 39246f000e7c9c03'), { data: '39246f000e7c9c03' }],
    ['A6', 38, joined(bytes('40 0000000000000001'), name('x.all.test')), { data: '64 ::1 x.all.test' }],
    ['A6', 38, joined(bytes('80'), name('x.all.test')), { data: '128 x.all.test' }],
    ['A6', 38, bytes('00 20010db8000000000000000000000001'), { data: '0 2001:db8::1' }],
    ['IPSECKEY', 45, bytes(`0a0102 c0000226 ${KEY}`), { data: `10 1 2 192.0.2.38 ${KEY_TEXT}` }],
    ['IPSECKEY', 45, bytes(`0a0202 20010db8${'0'.repeat(22)}01 ${KEY}`), { data: `10 2 2 2001:db8::1 ${KEY_TEXT}` }],
    [
      'IPSECKEY',
      45,
      joined(bytes('0a0302'), name('gw.example'), bytes(KEY)),
      { data: `10 3 2 gw.example ${KEY_TEXT}` },
    ],
    ['IPSECKEY', 45, bytes('0a0000'), { data: '10 0 0 .' }],
    [
      'HIP',
      55,
      joined(bytes('1002 0003 200100107b1a74df365639cc39f1d578 030100'), name('rvs1.example'), name('rvs2.example')),
      { data: '2 200100107B1A74DF365639CC39F1D578 AwEA rvs1.example rvs2.example' },
    ],
    ['NINFO', 56, joined(string('zone'), string('info')), { data: 'zone info' }],
    ['RKEY', 57, bytes('0000 01 01 0103'), { flags: '0', protocol: '1', algorithm: 'RSAMD5', data: 'AQM=' }],
    ['TALINK', 58, joined(name('a.test'), name('.')), { data: 'a.test .' }],
    ['DSYNC', 66, joined(bytes('003b 01 14b4'), name('scanner.test')), { data: 'CDS NOTIFY 5300 scanner.test' }],
    ['DSYNC', 66, joined(bytes('003e 80 0035'), name('scanner.test')), { data: 'CSYNC 128 53 scanner.test' }],
    // RFC 2930: GSS-API's first token, and a server that refuses it.
    [
      'TKEY',
      249,
      joined(name('gss-tsig'), u32(1795832192), u32(1795832193), u16(3, 0, 2, 0x6006, 0)),
      { data: 'gss-tsig 1795832192 1795832193 3 NOERROR 2 YAY= 0' },
    ],
    [
      'TKEY',
      249,
      joined(name('gss-tsig'), u32(0), u32(0), u16(3, 17, 0, 1), bytes('ff')),
      { data: 'gss-tsig 0 0 3 BADKEY 0 1 /w==' },
    ],
    ['AVC', 258, string('app-name:WOLFGANG|app-class:OAM'), { data: 'app-name:WOLFGANG|app-class:OAM' }],
    [
      'DOA',
      259,
      joined(bytes('499602d2 499602d2 01'), string('image/gif'), bytes('474946')),
      { data: '1234567890 1234567890 1 "image/gif" R0lG' },
    ],
    ['DOA', 259, bytes('00000000 00000001 02 00'), { data: '0 1 2 "" -' }],
    ['AMTRELAY', 260, bytes('0a81 cb00710f'), { data: '10 1 1 203.0.113.15' }],
    ['AMTRELAY', 260, bytes(`0a02 20010db8${'0'.repeat(22)}15`), { data: '10 0 2 2001:db8::15' }],
    ['AMTRELAY', 260, joined(bytes('8083'), name('amtrelays.example')), { data: '128 1 3 amtrelays.example' }],
    ['AMTRELAY', 260, bytes('0000'), { data: '0 0 0 .' }],
    ['RESINFO', 261, joined(string('qnamemin'), string('exterr=15')), { data: 'qnamemin exterr=15' }],
    ['WALLET', 262, joined(string('ETH'), string('0x9')), { data: 'ETH 0x9' }],
    ['CLA', 263, string('TCP-v4'), { data: 'TCP-v4' }],
    ['TA', 32768, bytes('784b 01 01 310d'), { keyTag: '30795', algorithm: 'RSAMD5', digestType: 'SHA1', data: '310D' }],
    [
      'DLV',
      32769,
      bytes('784b 01 01 310d'),
      { keyTag: '30795', algorithm: 'RSAMD5', digestType: 'SHA1', data: '310D' },
    ],
    ['HINFO', 13, joined(string('Intel "x"'), string('a\\b')), { data: '"Intel \\"x\\"" "a\\\\b"' }],
  ])('%s', (type, number, rdata, expected) => {
    expect(decode(number, rdata)).toEqual({ type, ...expected });
  });

  it.each<[string, number, string]>([
    ['WKS that ends in its address', 11, 'c0000201'],
    ['WKS with a bit for more ports than anybody reads', 11, `c000020106${'ff'.repeat(1025)}`],
    ['PX with one name', 26, '000a 0161 00'],
    ['NXT with more types than fit', 30, `00${'7f'.repeat(17)}`],
    ['NXT of another form', 30, '00 80'],
    ['ATMA with a number that is none', 34, '01 3641'],
    ['A6 with a prefix longer than an address', 38, '81 00'],
    ['A6 without the name of its prefix', 38, '40 0000000000000001'],
    ['A6 with a name that has no use', 38, `00${'00'.repeat(16)}0161 00`],
    ['IPSECKEY with a gateway of an unknown kind', 45, '0a0402 c0000226'],
    ['IPSECKEY with half a gateway', 45, '0a0102 c000'],
    ['HIP with a key beyond the RDATA', 55, '0402 00ff 01020304 00'],
    ['HIP with half a name', 55, '0102 0001 aa bb 0361'],
    ['DSYNC without target', 66, '003b 01 14b4'],
    ['TKEY with a key beyond the RDATA', 249, '00 00000000 00000000 0003 0000 00ff 00'],
    ['TKEY with bytes behind', 249, '00 00000000 00000000 0003 0000 0000 0000 00'],
    ['DOA with a media type beyond the RDATA', 259, '00000000 00000001 02 05 61'],
    ['AMTRELAY with bytes behind its address', 260, '0a81 cb00710f 00'],
  ])('%s is shown as bytes', (_what, type, hex) => {
    const rdata = bytes(hex);
    expect(decode(type, rdata)).toMatchObject({ data: `\\# ${rdata.length} ${rdata.toString('hex')}` });
  });

  it('SVCB: what would read otherwise is quoted and escaped, as dig does', () => {
    const rdata = joined(
      u16(1),
      name('.'),
      u16(1, 8),
      string('h2'),
      string('h3,x'),
      u16(667, 3),
      Buffer.from('a b'),
      u16(668, 3),
      Buffer.from('a\\b'),
    );
    expect(decode(64, rdata)).toMatchObject({
      data: '1 . alpn="h2,h3\\\\,x" key667="a b" key668="a\\\\b"',
      svcParams: [
        ['alpn', ['h2', 'h3,x']],
        ['key667', 'a b'],
        ['key668', 'a\\b'],
      ],
    });
  });
});
