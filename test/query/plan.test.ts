// Whole queries: from options to the printed answer, on rows with known contents.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { csvCell } from '../../src/query/format-csv.ts';
import {
  createVocabulary,
  explain,
  type Format,
  type FormatOptions,
  formatResult,
  planQuery,
  type QueryOptions,
  runQuery,
  splitWords,
} from '../../src/query/query.ts';
import { type Fixture, openFixture, TYPES } from './fixture.ts';

const vocabulary = createVocabulary(TYPES, { nowNs: 1795255200000000000n, isUtc: true });
let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
});
afterAll(() => fixture.close());

const run = (options: QueryOptions) => runQuery(fixture, planQuery(options, vocabulary));
async function text(
  options: QueryOptions,
  format: Format = 'table',
  formatOptions: FormatOptions = {},
): Promise<string> {
  const result = { ...(await run(options)), elapsedMs: 37 };
  return [...formatResult(result, format, { isUtc: true, ...formatOptions })].join('');
}

describe('flows', () => {
  it('sums per column, largest first', async () => {
    const result = await run({ columns: 'talk_src' });
    expect(result.rows).toEqual([
      ['10.0.0.5', 11, 91, 2000080, 12000160],
      ['172.16.1.1', 5, 5, 500, 5000],
      ['10.0.0.7', 4, 4, 400, 400],
      ['2001:db8::1', 4, 0, 390, 0],
      ['10.0.0.9', 1, 0, 70, 0],
    ]);
    expect(result.totals).toEqual([null, 25, 100, 2001440, 12005560]);
    expect(result.hits).toBe(5);
    expect(result.firstNs).toBe(1795255201000000000n);
  });

  it('adds nothing up to nothing', async () => {
    const options: QueryOptions = { columns: 'sip', condition: 'dport = 1' };
    expect((await run(options)).totals).toEqual([null, 0, 0, 0, 0]);
    expect(JSON.parse(await text(options, 'json')).summary.totals).toEqual({ ps: 0, pr: 0, bs: 0, br: 0 });
  });

  it('totals count what the limit hides', async () => {
    const result = await run({ columns: 'sip', limit: 1 });
    expect([result.rows.length, result.hits, result.totals[4]]).toEqual([1, 5, 12005560]);
  });

  it.each<[QueryOptions, unknown[]]>([
    [{ columns: 'src,dst', sum: true, sort: 'packets', limit: 1 }, [['10.0.0.5', '172.16.3.4', 100, 14e6]]],
    [{ columns: 'sip', in: true, sort: 'bytes', ascending: true, limit: 1 }, [['10.0.0.9', 0, 0]]],
    [{ columns: 'sip', out: true, limit: 1 }, [['10.0.0.5', 11, 2000080]]],
    [
      { columns: 'dport', sort: 'dport', limit: 2, sum: true },
      [
        [3000, 1, 70],
        [443, 100, 14e6],
      ],
    ],
    [
      { columns: 'proto', sum: true, sort: 'count' },
      [
        ['tcp', 113, 14005800],
        ['udp', 3, 310],
        ['icmp', 8, 800],
        ['ipv6-icmp', 1, 90],
      ],
    ],
    [
      { columns: 'time', sum: true, timeResolution: '10m' },
      [
        [1795255200000000000n, 115, 14006040],
        [1795255800000000000n, 10, 960],
      ],
    ],
    [{ columns: 'iface', sum: true, interfaces: ['any,!eth1'], condition: 'iface' }, [['eth0', 102, 14000240]]],
    [
      { columns: 'iface', sum: true, interfaces: ['/eth\\d/'], sort: 'iface' },
      [
        ['eth0', 102, 14000240],
        ['eth1', 10, 5500],
      ],
    ],
    [{ columns: 'network.protocol', condition: 'dns', sum: true, types: ['flow'] }, [['dns', 2, 240]]],
    [{ columns: 'sip', first: '2026-11-21 10:12', last: '-0s', sum: true }, []],
    [
      { columns: 'sip', first: '2026-11-21 10:11:30', sum: true },
      [
        ['2001:db8::1', 1, 90],
        ['10.0.0.9', 1, 70],
      ],
    ],
    [{ columns: 'sip', last: '2026-11-21 10:00:01', sum: true }, [['10.0.0.5', 2, 240]]],
  ])('%j', async (options, rows) => {
    if (rows.length === 0) expect(() => planQuery(options, vocabulary)).toThrow('not before the last');
    else expect((await run(options)).rows).toEqual(rows);
  });

  it("prints goQuery's table", async () =>
    expect(await text({ columns: 'agg_talk_port', condition: 'proto = tcp', limit: 2 })).toMatchSnapshot());
  it('prints a time series', async () => expect(await text({ columns: 'time,proto', sum: true })).toMatchSnapshot());
  it('raw', async () => expect(await text({ columns: 'raw' }, 'csv')).toMatchSnapshot());
  it('says why there is nothing', async () =>
    expect(await text({ columns: 'sip', condition: 'dport = 9' })).toMatchSnapshot());
  it("json is shaped as goQuery's", async () => {
    const json = JSON.parse(
      await text({ columns: 'time,sip', limit: 1, sort: 'bytes', condition: 'dport = 443' }, 'json'),
    );
    expect(json).toMatchObject({
      status: { code: 'ok' },
      summary: {
        totals: { br: 12e6, bs: 2e6, pr: 90, ps: 10 },
        hits: { displayed: 1, total: 1 },
        time_first: expect.stringMatching(/\.\d{9}Z$/),
      },
      rows: [
        {
          labels: { timestamp: '2026-11-21T10:00:00.000000000Z' },
          attributes: { sip: '10.0.0.5' },
          counters: { br: 12e6 },
        },
      ],
    });
  });
});

