// The store as the sink of a live capture, at its limits: nothing is lost while there is time, and what is lost is counted.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LiveStoreSink } from '../../src/sinks/live-store.ts';
import { openStore } from '../../src/store/store.ts';
import { makeBatch } from '../store/batch-kit.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'netscribe-live-store-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const ROWS = 1000;
/** More than any of this takes on the slowest machine: what is decided is decided by the order of events. */
const LONG_MS = 120_000;
const batch = () =>
  makeBatch('flow', [
    { name: 'timestamp', kind: 'time', values: Array.from({ length: ROWS }, (_, i) => [1_700_000_000, i] as const) },
    { name: 'value', kind: 'int', values: Array.from({ length: ROWS }, (_, i) => i) },
  ]);

/** Rows in segments after the next start. */
function rowsOf(): number {
  const store = openStore(directory);
  store.rotate();
  const rows = store.manifest.segments.reduce((sum, segment) => sum + segment.rows, 0);
  store.close();
  return rows;
}

test('more at once than may wait is not lost while the store takes it', async () => {
  const sink = new LiveStoreSink(directory, { maxWaitingBytes: 100_000, patienceMs: LONG_MS, endMs: LONG_MS });
  await sink.open([]);
  for (let i = 0; i < 40; i++) await sink.write(batch());
  await sink.close();
  expect(sink).toMatchObject({ rows: 40 * ROWS, lostRows: 0, error: '' });
  expect(rowsOf()).toBe(40 * ROWS);
});

test('what the thread of the store has no time for goes into the log all the same, once', async () => {
  const sink = new LiveStoreSink(directory, { lastLogMs: LONG_MS });
  await sink.open([]);
  for (let i = 0; i < 200; i++) await sink.write(batch());
  // The thread's time is over now, in the middle of the first batches.
  sink.endBy(performance.now() + LONG_MS);
  await sink.close();
  expect(sink).toMatchObject({ rows: 200 * ROWS, lostRows: 0, error: '' });
  expect(rowsOf()).toBe(200 * ROWS);
});

test('what there is no time for at all is counted', async () => {
  const sink = new LiveStoreSink(directory);
  await sink.open([]);
  for (let i = 0; i < 50; i++) await sink.write(batch());
  sink.endBy(performance.now());
  await sink.close();
  expect(sink.rows + sink.lostRows).toBe(50 * ROWS);
  expect(sink.lostRows).toBeGreaterThan(0);
});
