// Several outputs of one run, with 1 and 2 (in the full suite 4, too) analysing threads: the same bytes in every file, whatever their format.
// Lossy, fragmented traffic under a cap on flows and with reports in between.

import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FLOW_DEFAULTS } from '../../src/engine/plan.ts';
import { openSink } from '../../src/sinks/open.ts';
import { MemorySink, runInto } from '../kit/engine.ts';
import { officeTraffic } from '../kit/generate/mixed.ts';
import { writePcap } from '../kit/generate/pcap-writer.ts';
import { TroubledTraffic } from '../kit/generate/troubled.ts';
import { PROJECT } from '../kit/shared.ts';

const FIRST_LOOK = join(PROJECT, 'examples/first-look.pcap');
const SEED = 11;
let folder = '';
let file = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'netscribe-outputs-'));
  file = join(folder, 'traffic.pcap');
  const traffic = new TroubledTraffic(officeTraffic(1200, SEED, 0.9), SEED);
  writePcap(file, traffic, { packets: 4800, packetsPerSecond: 48, seed: SEED });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The digest of every file that a run writes, by its name. */
async function outputs(workers: number): Promise<Record<string, string>> {
  const into = join(folder, `workers-${workers}`);
  const specs = ['csv:csv', 'ndjson:ndjson', 'parquet:parquet?rows=1000', 'pcap:pcap', 'ndjson:all.ndjson'];
  const sinks = await Promise.all(specs.map((spec) => openSink(spec.replace(':', `:${into}/`), { packets: {} })));
  const result = await runInto([file], sinks, {
    workers,
    flow: { ...FLOW_DEFAULTS, maxFlows: 500, intervalSeconds: 30 },
    // Records of several flows and single ones are shown as asked, wherever they are made.
    protocols: { dns: { processors: [{ rename: { fields: [{ from: 'query', to: 'asked' }] } }] } },
  });
  expect(result.records.flow).toBeGreaterThan(2000);
  expect(result.ledger.counts.get('flows.evicted')).toBeGreaterThan(100);
  const names = readdirSync(into, { recursive: true, encoding: 'utf8' }).filter((name) => /\.\w+$/.test(name));
  return Object.fromEntries(
    names.sort().map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(join(into, name)))
        .digest('hex'),
    ]),
  );
}

it('is the same with several threads', async () => {
  const one = await outputs(1);
  expect(Object.keys(one)).toEqual(
    expect.arrayContaining([
      'all.ndjson',
      'csv/flow.csv',
      'ndjson/dns.ndjson',
      'parquet/flow.00002.parquet',
      'pcap/packets.pcap',
    ]),
  );
  // NDJSON of four threads is compared in test/e2e/determinism.test.ts.
  if (process.env.NETSCRIBE_TEST === 'full') expect(await outputs(4)).toEqual(one);
  expect(await outputs(2)).toEqual(one);
});

it('shows records of several flows as single ones: fields that were renamed', async () => {
  const rename = { rename: { fields: [{ from: 'netscribe.dhcpv4.exchange', to: 'lease' }] } };
  const texts: string[] = [];
  for (const workers of [1, 2]) {
    const memory = new MemorySink();
    const records = ['dhcpv4_exchange'];
    await runInto([FIRST_LOOK], [memory], { workers, records, protocols: { dhcpv4: { processors: [rename] } } });
    texts.push(memory.text);
  }
  expect(texts[1]).toBe(texts[0]);
  expect(texts[0]).toContain('"lease":');
});
