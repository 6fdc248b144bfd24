// DNS beyond plain queries and answers: EDNS, other operations, multicast, and messages that are broken or cut.

import { describe, expect, it } from 'vitest';
import { dns } from '../../../src/protocols/dns/index.ts';
import * as note from '../../../src/protocols/dns/notes.ts';
import type { FlowView } from '../../../src/protocols/flow-view.ts';
import { Address } from '../../../src/records/address.ts';
import { AnalyzerKit } from '../../kit/analyzer.ts';
import { a, bytes, framed, message, opt, query, RESPONSE, response, string } from './build.ts';

const open = (options: Record<string, unknown> = {}, flow: Partial<FlowView> = {}) =>
  new AnalyzerKit(dns, options as never, flow);
const to = (port: number, address?: Address): Partial<FlowView> => ({
  destinationPort: port,
  ...(address === undefined ? {} : { destination: address }),
});
const records = (kit: AnalyzerKit<never>) => kit.emitted.map((e) => e.record);

describe('bytes behind the last record', () => {
  const behind = (...parts: Uint8Array[]) => Buffer.concat([...parts, Buffer.from('hidden')]);
  it('are counted, in the response or else in the query', () => {
    const kit = open();
    kit.message(0, behind(query('a.example')));
    kit.message(1, response('a.example', [a('192.0.2.1')]));
    kit.message(0, query('b.example'));
    kit.message(1, behind(response('b.example', [])));
    kit.message(0, query('c.example'));
    kit.message(1, response('c.example', []));
    expect(records(kit).map((record) => record.trailingOctets)).toEqual([6, 6, undefined]);
    expect(records(kit)).toMatchObject([{ status: 'OK' }, { status: 'OK' }, { status: 'OK' }]);
  });
  it('are what DNS stateful operations say', () => {
    const kit = open();
    kit.message(0, behind(message({ flags: 0x3000 })));
    expect(kit.end()[0].record).not.toHaveProperty('trailingOctets');
  });
});

describe('EDNS', () => {
  const answerWith = (additionals: Parameters<typeof opt>[0], ttl = 0) => {
    const kit = open();
    kit.message(0, query('a.example', 1, { additionals: [opt()] }));
    kit.message(1, response('a.example', [], { additionals: [opt(additionals, ttl)] }));
    return kit.emitted[0].record;
  };
  it('header: version, DO, size, the upper bits of the response code', () => {
    expect(answerWith([], 0x01_00_80_00)).toMatchObject({
      optVersion: '0',
      optDo: true,
      optUdpSize: 1232,
      optExtRcode: 'BADVERS',
      responseCode: 'BADVERS',
      headerFlags: ['RD', 'RA', 'DO'],
      status: 'Error',
    });
  });
  it.each<[string, number, string, object]>([
    ['cookie', 10, '0102030405060708', { optCookie: '0102030405060708' }],
    ['NSID', 3, '6e7331', { optNsid: '6e7331' }],
    ['client subnet, IPv4', 8, '0001 18 00 c00002', { optSubnet: '192.0.2.0/24/0' }],
    ['client subnet, IPv6', 8, '0002 20 18 20010db8', { optSubnet: '2001:db8::/32/24' }],
    ['algorithms', 5, '080d', { optDau: 'RSASHA256 ECDSAP256SHA256' }],
    ['DS hashes', 6, '0102', { optDhu: 'SHA1 SHA256' }],
    ['NSEC3 hashes', 7, '01', { optN3u: 'SHA1' }],
    ['expire', 9, '00000e10', { optExpire: 3600 }],
    ['keepalive', 11, '0064', { tcpKeepalive: 10 }],
    ['padding', 12, '00000000', { padding: 4 }],
    ['chain', 13, '076578616d706c6500', { chain: 'example' }],
    ['key tags', 14, '4f66', { keyTags: ['20326'] }],
    ['extended error', 15, '0012 6e6f', { extendedErrors: [{ infoCode: 18, purpose: 'Prohibited', extraText: 'no' }] }],
    ['long-lived query', 1, '0001 0001 0000 0000000000000007 00000e10', { optLlq: '1 1 0 7 3600' }],
    ['update lease', 2, '00000e10', { optUl: '3600' }],
    ['local', 65001, 'abcd', { optLocal: 'abcd' }],
    ['unknown', 4711, 'abcd', { otherOptions: [['4711', 'abcd']] }],
    ['a subnet that is too long', 8, '0001 18 00 c000020102', { otherOptions: [['8', '00011800c000020102']] }],
  ])('option: %s', (_what, code, hex, expected) => {
    expect(answerWith([[code, bytes(hex)]])).toMatchObject({ ...expected, status: 'OK' });
  });
  it('an option beyond the record ends the list', () => {
    const broken = { name: '.', type: 41, class: 512, rdata: bytes('000a 00ff 01') };
    const kit = open();
    kit.message(1, response('a.example', [], { additionals: [broken] }));
    kit.end();
    expect(kit.emitted[0].record).toMatchObject({ optUdpSize: 512, otherOptions: [['malformed', '000a00ff01']] });
    expect(kit.emitted[0].record).not.toHaveProperty('optCookie');
  });
  it('bytes that are no option are shown behind those that are', () => {
    const rdata = Buffer.concat([bytes('0003 0001 61'), bytes('1267 0001 ff'), bytes('000a 00')]);
    const kit = open();
    kit.message(1, response('a.example', [], { additionals: [{ name: '.', type: 41, class: 512, rdata }] }));
    kit.end();
    expect(kit.emitted[0].record).toMatchObject({
      optNsid: '61',
      otherOptions: [
        ['4711', 'ff'],
        ['malformed', '000a00'],
      ],
    });
  });
  it('is noted when only one side has it', () => {
    const kit = open();
    kit.message(0, query('a.example', 1, { additionals: [opt()] }));
    kit.message(1, response('a.example', []));
    kit.message(0, query('a.example'));
    kit.message(1, response('a.example', [], { additionals: [opt()] }));
    expect(records(kit)).toMatchObject([
      { status: 'OK', errorMessage: [note.EDNS_NOT_SUPPORTED] },
      { status: 'OK', errorMessage: [note.EDNS_UNEXPECTED] },
    ]);
  });
  it('is missed when a message has more than 512 octets, and only then', () => {
    const answers = Array.from({ length: 40 }, () => a('192.0.2.1'));
    const kit = open();
    kit.message(0, query('a.example'));
    kit.message(1, response('a.example', answers));
    kit.message(0, query('a.example', 1, { additionals: [opt()] }));
    kit.message(1, response('a.example', answers, { additionals: [opt()] }));
    expect(records(kit).map((r) => r.errorMessage)).toEqual([[`Response: ${note.TOO_LARGE}`], undefined]);
  });
});

