// Responses that the capture shows before their queries.

import { describe, expect, it } from 'vitest';
import { dns } from '../../../src/protocols/dns/index.ts';
import * as note from '../../../src/protocols/dns/notes.ts';
import { AnalyzerKit } from '../../kit/analyzer.ts';
import { a, message, query, response } from './build.ts';

const records = (kit: AnalyzerKit<never>) => kit.emitted.map((e) => e.record);
const ORPHAN = { errorMessage: [note.ORPHANED_RESPONSE], messageType: 'answer' };
const UNANSWERED = { errorMessage: [note.NO_RESPONSE], messageType: 'query' };

describe('a response that was captured before its query', () => {
  const kit = new AnalyzerKit(dns);
  kit.nanos = 500_000;
  kit.message(1, response('a.example', [a('192.0.2.1')]));
  kit.nanos = 900_000;
  kit.message(0, query('a.example'));

  it('is its answer, and took no time', () => {
    expect(kit.emitted).toMatchObject([
      {
        from: 0,
        record: {
          status: 'OK',
          messageType: 'answer',
          resolvedIp: ['192.0.2.1'],
          sourceBytes: 27,
          destinationBytes: 43,
          startNanos: 900_000,
          endNanos: 900_000,
          duration: 0,
        },
      },
    ]);
    expect(kit.emitted[0].record).not.toHaveProperty('errorMessage');
  });
  it('leaves nothing behind', () => {
    expect(kit.counts).toEqual({});
    expect([kit.held, kit.heldEarly]).toEqual([0, 0]);
    expect(kit.analyzer.isIdle).toBe(true);
    expect(kit.end()).toHaveLength(1);
  });
});

describe('responses that wait for their query', () => {
  const open = () => new AnalyzerKit(dns);
  it('wait ten milliseconds, across seconds too', () => {
    const kit = open();
    kit.nanos = 995_000_000;
    kit.message(1, response('a.example', []));
    kit.message(1, response('b.example', [], { id: 7 }));
    kit.seconds++;
    kit.nanos = 5_000_000;
    kit.message(0, query('a.example'));
    kit.nanos = 5_000_001;
    kit.message(0, query('b.example', 1, { id: 7 }));
    kit.end();
    expect(records(kit)).toMatchObject([
      { resource: 'a.example', status: 'OK' },
      { resource: 'b.example', ...ORPHAN, endNanos: 995_000_000 },
      { resource: 'b.example', ...UNANSWERED },
    ]);
    expect(kit.counts).toEqual({ unmatchedResponses: 1, unmatchedRequests: 1 });
  });
  it('go to the query with their id and question, and in the other direction', () => {
    const kit = open();
    kit.message(1, response('a.example', []));
    kit.message(0, query('a.example', 28));
    kit.message(0, query('a.example', 1, { id: 7 }));
    kit.message(1, query('a.example'));
    kit.message(0, query('A.example'));
    expect(records(kit)).toEqual([]);
    kit.message(0, query('a.example'));
    expect(records(kit)).toMatchObject([{ resource: 'a.example', questionType: 'A', status: 'OK' }]);
  });
  it('may repeat no question', () => {
    const kit = open();
    kit.message(1, message({ flags: 0x8005 }));
    kit.message(0, query('a.example'));
    expect(records(kit)).toMatchObject([{ resource: 'a.example', responseCode: 'REFUSED' }]);
  });
  it('are told when their time is over, though nothing else comes', () => {
    const kit = open();
    kit.message(1, response('a.example', []));
    expect(kit.analyzer.isIdle).toBe(false);
    kit.advance(1);
    expect(records(kit)).toMatchObject([ORPHAN]);
    expect(kit.analyzer.isIdle).toBe(true);
    expect([kit.held, kit.heldEarly]).toEqual([0, 0]);
  });
  it('are 64 at most', () => {
    const kit = open();
    for (let id = 0; id < 100; id++) kit.message(1, response('a.example', [], { id }));
    expect(records(kit).map(({ id }) => id)).toEqual(Array.from({ length: 35 }, (_, id) => id));
    expect(kit.end()).toHaveLength(100);
    expect(kit.counts).toEqual({ unmatchedResponses: 100 });
  });
  it('are told at once where there is no room', () => {
    const kit = open();
    kit.earlyLimit = 100;
    kit.message(1, response('a.example', []));
    expect(records(kit)).toMatchObject([ORPHAN]);
    expect([kit.held, kit.heldEarly]).toEqual([0, 0]);
  });
  it('do not make a query wait that expires meanwhile', () => {
    const kit = new AnalyzerKit(dns, { transaction_timeout: '2s' } as never);
    kit.message(0, query('a.example', 1, { id: 7 }));
    kit.message(1, response('b.example', []));
    kit.advance(1);
    expect(records(kit)).toMatchObject([ORPHAN]);
    kit.advance(1);
    expect(records(kit)).toMatchObject([ORPHAN, UNANSWERED]);
  });
});

it('times that go back make no duration negative', () => {
  const kit = new AnalyzerKit(dns);
  kit.nanos = 500;
  kit.message(0, query('a.example'));
  kit.nanos = 300;
  kit.message(1, response('a.example', []));
  kit.nanos = 900;
  kit.message(1, response('b.example', []));
  kit.nanos = 700;
  kit.message(0, query('b.example'));
  expect(records(kit)).toMatchObject([
    { resource: 'a.example', startNanos: 500, endNanos: 500, duration: 0 },
    { resource: 'b.example', startNanos: 700, endNanos: 900, duration: 200 },
  ]);
  kit.message(1, response('c.example', []));
  kit.seconds -= 10;
  kit.message(0, query('c.example'));
  expect(kit.emitted).toHaveLength(2);
});
