import { describe, expect, it } from 'vitest';
import { dns } from '../../../src/protocols/dns/index.ts';
import * as note from '../../../src/protocols/dns/notes.ts';
import type { FlowView } from '../../../src/protocols/flow-view.ts';
import { Address } from '../../../src/records/address.ts';
import { AnalyzerKit } from '../../kit/analyzer.ts';
import { a, bytes, message, name, opt, query, RESPONSE, response, string, TO_QUESTION, u16 } from './build.ts';

const open = (options: Record<string, unknown> = {}, flow: Partial<FlowView> = {}) =>
  new AnalyzerKit(dns, options as never, flow);
const to = (port: number, address?: Address): Partial<FlowView> => ({
  destinationPort: port,
  ...(address === undefined ? {} : { destination: address }),
});
const records = (kit: AnalyzerKit<never>) => kit.emitted.map((e) => e.record);

describe('a query and its response', () => {
  const kit = open();
  kit.message(0, query('www.Example.co.uk'));
  kit.nanos = 1_500_000;
  kit.message(1, response('www.Example.co.uk', [a('192.0.2.1'), a('192.0.2.2')]));
  const [{ type, from, record }] = kit.end();

  it('are one record whose source asked', () => {
    expect(kit.emitted).toHaveLength(1);
    expect([type, from]).toEqual(['dns', 0]);
  });
  it('with the times, octets and status of both', () => {
    expect(record).toMatchObject({
      startSeconds: 1_700_000_000,
      startNanos: 0,
      endSeconds: 1_700_000_000,
      endNanos: 1_500_000,
      duration: 1_500_000,
      status: 'OK',
      sourceBytes: 35,
      destinationBytes: 67,
      networkBytes: 102,
      protocol: 'dns',
    });
    expect(record).not.toHaveProperty('errorMessage');
  });
  it('with the question in words and in parts, letters as they were', () => {
    expect(record).toMatchObject({
      method: 'QUERY',
      query: 'class IN, type A, www.Example.co.uk',
      resource: 'www.Example.co.uk',
      questionName: 'www.Example.co.uk',
      questionType: 'A',
      questionClass: 'IN',
      registeredDomain: 'Example.co.uk',
      topLevelDomain: 'co.uk',
      subdomain: 'www',
    });
  });
  it('with the header', () => {
    expect(record).toMatchObject({
      id: 0x1234,
      opCode: 'QUERY',
      messageType: 'answer',
      responseCode: 'NOERROR',
      headerFlags: ['RD', 'RA'],
      authoritative: false,
      truncatedResponse: false,
      recursionDesired: true,
      recursionAvailable: true,
      authenticData: false,
      checkingDisabled: false,
    });
  });
  it('with the answers', () => {
    expect(record).toMatchObject({
      answersCount: 2,
      answers: [
        { name: 'www.Example.co.uk', type: 'A', class: 'IN', ttl: '300', data: '192.0.2.1' },
        { name: 'www.Example.co.uk', type: 'A', class: 'IN', ttl: '300', data: '192.0.2.2' },
      ],
      resolvedIp: ['192.0.2.1', '192.0.2.2'],
      relatedIp: ['10.0.0.1', '10.0.0.2', '192.0.2.1', '192.0.2.2'],
      authoritiesCount: 0,
      additionalsCount: 0,
    });
  });
});