describe('transactions', () => {
  it('lists what the type has', async () => expect(await text({ condition: 'dns' })).toMatchSnapshot());
  it('lists several types', async () =>
    expect(await text({ condition: 'dns or http and status: Error' }, 'csv')).toMatchSnapshot());
  it('finds the type by the field', async () => {
    expect(
      (await run({ condition: 'http.request.method: GET and http.response.status_code >= 500' })).rows,
    ).toHaveLength(1);
    expect((await run({ condition: 'error.message: *' })).plan.types.map((type) => type.name)).toEqual([
      'dns',
      'http',
      'mysql',
      'tls',
      'icmp',
    ]);
    expect((await run({ condition: '"connection refused"' })).hits).toBe(1);
    expect(
      (await run({ condition: 'bytes > 10MB and duration between 1s and 5m' })).plan.types.map((type) => type.name),
    ).toEqual(['flow']);
  });
  it.each<[QueryOptions, string[]]>([
    [{ columns: 'dns.question.name,status' }, ['dns']],
    [{ columns: 'status' }, ['dns', 'http', 'mysql', 'tls', 'icmp']],
    [{ columns: 'dns.question.name', condition: 'dport = 53' }, ['dns']],
    [{ columns: 'dport,proto', condition: 'dport = 53' }, ['flow']],
    [{ columns: 'status,url.domain', condition: 'dns or http' }, ['dns', 'http']],
  ])('finds the type by the columns: %j', (options, types) =>
    expect(planQuery(options, vocabulary).types.map((type) => type.name)).toEqual(types),
  );
  it('groups with counts, errors and percentiles', async () => {
    const result = await run({ columns: 'sip', condition: 'dns or mysql' });
    expect(result.plan.columns.map((c) => (c.role === 'key' ? c.key.label : c.name))).toEqual([
      'sip',
      'count',
      'errors',
      'duration_p50',
      'duration_p95',
    ]);
    expect(result.rows).toEqual([
      ['10.0.0.5', 5, 1, 0.3e9, 0.5e9],
      ['10.0.0.6', 1, 1, null, null],
    ]);
    expect(result.totals).toEqual([null, 6, 2, null, null]);
  });
  it('the newest records, the oldest of them first', async () => {
    const result = await run({ columns: 'dns.id', types: ['dns'], isList: true, limit: 2 });
    expect(result.rows).toEqual([[2], [3]]);
    expect([result.hits, result.errors]).toEqual([3, 2]);
    expect((await run({ columns: 'dns.id', types: ['dns'], isList: true, sort: 'duration' })).rows).toEqual([
      [2],
      [1],
      [3],
    ]);
  });
  it('a list of one is its only element where declared so', async () => {
    const options = { columns: 'error.message', types: ['dns', 'http'], condition: 'error.message: *', isList: true };
    expect(await text(options, 'ndjson')).toBe(
      '{"error.message":"Connection refused upstream"}\n{"error.message":"No response to this query was received"}\n',
    );
    expect(await text(options, 'csv')).toContain('\r\nNo response to this query was received\r\n');
  });
  it('ndjson keeps lists and maps', async () => {
    const lines = (
      await text(
        { columns: 'time,dns.resolved_ip,event.duration,type', types: ['dns'], isList: true, limit: 3 },
        'ndjson',
      )
    )
      .trimEnd()
      .split('\n');
    expect(JSON.parse(lines[0])).toEqual({
      time: '2026-11-21T10:00:01.000000000Z',
      'dns.resolved_ip': ['93.184.216.34', '10.1.1.1'],
      'event.duration': 20000000,
      type: 'dns',
    });
    expect(lines).toHaveLength(3);
  });
  it('neutralises what readers would run', async () => {
    expect(await text({ columns: 'url.domain', types: ['http'], isList: true, limit: 1 }, 'csv')).toBe(
      "url.domain\r\n'=1+1\r\n",
    );
    expect(await text({ columns: 'url.domain', types: ['http'], isList: true, limit: 1 }, 'csv', { isRaw: true })).toBe(
      'url.domain\r\n=1+1\r\n',
    );
    expect(await text({ columns: 'query', types: ['mysql'], isList: true, limit: 1 })).toContain('insert \\x1b[31mred');
    expect(await text({ columns: 'query', types: ['mysql'], isList: true, limit: 1 }, 'md')).toContain(
      'insert &#92;x1b&#91;31mred',
    );
  });
  it.each(['=a', '+a', '-a', '@a', '\ta', '\ra'])('CSV cell %j', (cell) => {
    expect(csvCell(cell, false).replaceAll('"', '')).toBe(`'${cell}`);
    expect(csvCell('say "a", b\n', false)).toBe('"say ""a"", b\n"');
  });
});

