// Hostile questions. Whatever is typed: it never becomes SQL, never opens a file or asks the network, fails only with an error for
// the person who typed it, and costs no more than its length. Whatever is in the records: no output can be driven by it.

import dns from 'node:dns/promises';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allRecordTypes } from '../../src/engine/plan.ts';
import { csvCell } from '../../src/query/format-csv.ts';
import {
  compileCondition,
  createVocabulary,
  type Format,
  formatResult,
  hostNamesIn,
  nameInPlace,
  parseCondition,
  parseTime,
  planInterfaces,
  planQuery,
  QueryError,
  type QueryOptions,
  readStoredQuery,
  renderCondition,
  runQuery,
  splitWords,
} from '../../src/query/query.ts';
import fc, { anyCharacter, often } from '../kit/arbitrary.ts';
import { type Fixture, openFixture, TYPES } from './fixture.ts';

/** The real declarations: every name that users have. */
const types = allRecordTypes();
const vocabulary = createVocabulary(types, {
  nowNs: 1795255200000000000n,
  isUtc: true,
  lists: new Map([['internal', ['10.0.0.0/8']]]),
});
const MARK = 'Zq7';

/** Values that try to leave their place, each with a mark that no SQL of ours has. */
const hostile = fc
  .oneof(
    fc.string({ maxLength: 12 }),
    fc.string({ unit: anyCharacter, maxLength: 8 }),
    fc.constantFrom(
      "' OR 1=1 --",
      '"; DROP TABLE flow; --',
      "') UNION SELECT * FROM read_csv('/etc/passwd') --",
      '$1',
      '$$',
      '\\',
      '/*',
      '%',
      '\u0000',
      '\ud800',
      "COPY flow TO '/tmp/x'",
    ),
  )
  .map((text) => `${MARK}${text}${MARK}`);

const quote = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
const field = fc.constantFrom(...vocabulary.names());
const plainValue = fc.constantFrom(
  '443',
  '10.0.0.1',
  '10.0.0.0/8',
  '2001:db8::1',
  '200ms',
  '10MB',
  '-15m',
  'x',
  '2026-11-21',
  'true',
  '$internal',
);
const value = fc.oneof({ weight: 3, arbitrary: plainValue }, { weight: 2, arbitrary: hostile.map(quote) });

/** Text that the grammar derives, so that most of it is understood. */
const { condition } = fc.letrec<{ condition: string; test: string }>((tie) => ({
  condition: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    tie('test'),
    fc
      .tuple(tie('condition'), fc.constantFrom('and', 'or', '&&', '||', '*', '+'), tie('condition'))
      .map((parts) => parts.join(' ')),
    tie('condition').map((inner) => `not (${inner})`),
    tie('condition').map((inner) => `![${inner}]`),
  ),
  test: fc.oneof(
    fc
      .tuple(field, fc.constantFrom('=', '!=', '<', '>=', ':', 'contains', 'like', '~', 'eq'), value)
      .map((parts) => parts.join(' ')),
    fc
      .tuple(field, fc.array(value, { minLength: 1, maxLength: 4 }))
      .map(([name, all]) => `${name} in {${all.join(', ')}}`),
    fc.tuple(field, value, value).map(([name, low, high]) => `${name} between ${low} and ${high}`),
    field.map((name) => `${name} is not null`),
    field,
    hostile.map(quote),
    fc.constantFrom('dns', 'tcp', 'tcp port 443', 'src host 10.0.0.1', '10.0.0.0/8'),
  ),
}));

/** What `attempt` gives; undefined where it fails as it may. */
function fairly<T>(attempt: () => T): T | undefined {
  try {
    return attempt();
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    expect(error.message).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    return undefined;
  }
}