describe('other operations', () => {
  it('UPDATE: the sections of the request under the names of RFC 2136', () => {
    const kit = open();
    kit.message(
      0,
      message({
        flags: 5 << 11,
        questions: [{ name: 'example.com', type: 6 }],
        answers: [{ name: 'x.example.com', type: 255, class: 255, ttl: 0, rdata: bytes('') }],
        authorities: [a('192.0.2.1', 'x.example.com')],
      }),
    );
    kit.message(1, message({ flags: 0x8000 | (5 << 11) }));
    expect(records(kit)).toMatchObject([
      {
        method: 'UPDATE',
        opCode: 'UPDATE',
        status: 'OK',
        resource: 'example.com',
        updateZone: 'example.com',
        prerequisites: [{ name: 'x.example.com', type: 'ANY', class: 'ANY', data: '' }],
        updates: [{ name: 'x.example.com', type: 'A', data: '192.0.2.1' }],
        answersCount: 0,
      },
    ]);
  });
  it('NOTIFY', () => {
    const kit = open();
    kit.message(0, query('example.com', 6, { flags: 4 << 11 }));
    kit.message(1, response('example.com', [], { type: 6, flags: 0x8000 | (4 << 11) }));
    expect(records(kit)).toMatchObject([{ method: 'NOTIFY', questionType: 'SOA', status: 'OK' }]);
  });
});

describe('multicast', () => {
  const mdns = () =>
    open({}, { sourcePort: 5353, destinationPort: 5353, destination: new Address().setV4(0xe00000fb) });
  it('a query is published at once and expects nothing', () => {
    const kit = mdns();
    kit.message(
      0,
      query('_http._tcp.local', 12, {
        id: 0,
        flags: 0,
        questions: [{ name: '_http._tcp.local', type: 12, class: 0x8001 }],
      }),
    );
    expect(kit.emitted).toMatchObject([
      {
        from: 0,
        record: {
          protocol: 'mdns',
          status: 'OK',
          messageType: 'query',
          questionClass: 'IN',
          unicastResponse: true,
          query: 'class IN, type PTR, _http._tcp.local',
        },
      },
    ]);
    expect(kit.end()).toHaveLength(1);
    expect(kit.counts).toEqual({});
  });
  it('an announcement is no error, and who announces is the source', () => {
    const kit = mdns();
    kit.message(0, message({ id: 0, flags: 0x8400, answers: [{ ...a('192.0.2.7', 'printer.local'), class: 0x8001 }] }));
    expect(kit.emitted).toMatchObject([
      {
        from: 0,
        record: {
          protocol: 'mdns',
          status: 'OK',
          messageType: 'answer',
          sourceBytes: 41,
          answers: [{ class: 'IN', cacheFlush: true, data: '192.0.2.7' }],
        },
      },
    ]);
    expect(kit.emitted[0].record).not.toHaveProperty('errorMessage');
    expect(kit.emitted[0].record).not.toHaveProperty('responseCode');
  });
  it.each([
    ['printer.local', 'mdns'],
    ['Local', 'mdns'],
    ['7.2.254.169.in-addr.arpa', 'mdns'],
    ['a.example', 'dns'],
    ['notlocal', 'dns'],
  ])('one host asks another on its port: for %s that is %s', (name, protocol) => {
    const kit = open({}, to(5353));
    kit.message(0, query(name, 1, { flags: 0 }));
    kit.message(1, response(name, [], { flags: 0x8403 }));
    expect(records(kit)).toMatchObject([
      { protocol, status: 'Error', messageType: 'answer', responseCode: 'NXDOMAIN' },
    ]);
  });
  it('over TCP it is DNS, whatever the port', () => {
    const kit = open({}, { ...to(5353), transport: 'tcp' });
    kit.data(0, framed(query('a.example')));
    kit.data(1, framed(response('a.example', [], { flags: RESPONSE | 3 })));
    expect(records(kit)).toMatchObject([{ protocol: 'dns', responseCode: 'NXDOMAIN' }]);
  });
  it('LLMNR: a query to the group, an answer from its own flow', () => {
    const asking = open({}, to(5355, new Address().setV6(0xff020000, 0, 0, 0x00010003)));
    asking.message(0, query('host', 1, { flags: 0 }));
    expect(asking.emitted).toMatchObject([{ record: { protocol: 'llmnr', status: 'OK' } }]);
    expect(asking.emitted[0].record).not.toHaveProperty('recursionDesired');
    const answering = open({}, { sourcePort: 5355, destinationPort: 49152 });
    answering.message(0, response('host', [a('192.0.2.7')], { flags: 0x8000 }));
    expect(answering.emitted).toMatchObject([
      { from: 1, record: { protocol: 'llmnr', status: 'OK', resource: 'host' } },
    ]);
  });
});

