// `netscribe tcp` into the store: what was acknowledged is there after a SIGKILL, and visible while the command goes on.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, it, type TestContext } from 'vitest';
import { listSegments, scanSegment } from '../../src/log/segments.ts';
import { LOG_DIRECTORY } from '../../src/store/layout.ts';
import { hasManifest, readManifest } from '../../src/store/manifest.ts';
import { openStore } from '../../src/store/store.ts';
import { TracefsSource } from '../../src/tcp-state/tracefs/source.ts';
import { LAUNCHER } from '../kit/program.ts';
import { isListening, Namespace, portFor, whyNot } from './kit.ts';

const usable = whyNot === undefined ? await new TracefsSource().probe() : { usable: false, detail: whyNot };
const namespace = usable.usable ? new Namespace('store') : undefined;
afterAll(() => namespace?.[Symbol.dispose]());
const PORT = portFor(2);
const CONNECTIONS = 20;
/** Ten a connection, two of the listener. */
const EVENTS = CONNECTIONS * 10 + 2;

let directory: string;
let running: ChildProcess | undefined;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'netscribe-tcp-store-'));
});
afterEach(async () => {
  // A test that failed may have left it.
  if (running?.exitCode === null && running.signalCode === null) {
    running.kill('SIGKILL');
    await once(running, 'close');
  }
  rmSync(directory, { recursive: true });
});

function here(context: TestContext): Namespace {
  return namespace ?? context.skip(usable.detail);
}

async function start(...words: string[]): Promise<ChildProcess> {
  const only = ['--event', 'tracefs', '--port', String(PORT), '--kinds', 'state'];
  const command = [LAUNCHER, 'tcp', ...only, '--to', `store:${directory}`, ...words];
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'ignore', 'pipe'] });
  running = child;
  expect(await isListening(child)).toContain('listening by');
  return child;
}

function acknowledged(): number {
  const log = join(directory, LOG_DIRECTORY);
  if (!existsSync(log)) return 0;
  const segments = listSegments(log);
  for (const segment of segments) scanSegment(segment, true);
  return segments.flatMap(({ rows }) => rows).reduce((sum, rows) => sum + rows, 0);
}

function visible(): number {
  if (!hasManifest(directory)) return 0;
  return readManifest(directory).segments.reduce((sum, { rows }) => sum + rows, 0);
}

async function until(rows: () => number, wanted: number): Promise<void> {
  while (rows() < wanted) await new Promise((resolve) => setTimeout(resolve, 50));
}

it('loses nothing that was acknowledged when it is killed', async (context) => {
  const net = here(context);
  const child = await start('--commit', '1h');
  net.traffic('short', CONNECTIONS, PORT);
  // In the log; or visible already, when the clock on the wall has passed a full hour.
  await until(() => Math.max(acknowledged(), visible()), EVENTS);
  child.kill('SIGKILL');
  await once(child, 'close');
  const store = openStore(directory);
  store.rotate();
  store.close();
  expect([visible(), acknowledged()]).toEqual([EVENTS, 0]);
});

it('makes visible what there is while it goes on, and the rest at its end', async (context) => {
  const net = here(context);
  const child = await start('--commit', '100ms');
  net.traffic('short', CONNECTIONS, PORT);
  await until(visible, EVENTS);
  net.traffic('short', CONNECTIONS, PORT);
  child.kill('SIGTERM');
  expect(await once(child, 'close')).toEqual([143, null]);
  expect([visible(), acknowledged()]).toEqual([EVENTS * 2, 0]);
});
