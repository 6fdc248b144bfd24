// What a running daemon follows of its configuration without a new start, and what it says of the rest.

import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { allRecordTypes } from '../../src/engine/plan.ts';
import { openReader } from '../../src/store/reader.ts';
import { askSocket, DaemonKit } from '../kit/daemon.ts';
import { noNamespaces } from '../kit/namespace.ts';
import { udpFrame } from '../kit/packets.ts';
import { unless } from '../kit/unless.ts';

/** A DNS question for a name of one letter. */
const question = (letter: number) => Uint8Array.from([1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, letter, 0, 0, 1, 0, 1]);

unless(noNamespaces).describe('reading the configuration again', () => {
  let kit: DaemonKit;
  let capture: Record<string, unknown>;
  beforeAll(async () => {
    kit = new DaemonKit();
    capture = { interfaces: { b: null }, records: ['flow'] };
    kit.config = { ...kit.config, capture, workers: 1 };
    await kit.start();
  });
  afterAll(() => kit.remove());

  /** Reads it again; what is said, line by line. */
  async function reload(change: Record<string, unknown>): Promise<string[]> {
    kit.config = { ...kit.config, ...change };
    kit.writeConfig();
    const { program } = kit;
    const before = program!.err.length;
    program!.child.kill('SIGHUP');
    await program!.until(() => program!.err.slice(before).endsWith('\n'));
    return program!.err.slice(before).trim().split(/\n\s*/);
  }
  const openFlows = async () => JSON.parse((await kit.ask('GET', '/api/flows/live')).text);

  /** How much the kernel keeps of packets, by the last words of its filter (`ret`); more than a packet has: all. */
  const kept = () => [...kit.ns.run('ss', '-0nb').matchAll(/0x06 0 0 (\d+)/g)].map(([, n]) => Number(n));

  test('times: flows go on', async () => {
    await kit.send([udpFrame(1111, 9999)]);
    await kit.until(({ engine }) => engine?.flows === 1);
    const [{ flow }] = (await openFlows()).flows;
    expect(await reload({ flows: { interval: '30m', timeout: '20m' } })).toEqual([
      'netscribe: flows.interval: 0 → 1800',
      'flows.timeout: 3600 → 1200',
    ]);
    expect((await openFlows()).flows[0].flow.id).toBe(flow.id);
    expect(await reload({})).toEqual(['netscribe: the configuration is as it was']);
  });

  test('another interval: documents and write-outs come by it', async () => {
    await reload({ flows: { interval: '1s', timeout: '20m' } });
    const { lastWriteout } = await kit.status();
    const { sinks } = await kit.until((status) => status.lastWriteout !== lastWriteout && status.sinks[0].rows > 0);
    expect(sinks[0].rows).toBe(1);
    await reload({ flows: { interval: 0, timeout: '20m' } });
  });

  test('records, options of a protocol and sinks: open flows are written and begin anew, and no packet is missed', async () => {
    const folder = join(kit.folder, 'out');
    // Flows alone need headers alone.
    expect(kept()).toContain(256);
    expect(
      await reload({
        capture: { ...capture, records: ['flow', 'dns'] },
        protocols: { dns: { include_additionals: true, ports: [5300] } },
        to: [`ndjson:${folder}`],
      }),
    ).toEqual([
      'netscribe: protocols.dns.ports: 53, 5353, 5355 → 5300',
      'protocols.dns.include_additionals: false → true',
      'capture.records: flow → flow, dns',
      `to: none → ndjson:${folder}`,
      'open flows were written, and begin anew with this',
    ]);
    await kit.send([udpFrame(1111, 5300, { payload: question(97) })]);
    const { engine, interfaces } = await kit.until((status) => status.interfaces.b.processed_total === 2);
    expect(kept()).not.toContain(256);
    // Figures go on, and so do those of the interface.
    expect([engine!.packets, interfaces.b.received_total, engine!.flows]).toEqual([2, 2, 1]);
    await reload({ to: [] });
    await kit.until(({ sinks }) => sinks.length === 1);
    const lines = readdirSync(folder).flatMap((name) => readFileSync(join(folder, name), 'utf8').trim().split('\n'));
    expect(lines.map((line) => JSON.parse(line).type).sort()).toEqual(['dns', 'flow']);
    expect(await kit.metrics()).toContain('netscribe_records_total{type="dns"} 1');
  });

  test('a sink that can not be opened, a wrong option: nothing has changed', async () => {
    const file = join(kit.folder, 'a-file');
    writeFileSync(file, '');
    const sinks = await reload({ to: [`ndjson:${file}/x`], capture: { ...capture, records: ['flow'] } });
    expect(sinks.join(' ')).toMatch(/nothing has changed: .*a-file/);
    const records = await reload({ to: [], capture: { ...capture, records: ['flow', 'dsn'] } });
    expect(records.join(' ')).toMatch(/nothing has changed: .*dsn/);
    const { config } = JSON.parse((await kit.ask('GET', '/api/config')).text);
    expect(config.capture.records).toEqual(['flow', 'dns']);
    await reload({ capture: { ...capture, records: ['flow', 'dns'] } });
  });

  test('a filter that is none: nothing has changed', async () => {
    const interfaces = { b: { filter: 'tcp prot 80' } };
    const filter = await reload({ capture: { interfaces, records: ['flow', 'dns'] } });
    expect(filter.join(' ')).toMatch(
      /nothing has changed: capture\.interfaces\.b\.filter: .*tcp prot 80.*syntax error/,
    );
    expect((await kit.status()).interfaces.b.state).toBe('capturing');
    await reload({ capture: { ...capture, records: ['flow', 'dns'] } });
  });

  test('retention: what is too old goes at once', async () => {
    await kit.ask('POST', '/api/writeout');
    await kit.until(({ sinks }) => Number(sinks[0].segments) > 0);
    await reload({ store: { directory: kit.store, retention: { size: 1 } } });
    const { sinks } = await kit.until(({ sinks: [now] }) => Number(now.segments) === 0 && now.error === '');
    expect(sinks[0]).toMatchObject({ segments: 0, lostRows: 0 });
    await reload({ store: { directory: kit.store } });
  });

  test('who may ask: another token, and the old one is worth nothing', async () => {
    const file = join(kit.folder, 'other.token');
    const token = 'b'.repeat(64);
    writeFileSync(file, token);
    const api = { ...(kit.config.api as object), token_file: file };
    expect(await reload({ api })).toEqual([`netscribe: api.token_file: none → ${file}`]);
    expect((await kit.ask('GET', '/api/status')).status).toBe(401);
    const asked = await askSocket(`${kit.folder}/api`, 'GET', '/api/status', { authorization: `Bearer ${token}` });
    expect(asked.status).toBe(200);
    kit.config = { ...kit.config, api: { address: `unix:${kit.folder}/api` } };
    await reload({});
    expect((await kit.ask('GET', '/api/status')).status).toBe(200);
  });

  test('two at once: one after the other, and the last file counts', async () => {
    const slow = join(kit.folder, 'slow.js');
    const begun = join(kit.folder, 'begun');
    writeFileSync(
      slow,
      `import { writeFileSync } from 'node:fs';
       export const create = () => ({
         name: 'slow', encoding: 'ndjson', write() {}, async close() {}, async abort() {},
         async open() { writeFileSync('${begun}', ''); await new Promise((resolve) => setTimeout(resolve, 500)); },
       });`,
    );
    kit.config = { ...kit.config, to: [slow] };
    kit.writeConfig();
    const first = kit.ask('POST', '/api/config/reload');
    await kit.until(() => existsSync(begun));
    kit.config = { ...kit.config, to: [] };
    kit.writeConfig();
    const second = await kit.ask('POST', '/api/config/reload');
    expect(JSON.parse((await first).text).changed).toEqual([{ path: 'to', before: [], after: [slow] }]);
    expect(JSON.parse(second.text).changed).toEqual([{ path: 'to', before: [slow], after: [] }]);
    expect((await kit.status()).sinks).toHaveLength(1);
  });

  test('open flows that were copied, and written out before the store is read, are in the answer once', async () => {
    const sums = async (beside: string[]): Promise<unknown> => {
      const reader = await openReader(kit.store, { types: allRecordTypes(), beside });
      try {
        const { rows } = await reader.query('select sum(source_packets) from flow where destination_port = 4444');
        return Number(rows[0][0]);
      } finally {
        reader.close();
      }
    };
    const known = (await kit.status()).interfaces.b.processed_total;
    const sent = await kit.send([udpFrame(41_111, 4444), udpFrame(41_112, 4444)]);
    await kit.until((status) => status.interfaces.b.processed_total === known + sent);
    const { folder } = JSON.parse((await kit.ask('POST', '/api/snapshot')).text);
    // Other limits: flows that are open end.
    await reload({ flows: { interval: 0, timeout: '20m', max: 100_000 } });
    await kit.ask('POST', '/api/writeout');
    expect(await sums([])).toBe(sent);
    expect(await sums([folder])).toBe(sent);
    // As the store was then is of no use any more when its files are gone: it is read as it is.
    await reload({ store: { directory: kit.store, retention: { size: 1 } } });
    for (const path of readdirSync(kit.store, { recursive: true, encoding: 'utf8' }))
      if (path.startsWith('type=') && path.endsWith('.parquet')) rmSync(join(kit.store, path));
    expect(await sums([folder])).toBe(sent);
    await reload({ store: { directory: kit.store } });
  });

  test('what waits for the next start is said, with the reason, and stays in effect as it was', async () => {
    const said = await reload({ workers: 2, store: { directory: `${kit.folder}/other` } });
    expect(said).toEqual([
      'netscribe: at the next start, for the capturing threads are there from the start: workers: 1 → 2',
      `at the next start, for the store is open: store.directory: ${kit.store} → ${kit.folder}/other`,
    ]);
    expect(await reload({})).toEqual(said);
    expect(existsSync(`${kit.folder}/other`)).toBe(false);
    const known = (await kit.status()).interfaces.b.processed_total;
    await kit.send([udpFrame(2222, 9999)]);
    await kit.until((status) => status.interfaces.b.processed_total === known + 1);
    expect(JSON.parse((await kit.ask('GET', '/api/config')).text).config).toMatchObject({
      workers: 1,
      store: { directory: kit.store },
    });
    expect((await kit.stop()).code).toBe(143);
    const rows = await kit.command(
      'sql',
      '--store',
      kit.store,
      '-e',
      'csv',
      'select sum(source_packets + destination_packets) from flow',
    );
    expect(rows).toMatch(/^1\r?$/m);
  });
});