describe('pairing', () => {
  it('NXDOMAIN is an error', () => {
    const kit = open();
    kit.message(0, query('no.example'));
    kit.message(1, response('no.example', [], { flags: RESPONSE | 3 }));
    expect(records(kit)).toMatchObject([{ responseCode: 'NXDOMAIN', status: 'Error' }]);
    expect(kit.emitted[0].record).not.toHaveProperty('errorMessage');
  });
  it('goes by id, whatever the order', () => {
    const kit = open();
    for (let id = 0; id < 30; id++) kit.message(0, query(`q${id}.example`, 1, { id }));
    for (let id = 29; id >= 0; id--) kit.message(1, response(`q${id}.example`, [], { id }));
    expect(records(kit).map((r) => r.resource)).toEqual(Array.from({ length: 30 }, (_, i) => `q${29 - i}.example`));
    expect(kit.end()).toHaveLength(30);
    expect(kit.counts).toEqual({});
    expect(kit.held).toBe(0);
  });
  it('goes by id and question when the id is in use twice', () => {
    const kit = open();
    kit.message(0, query('a.example', 1));
    kit.message(0, query('a.example', 28));
    kit.nanos = 5;
    kit.message(1, response('a.example', [], { type: 1, questions: [{ name: 'a.example', type: 28 }] }));
    kit.message(1, response('a.example', []));
    expect(records(kit)).toMatchObject([
      { questionType: 'AAAA', status: 'OK' },
      { questionType: 'A', status: 'OK' },
    ]);
  });
  it('both sides may ask', () => {
    const kit = open();
    kit.message(1, query('a.example'));
    kit.message(0, query('b.example'));
    kit.message(0, response('a.example', []));
    expect(kit.emitted).toMatchObject([{ from: 1, record: { resource: 'a.example', status: 'OK' } }]);
  });
  it('the same question again closes the first one', () => {
    const kit = open();
    kit.message(0, query('a.example'));
    kit.message(0, query('a.example'));
    kit.message(1, response('a.example', []));
    expect(records(kit)).toMatchObject([
      { status: 'Error', messageType: 'query', errorMessage: [note.DUPLICATE_QUERY] },
      { status: 'OK', messageType: 'answer' },
    ]);
    expect(kit.counts).toEqual({ duplicateRequests: 1 });
  });
  it('many different questions under one id stay bounded', () => {
    const kit = open();
    for (let i = 0; i < 100; i++) kit.message(0, query(`q${i}.example`));
    expect(kit.counts.ambiguous).toBe(92);
    expect(kit.end()).toHaveLength(100);
  });
  it('a response alone is published at once, its receiver as the source', () => {
    const kit = open();
    kit.message(1, response('a.example', []));
    expect(kit.emitted).toMatchObject([
      {
        from: 0,
        record: { status: 'Error', errorMessage: [note.ORPHANED_RESPONSE], destinationBytes: 27, networkBytes: 27 },
      },
    ]);
    expect(kit.emitted[0].record).not.toHaveProperty('sourceBytes');
    expect(kit.emitted[0].record).not.toHaveProperty('duration');
    expect(kit.counts).toEqual({ unmatchedResponses: 1 });
  });
  it('a query expires by packet time', () => {
    const kit = open({ transaction_timeout: '2s' });
    kit.message(0, query('a.example'));
    kit.advance(1);
    kit.message(0, query('b.example', 1, { id: 2 }));
    kit.advance(1);
    expect(records(kit)).toMatchObject([{ resource: 'a.example', status: 'Error', errorMessage: [note.NO_RESPONSE] }]);
    expect(kit.emitted[0].record).not.toHaveProperty('endSeconds');
    kit.advance(1);
    expect(records(kit)).toHaveLength(2);
    expect(kit.counts).toEqual({ unmatchedRequests: 2 });
  });
  it('what came too late has lost its query, even when nobody rang the bell', () => {
    const kit = open();
    kit.message(0, query('a.example'));
    kit.seconds += 10;
    kit.message(1, response('a.example', []));
    expect(records(kit)).toMatchObject([
      { errorMessage: [note.NO_RESPONSE] },
      { errorMessage: [note.ORPHANED_RESPONSE] },
    ]);
  });
  it('the end publishes what waits, oldest first', () => {
    const kit = open();
    kit.message(0, query('a.example', 1, { id: 2 }));
    kit.message(0, query('b.example', 1, { id: 1 }));
    expect(kit.end().map((e) => e.record.resource)).toEqual(['a.example', 'b.example']);
    expect(kit.held).toBe(0);
  });
  it('at the memory limit the oldest query gives way', () => {
    const kit = open();
    kit.message(0, query('a.example', 1, { id: 1 }));
    kit.holdLimit = 1;
    kit.message(0, query('b.example', 1, { id: 2 }));
    expect(records(kit)).toMatchObject([{ resource: 'a.example', errorMessage: [note.LIMIT_REACHED] }]);
    expect(kit.counts).toEqual({ limit: 1 });
  });
  it('a response without question gets the words of its query', () => {
    const kit = open();
    kit.message(0, query('a.example'));
    kit.message(1, message({ flags: 0x8001 }));
    expect(records(kit)).toMatchObject([{ resource: 'a.example', questionName: 'a.example', responseCode: 'FORMERR' }]);
  });
});