describe('words', () => {
  it.each([
    [['sip,dport', 'proto = udp'], { columns: 'sip,dport', condition: 'proto = udp' }],
    [['talk_conv'], { columns: 'talk_conv' }],
    [['dns and status: Error'], { condition: 'dns and status: Error' }],
    [['dns'], { types: ['dns'] }],
    [['dns', 'duration > 1s'], { types: ['dns'], condition: 'duration > 1s' }],
    [['dns', 'sip', 'status = Error'], { types: ['dns'], columns: 'sip', condition: 'status = Error' }],
    [['dns', 'and', 'host', '10.0.0.5'], { condition: 'dns and host 10.0.0.5' }],
    [['port', '53'], { condition: 'port 53' }],
    [['tcp', 'port', '443'], { condition: 'tcp port 443' }],
    [['icmp', 'host', '10.0.0.5'], { condition: 'icmp host 10.0.0.5' }],
    [['host.example = x'], { condition: 'host.example = x' }],
    [['sip,dprt'], { columns: 'sip,dprt' }],
    [['"connection refused"'], { condition: '"connection refused"' }],
    [[], {}],
  ])('%j', (words, split) => expect(splitWords(words, vocabulary)).toEqual(split));
});

describe('explain', () => {
  it('shows the condition, the SQL and the parameters', () => {
    expect(
      explain(
        planQuery({ columns: 'sip', condition: 'dport = 443 and host != 10.0.0.5', first: '2026-11-21' }, vocabulary),
      ),
    ).toMatchSnapshot();
  });
  it.each<[QueryOptions, string]>([
    [{ limit: 0 }, 'not a number of rows'],
    [{ first: 'soon' }, 'the first time "soon" is not understood'],
    [{ columns: 'sip', sort: 'nope' }, 'cannot sort by nope'],
    [{ types: ['nope'] }, 'no record type nope'],
    [{ columns: 'time', timeResolution: 'x' }, 'not a span'],
    [{ types: ['dns'], sort: 'packets' }, 'cannot be sorted by packets'],
    [{ interfaces: ['/(/'] }, 'interface /(/'],
    [{ columns: 'http.request.headers.x', types: ['http'] }, 'cannot be a column'],
    [
      { columns: 'status', types: ['flow'] },
      'flow records have no status. It is a field of dns, http, mysql, tls, icmp',
    ],
  ])('%j', (options, message) => expect(() => planQuery(options, vocabulary)).toThrow(message));
});