describe('nothing typed is SQL', () => {
  it('in conditions that the grammar derives', () => {
    let understood = 0;
    fc.assert(
      fc.property(condition, (text) => {
        const parsed = fairly(() => parseCondition(text, vocabulary));
        if (parsed === undefined) return;
        understood++;
        renderCondition(parsed);
        for (const type of types) {
          const { sql, params } = compileCondition(parsed, type, vocabulary);
          expect(sql).not.toContain(MARK);
          // As many places as parameters: a value went to one and to nothing else.
          for (const [, n] of sql.matchAll(/\$(\d+)/g)) expect(Number(n)).toBeLessThanOrEqual(params.length);
        }
      }),
      { numRuns: often(400) },
    );
    expect(understood).toBeGreaterThan(often(100));
  });

  it('in any option of a query', () => {
    const text = fc.option(fc.oneof(hostile, field, plainValue), { nil: undefined });
    const options = fc.record<QueryOptions>({
      columns: fc.option(
        fc.oneof(
          fc.array(field, { minLength: 1, maxLength: 3 }).map((all) => all.join(',')),
          hostile,
        ),
        { nil: undefined },
      ),
      condition: fc.option(condition, { nil: undefined }),
      interfaces: fc.array(fc.oneof(hostile, fc.constantFrom('any', '!lo', '/eth\\d/', `/${MARK}(/`)), {
        maxLength: 3,
      }),
      first: text,
      last: text,
      sort: text,
      timeResolution: text,
      sum: fc.boolean(),
      isList: fc.boolean(),
      hasSums: fc.boolean(),
    });
    let planned = 0;
    const plain = fc.record({
      columns: fc.constantFrom('sip', 'time,proto', 'talk_conv'),
      interfaces: fc.array(hostile, { maxLength: 2 }),
      condition,
      hasSums: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.oneof(options, plain), (given) => {
        const plan = fairly(() => planQuery(given, vocabulary));
        fairly(() => planInterfaces(given, vocabulary));
        if (plan === undefined) return;
        planned++;
        for (const { sql } of [plan.rows, plan.population, ...(plan.totals ? [plan.totals] : [])])
          expect(sql).not.toContain(MARK);
      }),
      { numRuns: 400 },
    );
    expect(planned).toBeGreaterThan(50);
  });

  it('in words of the command line, stored queries and times', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(hostile, field, condition), { maxLength: 4 }), (words) => {
        fairly(() => planQuery(splitWords(words, vocabulary), vocabulary));
      }),
      { numRuns: often(150) },
    );
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => void fairly(() => readStoredQuery(text))),
      { numRuns: often(300) },
    );
    fc.assert(
      fc.property(fc.string({ maxLength: 80 }), (text) => void parseTime(text, { nowNs: 0n })),
      { numRuns: often(500) },
    );
  });
});

describe('a database that runs them', () => {
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await openFixture();
  });
  afterAll(() => fixture.close());
  const small = createVocabulary(TYPES, { nowNs: 1795255200000000000n, isUtc: true });
  const smallField = fc.constantFrom(
    'url.path',
    'dns.question.name',
    'status',
    'http.request.headers.x',
    'error.message',
    'query',
    'sip',
  );

  it('finds nothing and breaks nothing', async () => {
    const tests = fc
      .tuple(smallField, fc.constantFrom('=', ':', 'contains', 'like', '~'), hostile.map(quote))
      .map((parts) => parts.join(' '));
    await fc.assert(
      fc.asyncProperty(fc.array(tests, { minLength: 1, maxLength: 3 }), async (all) => {
        const plan = fairly(() => planQuery({ condition: all.join(' or ') }, small));
        if (plan === undefined) return;
        const result = await runQuery(fixture, plan).catch((error: unknown) => {
          // RE2 has the last word about expressions, DuckDB about NUL and unpaired surrogates.
          expect(String(error)).toMatch(/refuses an expression|UTF-?8|unicode|null byte|\\u0000/i);
          return undefined;
        });
        if (result !== undefined) expect(result.rows).toEqual([]);
      }),
      { numRuns: often(60) },
    );
    expect((await runQuery(fixture, planQuery({ columns: 'proto' }, small))).rows.length).toBe(4);
  });
});

describe('understanding opens nothing', () => {
  /** Ways to a file or to the network, all of which fail while a question is understood. */
  const doors: [object, string][] = [
    ...[
      'open',
      'openSync',
      'readFile',
      'readFileSync',
      'writeFileSync',
      'statSync',
      'existsSync',
      'readdirSync',
      'createReadStream',
    ].map((name): [object, string] => [fs, name]),
    ...['open', 'readFile', 'stat', 'readdir'].map((name): [object, string] => [fs.promises, name]),
    ...['lookup', 'resolve', 'resolve4', 'resolve6', 'reverse'].map((name): [object, string] => [dns, name]),
    ...['connect', 'createConnection'].map((name): [object, string] => [net, name]),
  ];
  const kept = doors.map(([module, name]) => (module as Record<string, unknown>)[name]);
  let opened: string[] = [];
  const close = () => {
    doors.forEach(([module, name]) => {
      (module as Record<string, unknown>)[name] = () => {
        opened.push(name);
        throw new Error(`${name} was called`);
      };
    });
    syncBuiltinESMExports();
  };
  const reopen = () => {
    doors.forEach(([module, name], i) => {
      (module as Record<string, unknown>)[name] = kept[i];
    });
    syncBuiltinESMExports();
  };

  it('whatever the condition names', () => {
    const paths = fc.constantFrom(
      '/etc/passwd',
      '../../x',
      'file:///etc/passwd',
      'www.example.com',
      'read_csv("/etc/passwd")',
      '@/etc/passwd',
      '$(cat /etc/passwd)',
      '$/etc/passwd',
    );
    const text = fc
      .tuple(field, fc.constantFrom('=', ':', 'in', '~', 'src host'), paths, condition)
      .map(([name, op, path, rest]) => `${name} ${op} ${path} or ${rest}`);
    opened = [];
    const samples = [...fc.sample(text, 150), ...fc.sample(condition, 100)];
    close();
    try {
      for (const sample of samples) {
        fairly(() => planQuery({ condition: sample }, vocabulary));
        hostNamesIn(sample, vocabulary);
      }
    } finally {
      reopen();
    }
    expect(opened).toEqual([]);
  });
});

