// Percentiles from added-up buckets: the same buckets in the writer and in SQL, never more than half a bucket off.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { dnsRecord } from '../../../src/protocols/dns/record.ts';
import { openReader, type StoreReader } from '../../../src/store/reader.ts';
import { chooseRollup, quantileSql, rollupSource } from '../../../src/store/rollup/choose.ts';
import { bucketDuration, durationBucket } from '../../../src/store/rollup/histogram.ts';
import { rollupSpecs } from '../../../src/store/rollup/tables.ts';
import { openStore } from '../../../src/store/store.ts';
import { Random } from '../../kit/generate/random.ts';
import { makeBatch } from '../batch-kit.ts';
import { START } from './flow-kit.ts';

const ROWS = 20_000;
let directory: string;
let reader: StoreReader;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'netscribe-histogram-'));
  const random = new Random(3);
  const store = openStore(directory, { sync: false, rollups: rollupSpecs([dnsRecord]) });
  const writer = store.beginImport();
  const several = <T>(make: (i: number) => T): T[] => Array.from({ length: ROWS }, (_, i) => make(i));
  writer.write(
    makeBatch('dns', [
      { name: 'timestamp', kind: 'time', values: several((i) => [START + Math.floor(i / 10), 0] as const) },
      { name: 'status', kind: 'keyword', values: several(() => (random.chance(0.1) ? 'Error' : 'OK')) },
      { name: 'network_transport', kind: 'keyword', values: several(() => 'udp') },
      {
        name: 'event_duration',
        kind: 'int',
        values: several(() => (random.chance(0.1) ? null : Math.floor(Math.exp(random.below(900) / 100 + 11)))),
      },
    ]),
  );
  writer.commit('x');
  store.close();
  reader = await openReader(directory, { types: [dnsRecord] });
});
afterAll(() => {
  reader.close();
  rmSync(directory, { recursive: true, force: true });
});

it('puts a duration where SQL puts it', async () => {
  const edges = Array.from({ length: 50 }, (_, i) => [2 ** i - 1, 2 ** i, 2 ** i + 1]).flat();
  const random = new Random(5);
  const others = Array.from({ length: 500 }, () => Math.floor(2 ** (random.below(5200) / 100)));
  const all = [...edges, ...others, 2 ** 53 - 1];
  const { rows } = await reader.query(
    `SELECT v, duration_bucket(v), bucket_duration(duration_bucket(v)) FROM (VALUES ${all.map((v) => `(${v}::BIGINT)`).join(', ')}) t(v)`,
  );
  expect(rows).toEqual(all.map((v) => [v, durationBucket(v), Math.round(bucketDuration(durationBucket(v)))]));
  for (const v of all) expect(Math.abs(bucketDuration(durationBucket(v)) - v)).toBeLessThanOrEqual(v / 32);
  expect([-5, 0, 31, 32].map(durationBucket)).toEqual([0, 0, 31, 32]);
});

it.each([undefined, 317n])('gives percentiles over any span (from second %s)', async (second) => {
  const first = second === undefined ? undefined : (BigInt(START) + second) * 1_000_000_000n;
  const choice = chooseRollup(dnsRecord, { columns: ['status'], needsHistogram: true, firstNs: first })!;
  expect(reader.manifest.segments[0].rollup?.tables).toContain(choice.tables[0].signature);
  const source = rollupSource(choice, first);
  const found = await reader.query(`${quantileSql(source, ['status'], [0, 0.5, 0.95, 1])} ORDER BY status`);
  const exact = await reader.query(
    `SELECT status, quantile_disc(event_duration, [0.0, 0.5, 0.95, 1.0]) FROM dns
     ${first === undefined ? '' : `WHERE timestamp >= make_timestamp_ns(${first})`} GROUP BY status ORDER BY status`,
  );
  for (const [i, [status, wanted]] of exact.rows.entries()) {
    expect(found.rows[i][0]).toBe(status);
    for (const [q, value] of (wanted as number[]).entries()) {
      expect(Math.abs(Number(found.rows[i][q + 1]) - value)).toBeLessThanOrEqual(value / 16);
    }
  }
  const all = await reader.query(quantileSql(source, [], [0.5]));
  expect(all.rows).toHaveLength(1);
});
