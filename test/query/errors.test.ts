// What somebody sees who mistyped, and that no text whatsoever does more than that.

import { describe, expect, it } from 'vitest';
import {
  ConditionError,
  compileCondition,
  createVocabulary,
  parseCondition,
  planQuery,
} from '../../src/query/query.ts';
import fc, { anyCharacter, often } from '../kit/arbitrary.ts';
import { TYPES } from './fixture.ts';

const vocabulary = createVocabulary(TYPES, { lists: new Map([['internal', ['10.0.0.0/8']]]), nowNs: 0n, isUtc: true });

function errorOf(text: string): ConditionError {
  try {
    parseCondition(text, vocabulary);
  } catch (error) {
    if (error instanceof ConditionError) return error;
    throw error;
  }
  throw new Error(`no error: ${text}`);
}

describe('errors', () => {
  it.each([
    'dprt = 443',
    'dport = 44a',
    'dport = ',
    'dport = 443 proto = tcp',
    'duration > 200',
    'dport = 200ms',
    'sip = 10.0.0.256',
    'sip < 10.0.0.1',
    'host in $nope',
    '(dport = 443',
    'dport = 443)',
    '(dport = 443]',
    '443',
    'port 80 or 443',
    'url.path = /a*',
    'url.path matches /(?=a)b/',
    'url.path matches /a(b/',
    'url.path ~ "(a)\\1"',
    'url.path matches /a',
    'dport in {80, 443',
    'dport in {}',
    'sip = "10.0.0.1',
    'time > yesterday',
    'flow.final = maybe',
    'status_cod >= 500',
    'network.community_id = "1:abc"',
    'http.request.headers = x',
    'tags: (a and b)',
    'status: (a and b)',
    'dns and',
    'proto = foo',
    'proto = tpc',
    'proto = 256',
    'proto in {tcp, uddp}',
    'dns and proto = foo',
    'proto > 5',
    'proto between 1 and 17',
    'dir = foo',
    'not dir: (in or oot)',
    'dir < in',
    'network.direction = in',
    'network.type = ipv5',
    'status = error',
    'tpc and dport = 53',
    '',
    'sip = \u001b[31m',
  ])('%s', (text) => expect(errorOf(text).rendered).toMatchSnapshot());

  it('brackets may stand 64 deep', () => {
    expect(parseCondition(`${'('.repeat(64)}tcp${')'.repeat(64)}`, vocabulary)).toMatchObject({ kind: 'transport' });
    expect(errorOf(`${'('.repeat(65)}tcp${')'.repeat(65)}`).reason).toBe('more than 64 brackets inside each other');
    expect(errorOf('('.repeat(60_000)).reason).toBe('more than 64 brackets inside each other');
    expect(parseCondition(`${'!'.repeat(60_001)}tcp`, vocabulary)).toMatchObject({ kind: 'not' });
    expect(errorOf('tcp&'.repeat(16_000)).reason).toBe('more than 500 tests');
    expect(errorOf('x'.repeat(70_000)).reason).toMatch(/at most/);
  });

  it('a field of another type names the types', () => {
    expect(() => planQuery({ columns: 'dns.id', condition: 'http' }, vocabulary)).toThrow(
      'http records have no dns.id',
    );
    expect(() => planQuery({ condition: 'dns and http.request.method: GET' }, vocabulary)).toThrow(
      'no record can match',
    );
    expect(() => planQuery({ columns: 'sip,dprt' }, vocabulary)).toThrow('dprt: dport?');
  });

  it('a report of flows about a field that flows do not have says what has it', () => {
    const report = (condition: string) => () => planQuery({ columns: 'talk_conv', condition }, vocabulary);
    expect(report('dns.id = 5 and port 53')).toThrow(
      'flow records can not match this condition. It asks for what dns records have, and this query type shows flows',
    );
    expect(() => planQuery({ types: ['flow'], condition: 'dns.id = 5' }, vocabulary)).toThrow(
      /can not match this condition\. It asks for what dns records have$/,
    );
    for (const fine of ['dns', '"x y"', 'not dns.id = 5', 'dns.id = 5 or port 53']) expect(report(fine)).not.toThrow();
  });
});

const words = fc.constantFrom(
  'sip',
  'dport',
  'port',
  'dns',
  'tcp',
  'not',
  'and',
  'or',
  'in',
  '=',
  '!=',
  ':',
  '(',
  ')',
  '[',
  ']',
  '{',
  '}',
  '..',
  '"',
  "'",
  '/',
  '\\',
  '~',
  '*',
  '10.0.0.1',
  '10.0.0.0/8',
  '2001:db8::1',
  '443',
  '80-90',
  '200ms',
  '10MB',
  '$internal',
  '$x',
  'between',
  'is',
  'null',
  'like',
  'matches',
  '/a(b|c)+/i',
  'http.request.headers.x',
  'duration',
  'time',
  '-15m',
  'dir',
  'src',
  'host',
  'net',
  'dns.answers.ttl',
  '\u0000',
  '�',
  ',',
);

describe('arbitrary text', () => {
  const check = (text: string) => {
    let condition: ReturnType<typeof parseCondition>;
    try {
      condition = parseCondition(text, vocabulary);
    } catch (error) {
      expect(error).toBeInstanceOf(ConditionError);
      const { at, length, rendered } = error as ConditionError;
      expect(at).toBeGreaterThanOrEqual(0);
      expect(at + length).toBeLessThanOrEqual(Math.max(text.length, at) + 2);
      expect(rendered).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
      return;
    }
    for (const type of TYPES) compileCondition(condition, type, vocabulary);
  };

  it('never throws anything but ConditionError', () => {
    fc.assert(fc.property(fc.string({ unit: anyCharacter, maxLength: 200 }), check), { numRuns: often(500) });
    fc.assert(
      fc.property(
        fc.array(words, { maxLength: 30 }).map((list) => list.join(' ')),
        check,
      ),
      { numRuns: often(2000) },
    );
    fc.assert(
      fc.property(
        fc.array(words, { maxLength: 30 }).map((list) => list.join('')),
        check,
      ),
      { numRuns: often(1000) },
    );
  });

  it('never ends in the SQL text', () => {
    const field = fc.constantFrom(
      'url.path',
      'dns.question.name',
      'http.request.headers.x',
      'dns.resolved_ip',
      'dns.answers.data',
      'status',
      'dir',
      'sip',
    );
    const operator = fc.constantFrom('=', '!=', ':', 'contains', 'like', '<', 'in {', '~');
    fc.assert(
      fc.property(field, operator, fc.string({ minLength: 1, maxLength: 12 }), (name, op, secret) => {
        // A mark that no SQL of ours has, around whatever a user may write.
        const value = `Zq${secret}Zq`;
        const quoted = `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
        let condition: ReturnType<typeof parseCondition>;
        try {
          condition = parseCondition(`${name} ${op} ${quoted}${op === 'in {' ? '}' : ''} or ${quoted}`, vocabulary);
        } catch {
          return;
        }
        for (const type of TYPES) expect(compileCondition(condition, type, vocabulary).sql).not.toContain('Zq');
      }),
      { numRuns: often(500) },
    );
  });

  it('header names of a map are parameters', () => {
    const { sql, params } = compileCondition(
      parseCondition("http.request.headers.a-b_c = 'x'", vocabulary),
      TYPES[2],
      vocabulary,
    );
    expect(sql).not.toContain('a-b_c');
    expect(params).toContain('/a-b_c');
  });
});
