// Queries, their responses, how they are paired, and what the sections of a message give.

import { describe, expect, it } from 'vitest';
import { dns } from '../../../src/protocols/dns/index.ts';
import * as note from '../../../src/protocols/dns/notes.ts';
import type { FlowView } from '../../../src/protocols/flow-view.ts';
import { AnalyzerKit } from '../../kit/analyzer.ts';
import { a, message, name, opt, query, RESPONSE, response, TO_QUESTION, u16 } from './build.ts';

const open = (options: Record<string, unknown> = {}, flow: Partial<FlowView> = {}) =>
  new AnalyzerKit(dns, options as never, flow);
const records = (kit: AnalyzerKit<never>) => kit.emitted.map((e) => e.record);

describe('operations and response codes that are not assigned', () => {
  it('have their numbers for names on a port of DNS', () => {
    const kit = open();
    kit.message(0, query('example.com', 1, { flags: 0x7900 }));
    kit.message(1, query('example.com', 1, { flags: 0xf98d }));
    expect(records(kit)).toMatchObject([
      { opCode: '15', method: '15', responseCode: '13', questionName: 'example.com', status: 'Error' },
    ]);
  });
  it('are refused without the question, as BIND does', () => {
    const refusal = (id: number, flags = 0xf804) => message({ id, flags, questions: [], additionals: [opt()] });
    const kit = open();
    kit.message(0, query('example.com', 1, { id: 7, flags: 0x7920 }));
    // Nobody asked under this id, and nobody asked for this operation.
    kit.message(1, refusal(8));
    kit.message(1, refusal(7, 0xf004));
    expect(records(kit)).toEqual([]);
    expect(kit.counts.malformed).toBe(2);
    kit.message(1, refusal(7));
    expect(records(kit)).toMatchObject([{ opCode: '15', responseCode: 'NOTIMP', questionName: 'example.com' }]);
  });
});

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
  it('a response alone is published, its receiver as the source', () => {
    const kit = open();
    kit.message(1, response('a.example', []));
    kit.advance(1);
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
  it('a query that nobody answered has no response code', () => {
    const kit = open();
    kit.message(0, query('a.example', 1, { additionals: [opt()] }));
    kit.message(0, query('b.example', 1, { id: 2 }));
    kit.message(1, response('b.example', [], { id: 2, additionals: [opt()] }));
    const [answered, unanswered] = kit.end().map((e) => e.record);
    expect(answered).toMatchObject({ messageType: 'answer', responseCode: 'NOERROR', optExtRcode: 'NOERROR' });
    expect(unanswered).toMatchObject({ messageType: 'query', optUdpSize: 1232 });
    expect(unanswered).not.toHaveProperty('responseCode');
    expect(unanswered).not.toHaveProperty('optExtRcode');
  });
  it('what came too late has lost its query, even when nobody rang the bell', () => {
    const kit = open();
    kit.message(0, query('a.example'));
    kit.seconds += 10;
    kit.message(1, response('a.example', []));
    kit.end();
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
    kit.end();
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
    kit.end();
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
    kit.end();
    const [, , last] = records(kit);
    for (const property of ['questions', 'optVersion', 'optUdpSize', 'answers', 'resolvedIp'])
      expect(last).not.toHaveProperty(property);
  });
});
