// What roll-ups answer, they answer as the records do: over any span, with or without files of sums.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { flowRecord } from '../../../src/flow/record.ts';
import { dnsRecord } from '../../../src/protocols/dns/record.ts';
import type { ColumnBatch } from '../../../src/records/columns.ts';
import { openReader, type StoreReader } from '../../../src/store/reader.ts';
import { chooseRollup, type RollupWish } from '../../../src/store/rollup/choose.ts';
import { rollupSpecs } from '../../../src/store/rollup/tables.ts';
import { openStore } from '../../../src/store/store.ts';
import { bothWays, flowBatch, START } from './flow-kit.ts';

const rollups = rollupSpecs([flowRecord, dnsRecord]);
const SECOND = 1_000_000_000n;
const at = (seconds: number, nanos = 0): bigint => BigInt(START + seconds) * SECOND + BigInt(nanos);

const chosen = (type: Parameters<typeof chooseRollup>[0], wish: Parameters<typeof chooseRollup>[1]) =>
  chooseRollup(type, wish)?.tables.map(({ cut, seconds }) => `${cut} ${seconds}`);

describe('the choice', () => {
  it('takes the smallest table that has all columns', () => {
    expect(chosen(flowRecord, { columns: ['source_ip'] })).toEqual(['source 3600', 'source 60']);
    expect(chosen(flowRecord, { columns: ['destination_port', 'network_transport'] })).toEqual([
      'service 3600',
      'service 60',
    ]);
    expect(chosen(flowRecord, { columns: ['source_ip', 'destination_ip', 'destination_port'] })).toEqual([
      'conversation 3600',
    ]);
    expect(chosen(dnsRecord, { columns: ['dns_response_code', 'status'], needsHistogram: true })).toEqual([
      'service 3600',
      'service 60',
    ]);
  });
  it('leaves to the records what only they know', () => {
    expect(chosen(flowRecord, { columns: ['source_port'] })).toBeUndefined();
    expect(chosen(flowRecord, { columns: ['source_ip'], needsHistogram: true })).toBeUndefined();
    expect(chosen(flowRecord, { columns: ['source_ip'], bucketNs: 90e9 })).toBeUndefined();
    expect(chosen(flowRecord, { columns: [], firstNs: at(1), lastNs: at(59) })).toBeUndefined();
  });
  it('takes minutes where hours do not fit', () => {
    expect(chosen(flowRecord, { columns: ['source_ip'], bucketNs: 300e9 })).toEqual(['source 60']);
    expect(chosen(flowRecord, { columns: ['source_ip'], firstNs: at(0), lastNs: at(3599) })).toEqual(['source 60']);
  });
});

/** Made once for all stores that have them. */
const made = new Map<string, ColumnBatch>();
function someFlows(seed: number, rows: number): ColumnBatch {
  const name = `${seed} ${rows}`;
  const batch = made.get(name) ?? flowBatch(seed, rows, START - 1800, START + 4 * 3600);
  made.set(name, batch);
  return batch;
}

describe.each([
  ['of sums beside one segment', { rollups }, 1],
  ['of sums beside many', { rollups, mostPartitions: 3 }, 5],
  ['where half of the segments have sums', { rollups }, 4],
  ['of records alone', {}, 1],
])('the answer %s', (name, options, imports) => {
  let directory: string;
  let reader: StoreReader;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'netscribe-rollup-'));
    for (let i = 0; i < imports; i++) {
      const bare = name.includes('half') && i % 2 === 1;
      const store = openStore(directory, { sync: false, ...options, ...(bare ? { rollups: [] } : {}) });
      const writer = store.beginImport();
      for (let batch = 0; batch < 5; batch++) {
        writer.write(someFlows(i * 10 + batch, 12_000 / imports));
      }
      writer.commit(String(i));
      store.close();
    }
    reader = await openReader(directory, { types: [flowRecord, dnsRecord] });
  });
  afterAll(() => {
    reader.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const cases: [string, string[], Omit<RollupWish, 'columns'>, string][] = [
    ['everything', ['source_ip'], {}, 'true'],
    ['one hour, no keys', [], { firstNs: at(0), lastNs: at(3600) }, 'true'],
    [
      'hours, minutes and edges',
      ['destination_ip'],
      { firstNs: at(17, 5), lastNs: at(9000, 1) },
      'destination_ip_hi = 0',
    ],
    ['a series', ['network_transport'], { firstNs: at(-100), bucketNs: 300e9 }, 'destination_port = 443'],
    ['up to a moment', ['source_ip', 'destination_ip'], { lastNs: at(3599, 999_999_999) }, "network_protocol = 'tls'"],
    ['one minute and its neighbours', ['network_protocol'], { firstNs: at(61), lastNs: at(239) }, 'true'],
  ];
  it.each(cases)('about %s', async (_, keys, wish, condition) => {
    const answer = await bothWays(reader, keys, wish, condition);
    expect(answer?.rolledUp).toEqual(answer?.recordByRecord);
    expect(answer?.recordByRecord).not.toEqual([]);
  });

  it('comes from the sums where they are worth it', () => {
    const tables = reader.manifest.segments.flatMap(({ rollup }) => rollup?.tables ?? []);
    const has = (cut: string) => tables.some((table) => table.startsWith(cut));
    expect(has('source/60')).toBe('rollups' in options);
    expect(has('source/3600')).toBe('rollups' in options);
  });
});
