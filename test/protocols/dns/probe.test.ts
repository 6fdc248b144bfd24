import { describe, expect, it } from 'vitest';
import { dns } from '../../../src/protocols/dns/index.ts';
import { a, bytes, framed, message, query, response } from './build.ts';

const udp = (datagram: Uint8Array, hinted = false) => dns.probe(0, datagram, 0, datagram.length, hinted, 'udp');
const tcp = (stream: Uint8Array, hinted = false) => dns.probe(0, stream, 0, stream.length, hinted, 'tcp');
const netBiosName = Buffer.concat([Buffer.of(32), Buffer.from('CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'), Buffer.of(0)]);

describe('a datagram on any port', () => {
  it.each<[string, Uint8Array]>([
    ['a query', query('example.com')],
    ['a response', response('example.com', [a('192.0.2.1')])],
  ])('%s is DNS', (_what, datagram) => expect(udp(datagram)).toBe('yes'));

  it.each<[string, Uint8Array]>([
    ['a byte too many', Buffer.concat([query('example.com'), Buffer.of(0)])],
    ['a byte too few', query('example.com').subarray(0, -1)],
    ['an unknown type', query('example.com', 4000)],
    ['an unknown class', message({ questions: [{ name: 'example.com', type: 1, class: 77 }] })],
    ['no question', message({})],
    [
      'two questions',
      message({
        questions: [
          { name: 'a', type: 1 },
          { name: 'b', type: 1 },
        ],
      }),
    ],
    ['a query with answers', message({ questions: [{ name: 'a', type: 1 }], answers: [a('192.0.2.1')] })],
    ['a reserved bit', query('example.com', 1, { flags: 0x0140 })],
    ['an operation that does not exist', query('example.com', 1, { flags: 0x7800 })],
    ['NetBIOS, NB', message({ flags: 0x0110, questions: [{ name: netBiosName, type: 32 }] })],
    ['NetBIOS, NBSTAT', message({ flags: 0, questions: [{ name: netBiosName, type: 33 }] })],
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n\r\n')],
  ])('%s is not DNS', (_what, datagram) => expect(udp(datagram)).toBe('no'));
});

describe('on its own ports', () => {
  it('a sane header is enough', () => {
    expect(udp(message({ counts: [1, 65535, 0, 0], flags: 0x8180 }), true)).toBe('yes');
    expect(udp(query('example.com', 4000), true)).toBe('yes');
  });
  it('so is a whole message with a code that is not assigned', () => {
    for (const flags of [0x7900, 0x1900, 0xf984, 0x818d]) {
      const unassigned = query('example.com', 1, { flags });
      expect(udp(unassigned, true), `${flags}`).toBe('yes');
      expect(udp(unassigned, false), `${flags}`).toBe('no');
      expect(udp(unassigned.subarray(0, -1), true), `${flags}`).toBe('no');
      expect(tcp(framed(unassigned), true), `${flags}`).toBe('yes');
      expect(tcp(framed(unassigned), false), `${flags}`).toBe('no');
      expect(tcp(framed(unassigned).subarray(0, 20), true), `${flags}`).toBe('more');
    }
  });
  it('a header that makes no sense is not', () => {
    expect(udp(bytes('1234 7800 0001 0000 0000 0000'), true)).toBe('no');
    expect(udp(Buffer.from('GET / HTTP/1.1\r\n'), true)).toBe('no');
    expect(udp(bytes('1234'), true)).toBe('no');
  });
});

describe('a stream', () => {
  const stream = framed(query('example.com'));
  it('is asked again until the first message is whole', () => {
    for (let i = 0; i < stream.length; i++) expect(tcp(stream.subarray(0, i))).toBe('more');
    expect(tcp(stream)).toBe('yes');
  });
  it('on its own port it needs a header', () => {
    expect(tcp(stream.subarray(0, 13), true)).toBe('more');
    expect(tcp(stream.subarray(0, 14), true)).toBe('yes');
  });
  it.each([
    'GET / HTTP/1.1\r\nHost: example\r\n\r\n',
    'SSH-2.0-OpenSSH_9.2\r\n',
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03aaaaaaaa',
  ])('%j is not DNS', (text) => expect(tcp(Buffer.from(text, 'latin1'))).toBe('no'));
});