describe('the work grows with the length', () => {
  const SHAPES: [string, (n: number) => string][] = [
    ['brackets', (n) => '('.repeat(n)],
    ['not', (n) => 'not '.repeat(n / 4)],
    ['dots', (n) => `${'a.'.repeat(n / 2)} = 1`],
    ['a long value', (n) => `url.path = ${'x'.repeat(n)}`],
    ['quotes', (n) => '"\\"'.repeat(n / 3)],
    ['an open quote', (n) => `status = "${'\\\\'.repeat(n / 2)}`],
    ['a list', (n) => `dport in {${'1,'.repeat(Math.min(n / 2, 19_000))}}`],
    ['values by spaces', (n) => `status: ${'a '.repeat(Math.min(n / 2, 19_000))}`],
    ['spans', (n) => `duration > ${'1s'.repeat(n / 2)}`],
    ['digits', (n) => `bytes > ${'9'.repeat(n)}`],
    ['an address', (n) => `sip = ${'1.'.repeat(n / 2)}`],
    ['colons', (n) => ':'.repeat(n)],
    ['an expression', (n) => `url.path ~ /${'(a*)*'.repeat(n / 5)}/`],
    ['wildcards', (n) => `url.path: ${'*a'.repeat(n / 2)}`],
    ['a host name', (n) => `sip = ${'a-'.repeat(n / 2)}`],
    ['labels', (n) => `sip = ${'a.'.repeat(n / 2)}com`],
    ['spaces', (n) => `dport = 443${' '.repeat(n)}or`],
    ['an unknown name', (n) => `${'dprt'.repeat(n / 4)} = 1`],
  ];
  const hosts = { get: () => ['10.0.0.1'] };

  it.each(SHAPES)('%s', (_, shape) => {
    const cost = (text: string) => {
      const began = process.cpuUsage();
      fairly(() => parseCondition(text, { ...vocabulary, hosts }));
      fairly(() => splitWords([text], vocabulary));
      const { user, system } = process.cpuUsage(began);
      return user + system;
    };
    const least = (text: string) => Math.min(...[1, 2, 3].map(() => cost(text)));
    // Four times the length: four times the work, sixteen times if it were quadratic. Small times are noise.
    const [short, long] = [shape(16_000), shape(64_000)];
    expect(least(long)).toBeLessThan(Math.max(10 * least(short), 100_000));
  });
});

describe('no output is driven by what is in the records', () => {
  const vocabularyOfTests = createVocabulary(TYPES, { isUtc: true });
  const plan = planQuery({ columns: 'status,method', types: ['http'] }, vocabularyOfTests);
  const cell = fc.oneof(
    fc.string({ unit: anyCharacter, maxLength: 20 }),
    hostile,
    fc.constantFrom('=1+1', '+1', '-1', '@x', '\t=1', '\u001b]0;x\u0007', '\u202e', '| x |', '<img>', 'a\r\nb'),
  );
  const result = (a: string, b: string) => ({
    plan,
    rows: [[a, b, 1, 0, 5, 5]],
    totals: [null, null, 1, 0, null, null],
    hits: 1,
    errors: undefined,
    firstNs: 0n,
    lastNs: 1n,
    population: undefined,
    elapsedMs: 1,
  });
  const shown = (a: string, b: string, format: Format) =>
    [...formatResult(result(a, b), format, { isUtc: true })].join('');

  it('tables and Markdown have no control characters', () => {
    fc.assert(
      fc.property(cell, cell, (a, b) => {
        for (const format of ['table', 'md'] as const) {
          const text = shown(a, b, format);
          expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/);
          if (format === 'md') expect(text).not.toMatch(/<[a-z]/i);
        }
        expect([...formatResult(nameInPlace(result(a, b), new Map([['x', a]])), 'table')].join('')).not.toContain(
          '\u001b',
        );
      }),
      { numRuns: often(500) },
    );
  });

  it('CSV keeps its rows and columns, and no text is a formula', () => {
    fc.assert(
      fc.property(cell, cell, (a, b) => {
        const [, row] = readCsv(shown(a, b, 'csv'));
        expect(row.length).toBe(6);
        for (const text of row.slice(0, 2)) expect(text).not.toMatch(/^[=+\-@\t\r]|\u001b/);
        const raw = [...formatResult(result(a, b), 'csv', { isRaw: true })].join('');
        expect(readCsv(raw)[1].slice(0, 2)).toEqual([a, b]);
      }),
      { numRuns: often(500) },
    );
    expect(csvCell('=1', true)).toBe('=1');
  });

  it('JSON and NDJSON are JSON, one line per row', () => {
    fc.assert(
      fc.property(cell, cell, (a, b) => {
        expect(JSON.parse(shown(a, b, 'json')).rows[0].attributes).toEqual({
          status: a,
          method: b,
        });
        expect(shown(a, b, 'ndjson').split('\n').length).toBe(2);
      }),
      { numRuns: often(300) },
    );
  });
});

/** RFC 4180, as a spreadsheet reads it. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (const [, inQuotes, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    row.push(inQuotes?.replaceAll('""', '"') ?? plain);
    if (end === ',') continue;
    rows.push(row);
    row = [];
  }
  return rows;
}
