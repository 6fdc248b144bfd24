import { describe, expect, it } from 'vitest';
import { dns } from '../../../src/protocols/dns/index.ts';
import * as note from '../../../src/protocols/dns/notes.ts';
import type { FlowView } from '../../../src/protocols/flow-view.ts';
import { AnalyzerKit } from '../../kit/analyzer.ts';
import { a, bytes, framed, message, query, type RecordSpec, response, soa } from './build.ts';

const open = (flow: Partial<FlowView> = {}) => new AnalyzerKit(dns, {}, { transport: 'tcp', ...flow });

describe('DNS over TCP', () => {
  const questions = framed(query('a.example', 1, { id: 1 }), query('b.example', 1, { id: 2 }));
  const answers = framed(
    response('b.example', [a('192.0.2.2')], { id: 2 }),
    response('a.example', [a('192.0.2.1')], { id: 1 }),
  );
  const run = (step: number) => {
    const kit = open();
    kit.data(0, questions, step);
    kit.data(1, answers, step);
    return { records: kit.end(), held: kit.held };
  };
  it('messages come several in a segment; octets count the length before them', () => {
    expect(run(Number.POSITIVE_INFINITY).records.map((e) => e.record)).toMatchObject([
      { resource: 'b.example', status: 'OK', sourceBytes: 29, destinationBytes: 45 },
      { resource: 'a.example', status: 'OK', sourceBytes: 29, destinationBytes: 45 },
    ]);
  });
  it('however they are cut, the records are the same', () => {
    const whole = run(Number.POSITIVE_INFINITY);
    for (let step = 1; step <= answers.length; step++) expect(run(step)).toEqual(whole);
    expect(whole.held).toBe(0);
  });
  it('there is no note about sizes or EDNS', () => {
    const kit = open();
    kit.data(0, framed(query('a.example')));
    kit.data(
      1,
      framed(
        response(
          'a.example',
          Array.from({ length: 100 }, () => a('192.0.2.1')),
        ),
      ),
    );
    expect(kit.emitted[0].record).not.toHaveProperty('errorMessage');
  });
  it('a response that breaks off is published as far as it came', () => {
    const kit = open();
    kit.data(0, framed(query('a.example')));
    kit.data(1, framed(response('a.example', [a('192.0.2.1'), a('192.0.2.2')])).subarray(0, 50));
    kit.analyzer.finished?.(1);
    expect(kit.end().map((e) => e.record)).toMatchObject([
      { status: 'Error', answersCount: 1, cut: true, errorMessage: [`Response: ${note.INCOMPLETE}`] },
    ]);
    expect(kit.held).toBe(0);
  });
  it('after a gap within a frame it goes on behind it, wherever that is', () => {
    const long = framed(
      response(
        'a.example',
        Array.from({ length: 20 }, () => a('192.0.2.1')),
        { id: 1 },
      ),
    );
    const next = framed(response('b.example', [a('192.0.2.2')], { id: 2 }));
    // The gaps end within the frame, and with it; the last one takes a byte of the next.
    for (const [second, third, isFound] of [
      [100, 0, true],
      [100, 50, true],
      [100, long.length - 200, true],
      [long.length - 50, 0, true],
      [long.length - 49, 0, false],
    ] as const) {
      const kit = open();
      kit.data(0, questions);
      kit.data(1, long.subarray(0, 50));
      kit.gap(1, second);
      if (third > 0) {
        kit.data(1, long.subarray(150, 200));
        kit.gap(1, third);
      }
      const at = 50 + second + (third > 0 ? 50 + third : 0);
      kit.data(1, Buffer.concat([long, next]).subarray(at));
      const told = kit.end().map(({ record }) => [record.resource, record.status]);
      expect(told).toEqual([
        ['a.example', 'Error'],
        ['b.example', isFound ? 'OK' : 'Error'],
      ]);
    }
  });
  it('after a gap it goes on at the next frame', () => {
    const kit = open();
    kit.data(0, questions);
    expect(kit.analyzer.gap?.(1, 45)).toBe('continue');
    kit.data(1, bytes('01 02 03'));
    kit.data(1, framed(response('a.example', [a('192.0.2.1')], { id: 1 })));
    expect(kit.end().map((e) => e.record)).toMatchObject([
      { resource: 'a.example', status: 'OK' },
      { resource: 'b.example', errorMessage: [note.NO_RESPONSE] },
    ]);
    expect(kit.counts).toEqual({ gaps: 1, unmatchedRequests: 1 });
  });
  it('a length of zero closes the query that waits', () => {
    const kit = open();
    kit.data(0, framed(query('a.example')));
    kit.data(1, bytes('0000'));
    expect(kit.emitted.map((e) => e.record)).toMatchObject([
      { status: 'Error', errorMessage: [`Response: ${note.ZERO_LENGTH}`] },
    ]);
  });
  it('an announced length costs no memory', () => {
    const kit = open();
    kit.data(0, bytes('ffff 1234 0100 0001'));
    expect(kit.held).toBeLessThan(100);
    kit.end();
    expect(kit.held).toBe(0);
  });
  it('gives up where frames make no sense', () => {
    const kit = open();
    expect(kit.data(0, Buffer.alloc(100))).toBe('done');
  });
  it('is given back when it was another protocol', () => {
    const kit = open({ destinationPort: 4000 });
    expect(kit.data(0, bytes('0004 01020304'))).toBe('reject');
  });
});

