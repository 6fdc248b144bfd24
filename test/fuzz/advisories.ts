// Inputs that broke parsers elsewhere: one or more for each class of fault that advisories and fuzzers have found in programs like ours,
// made here. Every protocol must survive every one of them; where the protocol is ours, the record must also say what is right.

import { gzipSync } from 'node:zlib';
import { message as dhcp, type as dhcpType, END, option } from '../protocols/dhcpv4/build.ts';
import {
  certificate,
  certificates,
  extension,
  HELLO,
  serverHello,
  record as tlsRecord,
  u24,
} from '../protocols/tls/build.ts';
import { type Exchange, exchange } from './kit/exchange.ts';

export interface Advisory {
  /** The name in the registry; those that are not there yet are tried on all others. */
  readonly protocol: string;
  readonly name: string;
  readonly exchange: Exchange;
  /** What the outcome must say, and must not. */
  readonly says?: RegExp;
  readonly saysNot?: RegExp;
}

const text = (words: string) => new Uint8Array(Buffer.from(words, 'latin1'));
const hex = (words: string) => new Uint8Array(Buffer.from(words.replaceAll(' ', ''), 'hex'));
const join = (...parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts));
const times = (n: number, words: Uint8Array) => join(...new Array<Uint8Array>(n).fill(words));
const udp = (protocol: string, name: string, ...steps: Uint8Array[]): Advisory => ({
  protocol,
  name,
  exchange: exchange('udp', ...steps.map((bytes, i) => [(i % 2) as 0 | 1, bytes] as const)),
});
const tcp = (protocol: string, name: string, ...steps: Uint8Array[]): Advisory => ({
  ...udp(protocol, name, ...steps),
  exchange: exchange('tcp', ...steps.map((bytes, i) => [(i % 2) as 0 | 1, bytes] as const)),
});
const GET = text('GET / HTTP/1.1\r\nHost: h\r\n\r\n');

