// Transactions from the store's sums: counts, errors and bytes as the records give them, percentiles in the bucket of the exact one.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allRecordTypes } from '../../src/engine/plan.ts';
import { explain } from '../../src/query/explain.ts';
import { formatResult } from '../../src/query/format.ts';
import { createVocabulary, type Executor, planQuery, type QueryOptions, runQuery } from '../../src/query/query.ts';
import type { ColumnBatch } from '../../src/records/columns.ts';
import { openReader, type StoreReader } from '../../src/store/reader.ts';
import { bucketDuration, durationBucket } from '../../src/store/rollup/histogram.ts';
import { rollupSpecs } from '../../src/store/rollup/tables.ts';
import { openStore } from '../../src/store/store.ts';
import { Random } from '../kit/generate/random.ts';
import { makeBatch, type Words } from '../store/batch-kit.ts';

/** 2026-11-21T10:00:00Z. */
const START = 1_795_255_200;
const HOURS = 3;
const types = allRecordTypes();
const vocabulary = createVocabulary(types, { isUtc: true });
const directory = mkdtempSync(join(tmpdir(), 'netscribe-transaction-sums-'));
let reader: StoreReader;
let executor: Executor;

beforeAll(async () => {
  for (const [seed, hasSums] of [
    [1, true],
    [2, true],
    [3, false],
  ] as const) {
    const store = openStore(directory, { sync: false, rollups: hasSums ? rollupSpecs(types) : [] });
    const writer = store.beginImport();
    writer.write(transactions('dns', seed, 10_000));
    writer.write(transactions('http', seed + 10, 10_000));
    writer.commit(`import ${seed}`);
    store.close();
  }
  reader = await openReader(directory, { types });
  const tables = reader.manifest.segments.flatMap(
    ({ rollup }) => rollup?.tables.map((table) => table.split('(')[0]) ?? [],
  );
  expect([...new Set(tables)].sort()).toEqual(
    ['client/3600', 'server/3600', 'service/3600', 'service/60'].map((table) => `${table}/histogram`),
  );
  executor = { query: (sql, params) => reader.query(sql, params as never) };
});
afterAll(() => {
  reader?.close();
  rmSync(directory, { recursive: true, force: true });
});

function transactions(type: 'dns' | 'http', seed: number, rows: number): ColumnBatch {
  const random = new Random(seed);
  const several = <T>(make: () => T): T[] => Array.from({ length: rows }, make);
  const host = (): Words => [0, 0, 0xffff, 0x0a000000 + random.below(4)];
  const durations = several(() => {
    if (random.chance(0.1)) return null;
    // Few buckets, or a table per minute would be as large as the rows.
    return random.chance(0.1)
      ? random.below(2)
      : Math.floor(10 ** (3 + random.below(4)) * (1 + random.below(1000) / 10_000));
  });
  return makeBatch(type, [
    {
      name: 'timestamp',
      kind: 'time',
      values: several(() => [START + 900 * random.below(HOURS * 4) + random.below(60), random.below(1e9)] as const),
    },
    { name: 'event_duration', kind: 'int', values: durations },
    { name: 'status', kind: 'keyword', values: several(() => (random.chance(0.1) ? 'Error' : 'OK')) },
    { name: 'source_ip', kind: 'ip', values: several(host) },
    { name: 'destination_ip', kind: 'ip', values: several(host) },
    { name: 'destination_port', kind: 'int', values: several(() => (type === 'dns' ? 53 : 80)) },
    { name: 'network_transport', kind: 'keyword', values: several(() => (random.chance(0.9) ? 'udp' : 'tcp')) },
    { name: 'source_bytes', kind: 'int', values: several(() => random.below(500)) },
    { name: 'destination_bytes', kind: 'int', values: several(() => (random.chance(0.2) ? null : random.below(5000))) },
    type === 'dns'
      ? {
          name: 'dns_response_code',
          kind: 'keyword',
          values: several(() => ['NOERROR', 'NXDOMAIN', null][random.below(3)]),
        }
      : { name: 'http_response_status_code', kind: 'int', values: several(() => [200, 404, 500][random.below(3)]) },
  ]);
}

const time = (seconds: number) => new Date((START + seconds) * 1000).toISOString();