describe('sections and options', () => {
  const full = response('a.example', [], {
    authorities: [{ name: 'example', type: 2, rdata: name('ns.example') }],
    additionals: [a('192.0.2.53', 'ns.example'), opt()],
  });
  it('counts all sections, lists the answers', () => {
    const kit = open();
    kit.message(0, query('a.example', 1, { additionals: [opt()] }));
    kit.message(1, full);
    expect(records(kit)).toMatchObject([{ authoritiesCount: 1, additionalsCount: 1 }]);
    expect(kit.emitted[0].record).not.toHaveProperty('authorities');
    expect(kit.emitted[0].record).not.toHaveProperty('additionals');
  });
  it('lists the others when asked', () => {
    const kit = open({ include_authorities: true, include_additionals: true });
    kit.message(1, full);
    expect(records(kit)).toMatchObject([
      {
        authorities: [{ name: 'example', type: 'NS', data: 'ns.example' }],
        additionals: [{ name: 'ns.example', data: '192.0.2.53' }],
      },
    ]);
  });
  it('shows the messages in words when asked', () => {
    const kit = open({ send_request: true, send_response: true });
    kit.message(0, query('a.example'));
    kit.message(
      1,
      response('a.example', [{ name: TO_QUESTION, type: 15, rdata: Buffer.concat([u16(5), name('mx.example')]) }]),
    );
    expect(records(kit)).toMatchObject([
      {
        request: 'ID 4660; QR query; OPCODE QUERY; FLAGS rd; RCODE NOERROR; QUESTION class IN, type A, a.example',
        response:
          'ID 4660; QR response; OPCODE QUERY; FLAGS rd ra; RCODE NOERROR; QUESTION class IN, type A, a.example; ANSWER a.example: ttl 300, class IN, type MX, preference 5, mx.example',
      },
    ]);
  });
  it('lists all questions when there are several', () => {
    const kit = open();
    kit.message(
      1,
      message({
        flags: RESPONSE,
        questions: [
          { name: 'a.example', type: 1 },
          { name: 'b.example', type: 28 },
        ],
      }),
    );
    expect(records(kit)).toMatchObject([
      {
        questionName: 'a.example',
        questions: [
          { name: 'a.example', type: 'A' },
          { name: 'b.example', type: 'AAAA', class: 'IN' },
        ],
      },
    ]);
  });
  it('what one record has does not stay for the next', () => {
    const kit = open();
    kit.message(1, full);
    kit.message(
      1,
      message({
        flags: RESPONSE,
        questions: [
          { name: 'a.example', type: 1 },
          { name: 'b.example', type: 28 },
        ],
      }),
    );
    kit.message(1, response('c.example', []));
    const [, , last] = records(kit);
    for (const property of ['questions', 'optVersion', 'optUdpSize', 'answers', 'resolvedIp'])
      expect(last).not.toHaveProperty(property);
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
    expect(kit.emitted[0].record).toMatchObject({ optUdpSize: 512 });
    expect(kit.emitted[0].record).not.toHaveProperty('optCookie');
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
  });
  it('LLMNR: a query to the group, an answer from its own flow', () => {
    const asking = open({}, to(5355, new Address().setV6(0xff020000, 0, 0, 0x00010003)));
    asking.message(0, query('host', 1, { flags: 0 }));
    expect(asking.emitted).toMatchObject([{ record: { protocol: 'llmnr', status: 'OK' } }]);
    const answering = open({}, { sourcePort: 5355, destinationPort: 49152 });
    answering.message(0, response('host', [a('192.0.2.7')], { flags: 0x8000 }));
    expect(answering.emitted).toMatchObject([
      { from: 1, record: { protocol: 'llmnr', status: 'OK', resource: 'host' } },
    ]);
  });
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
    expect(records(kit)).toMatchObject([{ questionName: '__proto__', answers: [{ data: '__proto__' }] }]);
  });
});
