// `netscribe capture -i` into the store: safe within a second, visible at each interval, whole at the end.

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listSegments, scanSegment } from '../../src/log/segments.ts';
import { LOG_DIRECTORY } from '../../src/store/layout.ts';
import { hasManifest, readManifest } from '../../src/store/manifest.ts';
import { openStore } from '../../src/store/store.ts';
import { Namespace, noNamespaces, type Program, writeFrames } from '../kit/namespace.ts';
import { icmpFrame } from '../kit/packets.ts';
import { unless } from '../kit/unless.ts';
import { bytes } from '../wire/frames.ts';

const folder = mkdtempSync(join(tmpdir(), 'netscribe-capture-store-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** An echo and its reply: a transaction at once. */
const ECHOES = 20;
const frames = Array.from({ length: ECHOES }, (_, i) => {
  const rest = bytes(0, 7, 0, i);
  return [icmpFrame(8, 0, rest), icmpFrame(0, 0, rest, { from: '10.0.0.2', to: '10.0.0.1' })];
}).flat();

/** Rows in the log, read as the next start would. */
function acknowledged(store: string): number {
  const log = join(store, LOG_DIRECTORY);
  if (!existsSync(log)) return 0;
  const segments = listSegments(log);
  for (const segment of segments) scanSegment(segment, true);
  return segments.flatMap(({ rows }) => rows).reduce((sum, rows) => sum + rows, 0);
}
function visible(store: string, type: string): number {
  if (!hasManifest(store)) return 0;
  const { segments } = readManifest(store);
  return segments.reduce((sum, segment) => sum + (segment.type === type ? segment.rows : 0), 0);
}
async function until(rows: () => number, wanted: number): Promise<void> {
  while (rows() < wanted) await new Promise((resolve) => setTimeout(resolve, 50));
}

unless(noNamespaces).describe('a live capture into the store', () => {
  let ns: Namespace;
  const file = join(folder, 'echoes.pcap');
  beforeAll(() => {
    ns = new Namespace();
    writeFrames(file, frames);
  });
  afterAll(() => ns.remove());

  async function start(store: string, interval: string): Promise<Program> {
    const program = ns.netscribe(['capture', '-i', 'b', '--to', `store:${store}`, '--interval', interval]);
    await program.until(() => program.err.includes('listening'));
    return program;
  }

  test('loses nothing that was acknowledged when it is killed', async () => {
    const store = join(folder, 'killed');
    const program = await start(store, '0');
    await ns.send('a', file);
    // In the log; or visible already, when the clock on the wall has passed five minutes.
    await until(() => Math.max(acknowledged(store), visible(store, 'icmp')), ECHOES);
    program.child.kill('SIGKILL');
    await program.end();
    const opened = openStore(store);
    opened.rotate();
    opened.close();
    expect([visible(store, 'icmp'), acknowledged(store)]).toEqual([ECHOES, 0]);
  });

  test('makes visible what there is while it goes on, and the rest at its end', async () => {
    const store = join(folder, 'ended');
    const program = await start(store, '1s');
    await ns.send('a', file);
    await until(() => visible(store, 'icmp'), ECHOES);
    expect(program.child.exitCode).toBeNull();
    await ns.send('a', file);
    const { code } = await program.interrupt();
    expect([code, visible(store, 'icmp'), acknowledged(store)]).toEqual([0, 2 * ECHOES, 0]);
  });
});
