// Questions that the store's sums per minute and hour answer get the answer that the records give; all others read the records.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allRecordTypes } from '../../src/engine/plan.ts';
import { flowRecord } from '../../src/flow/record.ts';
import {
  createVocabulary,
  type Executor,
  type InterfaceListOptions,
  type Plan,
  planInterfaces,
  planQuery,
  type QueryOptions,
  runQuery,
} from '../../src/query/query.ts';
import { openReader, type StoreReader } from '../../src/store/reader.ts';
import { rollupSpecs } from '../../src/store/rollup/tables.ts';
import { openStore } from '../../src/store/store.ts';
import { flowBatch, START } from '../store/rollup/flow-kit.ts';

const vocabulary = createVocabulary(allRecordTypes(), { isUtc: true });
const directory = mkdtempSync(join(tmpdir(), 'netscribe-query-sums-'));
let reader: StoreReader;
let executor: Executor;

beforeAll(async () => {
  const store = openStore(directory, { sync: false, rollups: rollupSpecs([flowRecord]) });
  const batch = flowBatch(7, 20_000, START - 100, START + 3 * 3600);
  const imported = store.beginImport();
  imported.write(batch);
  imported.commit('generated');
  store.close();
  reader = await openReader(directory, { types: allRecordTypes() });
  executor = { query: (sql, params) => reader.query(sql, params as never) };
});
afterAll(() => {
  reader?.close();
  rmSync(directory, { recursive: true, force: true });
});

async function same(plan: (hasSums: boolean) => Plan): Promise<readonly string[]> {
  const [summed, recorded] = [plan(true), plan(false)];
  const [one, other] = [await runQuery(executor, summed), await runQuery(executor, recorded)];
  expect(one.rows.length).toBeGreaterThan(0);
  for (const part of ['rows', 'totals', 'hits', 'firstNs', 'lastNs'] as const)
    expect(one[part], part).toEqual(other[part]);
  expect(recorded.sources).toEqual(['flow']);
  return summed.sources;
}

const time = (seconds: number) => new Date((START + seconds) * 1000).toISOString();

describe('from sums', () => {
  it.each<[QueryOptions, string]>([
    [{ columns: 'sip' }, 'flow_source_hour, flow_source_minute'],
    [{ columns: 'talk_dst', sort: 'packets', sum: true, limit: 3 }, 'flow_destination_hour, flow_destination_minute'],
    [{ columns: 'apps_port', in: true, condition: 'proto = tcp' }, 'flow_service_hour, flow_service_minute'],
    [{ columns: 'agg_talk_port', limit: 100 }, 'flow_conversation_hour'],
    [{ columns: 'talk_conv', first: time(77), last: time(8000), out: true }, 'flow_conversation_hour'],
    [
      { columns: 'sip', condition: 'snet = 10.0.0.0/8 and not host = 10.0.0.2', sort: 'duration' },
      'flow_conversation_hour',
    ],
    [
      { columns: 'dport', condition: 'network.protocol = dns or port = 443', sort: 'count' },
      'flow_service_hour, flow_service_minute',
    ],
    [{ columns: 'sip', first: time(61), last: time(3599) }, 'flow_source_minute'],
    [{ columns: 'time,proto', timeResolution: '5m' }, 'flow_service_minute'],
    [{ columns: 'time', timeResolution: '1h', first: time(10) }, 'flow_service_hour, flow_service_minute'],
    [{ columns: 'sip', interfaces: ['any', '!eth0'] }, 'flow_source_hour, flow_source_minute'],
    [{ columns: 'sip', condition: 'ip6' }, 'flow_source_hour, flow_source_minute'],
  ])('%j', async (options, sources) => {
    expect((await same((hasSums) => planQuery({ ...options, hasSums }, vocabulary))).join(', ')).toBe(sources);
  });

  it.each<[InterfaceListOptions]>([[{}], [{ isDetailed: true, first: time(3600) }]])('the list %j', async (options) => {
    const sources = await same((hasSums) => planInterfaces({ ...options, hasSums }, vocabulary));
    expect(sources.join(', ')).toMatch(/^flow_\w+_hour, flow_\w+_minute$/);
  });
});

describe('from records', () => {
  it.each<[QueryOptions]>([
    [{ columns: 'sip,sport' }],
    [{ columns: 'sip', condition: 'bytes > 10kB' }],
    [{ columns: 'sip', condition: 'dir = uni' }],
    [{ columns: 'sip', condition: `time > ${time(90)}` }],
    [{ columns: 'sip', condition: 'duration > 3s' }],
    [{ columns: 'time,sip', timeResolution: '90s' }],
    [{ columns: 'time,sip', timeResolution: '10s' }],
    [{ columns: 'sip', first: time(1), last: time(50) }],
    [{ columns: 'event.start,sip' }],
    [{ columns: 'netscribe.flow.initiator' }],
  ])('%j', (options) => {
    expect(planQuery({ ...options, hasSums: true }, vocabulary).sources).toEqual(['flow']);
  });
});