export const ADVISORIES: readonly Advisory[] = [
  // DNS: RFC 9267
  {
    ...udp('dns', 'a pointer to itself', hex('1234 8180 0001 0000 0000 0000 c00c 0001 0001')),
    saysNot: /"name":"[^"]{256}/,
  },
  udp('dns', 'a pointer forward', hex('1234 8180 0001 0000 0000 0000 c0ff 0001 0001')),
  {
    ...udp('dns', '65,535 answers declared, none sent', hex('1234 8180 0000 ffff ffff ffff')),
    saysNot: /"answers":\[\{/,
  },
  udp(
    'dns',
    'a name of labels beyond 255',
    hex('1234 0100 0001 0000 0000 0000'),
    join(times(40, hex('07 61626364656667')), hex('00 0001 0001')),
  ),
  udp(
    'dns',
    'a TXT string past its RDLENGTH',
    hex('1234 8180 0001 0001 0000 0000 0161 00 0010 0001 c00c 0010 0001 00000001 0004 ff616263'),
  ),
  // HTTP/1
  {
    ...tcp(
      'http',
      'headers named like properties of objects',
      text('GET / HTTP/1.1\r\nHost: h\r\n__proto__: x\r\nconstructor: y\r\ntoString: z\r\n\r\n'),
      text('HTTP/1.1 200 OK\r\n__proto__: x\r\nContent-Length: 0\r\n\r\n'),
    ),
    says: /"status_code":200/,
  },
  tcp(
    'http',
    'a chunk size that wraps',
    text('POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\nx'),
  ),
  {
    ...tcp(
      'http',
      'two framings in one message',
      text('POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n'),
    ),
    says: /ambiguous=/,
  },
  tcp(
    'http',
    'a thousand layers of encoding',
    GET,
    text(`HTTP/1.1 200 OK\r\nContent-Encoding: ${'gzip, '.repeat(1000)}gzip\r\nContent-Length: 2\r\n\r\nxx`),
  ),
  tcp(
    'http',
    'a bomb of zeros',
    GET,
    join(
      text(`HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n`),
      gzipSync(Buffer.alloc(4 << 20)),
    ),
  ),
  tcp('http', 'blanks before the end of a line', text(`GET / HTTP/1.1\r\nA: ${' '.repeat(60_000)}\r\n\r\n`)),
  tcp('http', 'requests without end in one segment', times(400, GET)),
  // HTTP/2
  tcp(
    'h2',
    'CONTINUATION frames of one byte',
    join(
      text('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
      hex('000001 01 00 00000001 82'),
      times(5000, hex('000001 09 00 00000001 00')),
    ),
  ),
  tcp(
    'h2',
    'DATA and WINDOW_UPDATE on stream 0',
    join(text('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), hex('000001 00 00 00000000 00 000004 08 00 00000000 7fffffff')),
  ),
  // TLS and X.509
  {
    ...tcp('tls', 'a handshake message of 16 MiB', tlsRecord(22, Buffer.from([1]), u24(0xffffff), hex('0303 010203'))),
    says: /The end of the ClientHello is missing/,
  },
  {
    ...tcp(
      'tls',
      'ASN.1 nested ten thousand times',
      tlsRecord(22, HELLO),
      join(tlsRecord(22, serverHello()), chunked(certificates(times(10_000, hex('3080'))))),
    ),
    says: /certificate cannot be read/,
  },
  {
    ...tcp(
      'tls',
      'a name that wants to be two',
      tlsRecord(22, HELLO),
      tlsRecord(22, serverHello(), certificates(certificate({ names: ['a.example, DNS:evil.example'] }))),
    ),
    says: /"a\.example, DNS:evil\.example"/,
  },
  tcp(
    'tls',
    'a length of a length',
    tlsRecord(22, HELLO),
    tlsRecord(22, serverHello(), certificates(hex('30 84 ffffffff 30 88 ffffffffffffffff'))),
  ),
  tcp(
    'tls',
    'extensions of no length, thousands',
    tlsRecord(22, Buffer.concat([Buffer.from([1]), u24(8000), times(2000, extension(0xfafa))])),
  ),
  // DHCP
  {
    ...udp(
      'dhcpv4',
      'sname and file that say so again and again',
      dhcp(
        { sname: [...option(52, 3), ...option(12, 97), 255], file: [...option(52, 3), 255] },
        dhcpType(1),
        option(52, 3),
        END,
      ),
    ),
    says: /"hostname":"a"/,
  },
  udp('dhcpv4', 'a hardware address of 255 bytes', dhcp({ hlen: 255 }, dhcpType(1), END)),
  udp('dhcpv4', 'an option past the end, and no end', dhcp({}, dhcpType(1), [12, 200, 97])),
  udp('dhcpv6', 'relays in relays', times(200, hex(`0c00${'00'.repeat(32)}0009ffff`))),
  // ICMP
  {
    ...udp('icmp', 'an unreachable with four bytes inside', hex('0301 0000 00000000 45000014')),
    exchange: exchange('icmp', [1, hex('0301 0000 00000000 45000014')]),
  },
  {
    ...udp('icmp', 'a neighbour option of length 0', hex('00')),
    exchange: exchange('icmpv6', [0, hex(`8700 0000 00000000 ${'fe80'.padEnd(32, '0')} 0100 000000000000`)]),
  },
  {
    ...udp('icmp', 'an extension longer than the message', hex('00')),
    exchange: exchange('icmp', [
      1,
      hex(`0b00 0000 00110000 4500001400000000 40110000 7f000001 7f000001 ${'00'.repeat(48)} 2000 0000 ffff 0101`),
    ]),
  },
  // Protocols to come: each must be refused, or read, by whoever is asked
  tcp(
    'amqp',
    'a frame of 4 GiB',
    join(text('AMQP\0\0\x09\x01'), hex('01 0000 ffffffff 000a000a')),
    times(5000, hex('0146')),
  ),
  tcp(
    'cassandra',
    'a map of two thousand million, a negative length',
    hex('04 00 0000 01 00000004 7fffffff'),
    hex('84 00 0000 08 00000004 fffffffd'),
  ),
  tcp('mysql', 'a number of eight bytes', hex('0a000001 fe ffffffffffffffff 00'), hex('010000 00 ff ffff')),
  tcp(
    'pgsql',
    'a row of length 3, a name that is code',
    hex('51 00000004'),
    join(hex('44 00000003 54 0000002000 01'), text(`\\'/*",\0`)),
  ),
  tcp(
    'redis',
    'arrays in arrays, a number of a million digits',
    times(10_000, text('*1\r\n')),
    text(`(${'9'.repeat(100_000)}\r\n`),
  ),
  tcp(
    'thrift',
    'a list of two thousand million, structs in structs',
    hex('80010001 00000001 61 00000000 0f0001 0a 7fffffff'),
    times(10_000, hex('0c0001')),
  ),
  tcp(
    'mongodb',
    'documents in documents, a key named __proto__',
    join(hex('ffffff7f 00000001 00000000 dd070000 00000000 00'), times(5000, hex('20000000 03 6100'))),
    text('\x02__proto__\0\x02\0\0\0x\0\0'),
  ),
  tcp(
    'memcache',
    'a key longer than the body, a value of minus one',
    hex('80 00 ffff 00 00 0000 00000000 00000000 0000000000000000'),
    text('set k 0 0 99999999999\r\n'),
  ),
  tcp(
    'nfs',
    'a record of two GiB',
    hex('7fffffff 00000001 00000000 00000002 000186a3'),
    hex('80000018 00000001 00000001 00000000 00000000 ffffffff 00000009'),
  ),
  udp('sip', 'blanks before the end of a line', text(`INVITE sip:a@b SIP/2.0\r\nVia: ${' '.repeat(60_000)}\r\n\r\n`)),
  udp(
    'sip',
    'ten thousand media lines',
    text(`INVITE sip:a@b SIP/2.0\r\nContent-Type: application/sdp\r\n\r\n${'m=a 1 RTP 0\r\n'.repeat(4000)}`),
  ),
  tcp('kafka', 'snappy that makes four GiB of six bytes', hex('00000010 00000000 ffffffff0f 00')),
  tcp('kafka', 'snappy that never ends', hex('0004 0000 644e ffffffff ffffffff ffffff')),
];

/** Certificates longer than a record go into several. */
function chunked(message: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < message.length; at += 16_000) parts.push(tlsRecord(22, message.subarray(at, at + 16_000)));
  return join(...parts);
}

/** Captures that broke readers: pcapng blocks, clocks, lengths. */
export const BROKEN_CAPTURES: readonly (readonly [name: string, file: Uint8Array])[] = [
  [
    'pcapng: a block of length 12',
    hex('0a0d0d0a 1c000000 4d3c2b1a 01000000 ffffffffffffffff 1c000000 06000000 0c000000 0c000000'),
  ],
  [
    'pcapng: a block of length 0',
    hex('0a0d0d0a 1c000000 4d3c2b1a 01000000 ffffffffffffffff 1c000000 06000000 00000000 00000000'),
  ],
  [
    'pcapng: a clock of 2^-127',
    hex(
      '0a0d0d0a 1c000000 4d3c2b1a 01000000 ffffffffffffffff 1c000000 01000000 20000000 01000000 00000000 0900 0100 ff000000 00000000 20000000',
    ),
  ],
  [
    'pcapng: a packet of an interface that is not there',
    hex(
      '0a0d0d0a 1c000000 4d3c2b1a 01000000 ffffffffffffffff 1c000000 06000000 20000000 ffffffff 00000000 00000000 00000000 00000000 20000000',
    ),
  ],
  [
    'pcapng: a captured length of 4 GiB',
    hex(
      '0a0d0d0a 1c000000 4d3c2b1a 01000000 ffffffffffffffff 1c000000 01000000 14000000 01000000 00000000 14000000 06000000 20000000 00000000 00000000 00000000 ffffffff ffffffff 20000000',
    ),
  ],
  [
    'pcapng: a section of the other byte order',
    hex(
      '0a0d0d0a 1c000000 4d3c2b1a 01000000 ffffffffffffffff 1c000000 0a0d0d0a 0000001c 1a2b3c4d 00010000 ffffffffffffffff 0000001c',
    ),
  ],
  [
    'pcap: a captured length of 4 GiB',
    hex('d4c3b2a1 02000400 00000000 00000000 ffff0000 01000000 00000000 00000000 ffffffff ffffffff'),
  ],
];