it('LLMNR has flags of its own where DNS has AA and RD (RFC 4795 section 2.1.1)', () => {
  const kit = open({}, { sourcePort: 5355, destinationPort: 49152 });
  kit.message(0, response('host', [], { flags: 0x8500 }));
  expect(records(kit)).toMatchObject([{ headerFlags: ['C', 'T'], truncatedResponse: false, responseCode: 'NOERROR' }]);
  for (const name of ['authoritative', 'recursionDesired', 'recursionAvailable'])
    expect(records(kit)[0]).not.toHaveProperty(name);
  // The next document is another's.
  const dnsKit = open();
  dnsKit.message(0, query('a.example'));
  dnsKit.message(1, response('a.example', []));
  expect(records(dnsKit)).toMatchObject([{ headerFlags: ['RD', 'RA'], authoritative: false, recursionDesired: true }]);
});

describe('broken and cut messages', () => {
  const broken = message({ flags: RESPONSE, questions: [{ name: 'a.example', type: 1 }], counts: [1, 3, 0, 0] });
  it('a broken response keeps what could be read, with its note and where it broke', () => {
    const kit = open();
    kit.message(0, query('a.example'));
    kit.message(1, broken);
    expect(records(kit)).toMatchObject([
      {
        status: 'Error',
        questionName: 'a.example',
        answersCount: 0,
        errorMessage: [`Response: ${note.NOT_DECODED}`],
        malformedAt: 27,
      },
    ]);
    expect(kit.counts).toEqual({ malformed: 1 });
  });
  it('a broken query still meets its FORMERR', () => {
    const kit = open();
    kit.message(0, message({ counts: [1, 0, 0, 0] }));
    kit.message(1, message({ flags: 0x8001 }));
    expect(records(kit)).toMatchObject([
      { status: 'Error', responseCode: 'FORMERR', errorMessage: [note.NOT_DECODED], malformedAt: 12 },
    ]);
  });
  it('on a port of its own choice it was not DNS', () => {
    const kit = open({}, to(4000));
    expect(kit.message(1, broken)).toBe('reject');
    expect(kit.emitted).toEqual([]);
  });
  it('65,535 answers in 12 bytes are none', () => {
    const kit = open();
    kit.message(1, message({ flags: RESPONSE, counts: [0, 65535, 0, 0] }));
    expect(records(kit)).toMatchObject([{ answersCount: 0, malformedAt: 12, status: 'Error' }]);
  });
  it('what the capture cut off is marked, not called broken', () => {
    const whole = response('a.example', [a('192.0.2.1'), a('192.0.2.2')]);
    const kit = open();
    kit.message(0, query('a.example'));
    kit.message(1, whole.subarray(0, 50), whole.length);
    expect(records(kit)).toMatchObject([{ status: 'OK', cut: true, answersCount: 1, destinationBytes: whole.length }]);
    expect(kit.emitted[0].record).not.toHaveProperty('errorMessage');
    expect(kit.counts).toEqual({ truncated: 1 });
  });
  it('bytes that are no DNS at all are counted', () => {
    const kit = open();
    expect(kit.message(0, Buffer.from('GET / HTTP/1.1\r\n'))).toBe('ok');
    expect(kit.message(0, Buffer.from('x'))).toBe('ok');
    expect(kit.end()).toEqual([]);
    expect(kit.counts).toEqual({ malformed: 2 });
  });
  it('__proto__ is a name', () => {
    const kit = open();
    kit.message(1, response('__proto__', [{ name: '__proto__', type: 16, rdata: string('__proto__') }]));
    kit.end();
    expect(records(kit)).toMatchObject([{ questionName: '__proto__', answers: [{ data: '__proto__' }] }]);
  });
});
