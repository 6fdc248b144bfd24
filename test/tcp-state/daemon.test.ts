// The daemon with TCP events beside packets: flows, transactions and events are about the same connections at the same time.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest';
import { BpfSource } from '../../src/tcp-state/bpf/source.ts';
import { netscribe } from '../kit/commands.ts';
import { LAUNCHER } from '../kit/program.ts';
import { type Document, multiset, Namespace, whyNot } from './kit.ts';

const usable = whyNot === undefined ? await new BpfSource().probe() : { usable: false, detail: whyNot };
const namespace = usable.usable ? new Namespace('run') : undefined;
/** A step of the times that are compared. */
const CLOCKS_DIFFER_MS = 1;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'netscribe-tcp-run-'));
});
afterEach(() => rmSync(folder, { recursive: true }));
afterAll(() => namespace?.[Symbol.dispose]());

it('records connections that join flows and transactions by community id and time, and can be queried', async (context) => {
  if (namespace === undefined) return context.skip(usable.detail);
  const settings = [
    'capture.interfaces.lo=',
    'capture.records=[flow, http]',
    `store.directory=${folder}/store`,
    `to=["ndjson:${folder}/out"]`,
    `api.address=unix:${folder}/api`,
    'stop_timeout=100s',
    'tcp_state.enabled=true',
    'tcp_state.kinds=[connect, close]',
    `tcp_state.netns="${namespace.inode}"`,
  ].flatMap((setting) => ['--set', setting]);
  const [command, ...words] = ['ip', 'netns', 'exec', namespace.name, process.execPath, LAUNCHER, 'run', ...settings];
  const child = spawn(command, words, { stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = once(child, 'close');
  let said = '';
  await new Promise<void>((resolve) => {
    child.stderr!.on('data', (chunk) => {
      said += chunk;
      if (said.includes('capturing on')) resolve();
    });
    child.once('close', () => resolve());
  });
  namespace.traffic('http', 5, 8080);
  const asking = ['status', '--json', '--api', `unix:${folder}/api`, '--token', `${folder}/store/api.token`];
  let counted = 0;
  while (counted < 15 && child.exitCode === null) {
    const { out } = await netscribe(asking);
    counted = out === '' ? 0 : (JSON.parse(out).engine?.records['tcp-state'] ?? 0);
  }
  expect(counted).toBe(15);
  child.kill('SIGTERM');
  const [code] = await exited;
  expect([code, said]).toEqual([143, expect.not.stringContaining('there are no TCP events')]);

  const read = (name: string) =>
    readFileSync(join(folder, 'out', `${name}.ndjson`), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Document);
  const flows = read('flow');
  const requests = read('http');
  const events = read('tcp-state');
  const at = (document: Document) => document['@timestamp'] as string;
  expect(events.filter(({ event }) => event.action === 'connect')).toHaveLength(5);
  expect(events.filter(({ event }) => event.action === 'close')).toHaveLength(10);
  const connections = new Set(events.map(({ network }) => network.community_id));
  expect(connections.size).toBe(5);
  expect(new Set(flows.map(({ network }) => network.community_id))).toEqual(connections);
  expect(requests).toHaveLength(5);
  for (const request of requests) {
    const of = events.filter(({ network }) => network.community_id === request.network.community_id);
    expect(multiset(of.map(({ event }) => event.action))).toEqual({ close: 2, connect: 1 });
    // Packets and sockets have one clock, as exactly as the kernel's two can be compared: the request came after the connection, and before its end.
    const [connected, asked, closed] = [of[0], request, of.at(-1)!].map((one) => Date.parse(at(one)));
    expect(asked - connected).toBeGreaterThanOrEqual(-CLOCKS_DIFFER_MS);
    expect(closed - asked).toBeGreaterThanOrEqual(-CLOCKS_DIFFER_MS);
  }

  const query = ['query', 'tcp-state', 'kind = close', '--store', `${folder}/store`, '-e', 'ndjson'];
  const asked = await netscribe(query);
  expect([asked.err, asked.out.trim().split('\n').length]).toEqual(['', 10]);
});