describe('zone transfers', () => {
  const first = soa('example', 7);
  const part = (answers: readonly RecordSpec[], isFirst = false) =>
    message({ flags: 0x8400, questions: isFirst ? [{ name: 'example', type: 252 }] : [], answers });
  const axfr = framed(
    part([first, a('192.0.2.1', 'x.example')], true),
    part([a('192.0.2.2', 'y.example')]),
    part([a('192.0.2.3', 'z.example'), first]),
  );
  it('AXFR: all messages up to the second SOA are one transaction', () => {
    for (const step of [1, 7, Number.POSITIVE_INFINITY]) {
      const kit = open();
      kit.data(0, framed(query('example', 252)));
      kit.data(1, axfr, step);
      expect(kit.emitted.map((e) => e.record)).toMatchObject([
        {
          status: 'OK',
          questionType: 'AXFR',
          resource: 'example',
          answersCount: 5,
          messages: 3,
          destinationBytes: axfr.length,
          resolvedIp: ['192.0.2.1', '192.0.2.2', '192.0.2.3'],
        },
      ]);
      expect(kit.end()).toHaveLength(1);
      expect(kit.held).toBe(0);
    }
  });
  it('stays alive as long as messages come', () => {
    const kit = open();
    kit.data(0, framed(query('example', 252)));
    for (const message of [part([first], true), part([a('192.0.2.1', 'x.example')]), part([first])]) {
      kit.advance(6);
      kit.data(1, framed(message));
    }
    expect(kit.emitted.map((e) => e.record)).toMatchObject([{ status: 'OK', duration: 18e9, answersCount: 3 }]);
  });
  it('breaks off with a note', () => {
    const kit = open();
    kit.data(0, framed(query('example', 252)));
    kit.data(1, framed(part([first], true)));
    expect(kit.end().map((e) => e.record)).toMatchObject([
      {
        status: 'Error',
        messageType: 'answer',
        responseCode: 'NOERROR',
        answersCount: 1,
        errorMessage: [`Response: ${note.INCOMPLETE}`],
      },
    ]);
  });
  it('counts all answers and lists the first thousand', () => {
    const kit = open();
    kit.data(0, framed(query('example', 252)));
    kit.data(1, framed(part([first], true)));
    for (let i = 0; i < 15; i++)
      kit.data(1, framed(part(Array.from({ length: 100 }, () => a('192.0.2.1', 'x.example')))));
    kit.data(1, framed(part([first])));
    const { answers, ...record } = kit.emitted[0].record as { answers: unknown[] };
    expect(answers).toHaveLength(1000);
    expect(record).toMatchObject({ answersCount: 1502, answersOmitted: 502 });
  });
  it('is refused in one message', () => {
    const kit = open();
    kit.data(0, framed(query('example', 252)));
    kit.data(1, framed(message({ flags: 0x8005, questions: [{ name: 'example', type: 252 }] })));
    expect(kit.emitted.map((e) => e.record)).toMatchObject([{ status: 'Error', responseCode: 'REFUSED' }]);
    expect(kit.emitted[0].record).not.toHaveProperty('answers');
  });
  const ixfr = (known: number) => framed(query('example', 251, { authorities: [soa('example', known)] }));
  it('IXFR: ends where the new SOA comes the third time', () => {
    const kit = open();
    kit.data(0, ixfr(5));
    kit.data(
      1,
      framed(
        part([soa('example', 7), soa('example', 5)], false),
        part([a('192.0.2.1', 'x.example'), soa('example', 7)]),
      ),
    );
    expect(kit.emitted).toHaveLength(0);
    kit.data(1, framed(part([a('192.0.2.2', 'x.example'), soa('example', 7)])));
    expect(kit.emitted.map((e) => e.record)).toMatchObject([{ status: 'OK', answersCount: 6, messages: 3 }]);
  });
  it('IXFR: one SOA that the client has is the whole answer', () => {
    const kit = open();
    kit.data(0, ixfr(7));
    kit.data(1, framed(part([soa('example', 7)])));
    expect(kit.emitted.map((e) => e.record)).toMatchObject([{ status: 'OK', answersCount: 1, messages: 1 }]);
  });
});