/** The answer from sums and from records: equal but for percentiles, which are in the same bucket. Returns what was read. */
async function compare(options: QueryOptions): Promise<readonly string[]> {
  const [summed, recorded] = [true, false].map((hasSums) =>
    planQuery({ limit: 100_000, ...options, hasSums }, vocabulary),
  );
  expect(summed.isBucketed).toBe(true);
  expect(recorded.isBucketed).toBe(false);
  const [one, other] = [await runQuery(executor, summed), await runQuery(executor, recorded)];
  for (const part of ['totals', 'hits', 'firstNs', 'lastNs'] as const) expect(one[part], part).toEqual(other[part]);
  expect(one.rows.length).toBeGreaterThan(0);
  const { columns } = summed;
  const middles = other.rows.map((row) =>
    row.map((cell, i) => {
      const column = columns[i];
      if (column.role !== 'counter' || column.kind !== 'duration' || cell === null) return cell;
      const exact = Number(cell);
      const middle = Math.round(bucketDuration(durationBucket(exact)));
      expect(Math.abs(middle - exact)).toBeLessThanOrEqual(exact / 32 + 0.5);
      return middle;
    }),
  );
  const key = (row: readonly unknown[]) => row.map(String).join(' ');
  expect(one.rows.map(key).sort()).toEqual(middles.map(key).sort());
  return summed.sources;
}

describe('transactions from sums', () => {
  it.each<[QueryOptions, string]>([
    [{ types: ['dns'], columns: 'status' }, 'dns_service_hour, dns_service_minute'],
    [{ types: ['dns'], columns: 'dns.response_code,proto' }, 'dns_service_hour, dns_service_minute'],
    [{ types: ['http'], columns: 'status_code', condition: 'status: Error' }, 'http_service_hour, http_service_minute'],
    [{ types: ['dns'], columns: 'time', timeResolution: '1m' }, 'dns_service_minute'],
    [{ types: ['dns'], columns: 'time', timeResolution: '1h' }, 'dns_service_hour, dns_service_minute'],
    [{ types: ['http'], columns: 'dip', sort: 'errors' }, 'http_server_hour'],
    [{ types: ['dns'], columns: 'sip', sort: 'duration' }, 'dns_client_hour'],
    [{ types: ['dns'], columns: 'sip', first: time(100), last: time(9000) }, 'dns_client_hour'],
    // One type from its sums, the other from its records.
    [{ types: ['dns', 'http'], columns: 'url.domain' }, 'dns_service_hour, dns_service_minute, http'],
    [
      { types: ['dns', 'http'], columns: 'status', sort: 'bytes' },
      'dns_service_hour, dns_service_minute, http_service_hour, http_service_minute',
    ],
  ])('%j', async (options, sources) => {
    expect((await compare(options)).join(', ')).toBe(sources);
  });

  it('over any span', async () => {
    const random = new Random(77);
    for (let i = 0; i < 4; i++) {
      const from = random.below(HOURS * 3600 - 2000);
      const to = from + 1000 + random.below(HOURS * 3600 - from - 1000);
      const columns = ['status', 'dns.response_code', 'time,status', 'proto,dport'][i % 4];
      await compare({ types: ['dns'], columns, first: time(from), last: time(to), timeResolution: '5m' });
    }
  });

  it('says so', async () => {
    const plan = planQuery({ types: ['dns'], columns: 'status', hasSums: true }, vocabulary);
    expect(explain(plan)).toMatch(/read from {3}dns_service_hour.*\n(.*\n)*percentiles at most 3\.2 % off/);
    const result = await runQuery(executor, plan);
    expect([...formatResult(result, 'table')].join('')).toContain('Percentiles at most 3.2 % off');
    expect(JSON.parse([...formatResult(result, 'json')].join('')).query.percentile_error).toBe(1 / 32);
    const records = planQuery({ types: ['dns'], columns: 'status' }, vocabulary);
    expect(explain(records)).not.toContain('percentiles');
    expect([...formatResult(await runQuery(executor, records), 'table')].join('')).not.toContain('Percentiles');
  });
});

describe('transactions from records', () => {
  it.each<[QueryOptions]>([
    [{ types: ['dns'], columns: 'dns.question.name' }],
    [{ types: ['dns'], columns: 'status', condition: 'duration > 3ms' }],
    [{ types: ['dns'], columns: 'time,sip', timeResolution: '5m' }],
    [{ types: ['dns'], columns: 'time', timeResolution: '10s' }],
  ])('%j', (options) => {
    const plan = planQuery({ ...options, hasSums: true }, vocabulary);
    expect(plan.sources).toEqual(['dns']);
    expect(plan.isBucketed).toBe(false);
  });
});
