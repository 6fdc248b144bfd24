// Interfaces: which ones a query takes in, and the list of them with totals.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { interfaceTest, meansSeveral, parseInterfaces } from '../../src/query/interface-list.ts';
import { Params } from '../../src/query/params.ts';
import {
  createVocabulary,
  formatResult,
  type InterfaceListOptions,
  planInterfaces,
  planQuery,
  type QueryOptions,
  runQuery,
} from '../../src/query/query.ts';
import { type Fixture, openFixture, TYPES } from './fixture.ts';

const vocabulary = createVocabulary(TYPES, { nowNs: 1795255200000000000n, isUtc: true });
let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
});
afterAll(() => fixture.close());

const list = (options: InterfaceListOptions) => runQuery(fixture, planInterfaces(options, vocabulary));
const ask = async (options: QueryOptions) => (await runQuery(fixture, planQuery(options, vocabulary))).rows;

describe('a list', () => {
  it.each<[string, string[], string[]]>([
    ['eth0', ['eth0'], []],
    ['eth0,eth1', ['eth0', 'eth1'], []],
    ['any', [], []],
    ['ANY, !lo', [], ['lo']],
    ['!lo,!eth0', [], ['lo', 'eth0']],
    ['/eth\\d{1,2}/,wan0', ['eth\\d{1,2}', 'wan0'], []],
    ['!/veth.*/', [], ['veth.*']],
    ['/a\\/b,c/', ['a\\/b,c'], []],
  ])('%s', (text, wanted, excluded) => {
    const read = parseInterfaces([text]);
    expect([read.wanted.map((p) => p.text), read.excluded.map((p) => p.text)]).toEqual([wanted, excluded]);
  });

  it('of one name means one interface', () => {
    expect([[], ['eth0'], ['any'], ['eth0,eth1'], ['/eth/'], ['!lo']].map(meansSeveral)).toEqual([
      false,
      false,
      true,
      true,
      true,
      true,
    ]);
  });

  it('needs records that say theirs', () => {
    expect(() => interfaceTest(parseInterfaces(['eth0']), undefined, new Params())).toThrow('do not say');
    expect(interfaceTest(parseInterfaces(['any']), undefined, new Params())).toBeUndefined();
  });
});

describe('a query', () => {
  it.each<[string[], unknown]>([
    [
      ['eth0'],
      [
        ['tcp', 100, 14000000],
        ['udp', 2, 240],
      ],
    ],
    [['/eth\\d/', '!eth0'], [['eth1', 'tcp', 10, 5500]]],
    [
      ['eth0,eth1'],
      [
        ['eth0', 'tcp', 100, 14000000],
        ['eth1', 'tcp', 10, 5500],
        ['eth0', 'udp', 2, 240],
      ],
    ],
  ])('%j', async (interfaces, rows) => {
    expect(await ask({ columns: 'proto', sum: true, interfaces })).toEqual(rows);
  });

  it('of any interface has a column for it, also where it is unknown', async () => {
    const rows = await ask({ columns: 'sip', sum: true, interfaces: ['any'] });
    expect(new Set(rows.map((row) => row[0]))).toEqual(new Set(['eth0', 'eth1', null]));
    expect((await ask({ columns: 'time,sip', interfaces: ['any'] }))[0].slice(1, 2)).toEqual(['eth0']);
    expect((await ask({ columns: 'sip,iface', interfaces: ['any'], limit: 1 }))[0].length).toBe(6);
  });
});

describe('the list', () => {
  it('adds up flows, packets and bytes, with the first and last time', async () => {
    const result = await list({});
    expect(result.rows).toMatchInlineSnapshot(`
      [
        [
          "eth0",
          2,
          102,
          14000240,
          1795255201000000000n,
          1795255202000000000n,
        ],
        [
          "eth1",
          1,
          10,
          5500,
          1795255560000000000n,
          1795255560000000000n,
        ],
        [
          null,
          4,
          13,
          1260,
          1795255620000000000n,
          1795255920000000000n,
        ],
      ]
    `);
    expect(result.totals.slice(1, 4)).toMatchInlineSnapshot(`
      [
        7,
        125,
        14007000,
      ]
    `);
  });

  it('can tell more', async () => {
    expect(
      [...formatResult(await list({ isDetailed: true, interfaces: ['eth0'] }), 'csv')].join(''),
    ).toMatchInlineSnapshot(`
      "iface,flows,flows_ipv4,flows_ipv6,packets_sent,packets_received,bytes_sent,bytes_received,first,last
      eth0,2,2,0,11,91,2000080,12000160,2026-11-21T10:00:01.000000000Z,2026-11-21T10:00:02.000000000Z
      "
    `);
  });

  it('is a table', async () => {
    const result = { ...(await list({ sort: 'bytes', ascending: true })), elapsedMs: 3 };
    expect([...formatResult(result, 'table', { isUtc: true })].join('')).toMatchInlineSnapshot(`
      "iface      flows  packets      %     bytes      %  first (UTC)          last (UTC)
      (unnamed)      4       13  10.40   1.26 kB   0.01  2026-11-21 10:07:00  2026-11-21 10:12:00
      eth1           1       10   8.00   5.50 kB   0.04  2026-11-21 10:06:00  2026-11-21 10:06:00
      eth0           2      102  81.60  14.00 MB  99.95  2026-11-21 10:00:01  2026-11-21 10:00:02

      Totals         7      125         14.01 MB

      Timespan    2026-11-21 10:00:01 to 2026-11-21 10:12:00 UTC (11m 59s, all there is)
      Records     flow
      Sorted by   bytes sent and received
      Shown       3 of 3 hits in 3.0 ms
      "
    `);
  });

  it('keeps to the time asked for', async () => {
    expect((await list({ first: '2026-11-21 10:11' })).rows.map((row) => row.slice(0, 2))).toEqual([[null, 3]]);
  });
});
