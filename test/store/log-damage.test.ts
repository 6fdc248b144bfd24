// Bytes of the log that a disk gave back changed: the batch that they are in is lost, and somebody hears of it; the others are kept.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { encodeBatch } from '../../src/store/batch-bytes.ts';
import { LOG_DIRECTORY } from '../../src/store/layout.ts';
import { LiveService, type LiveTask } from '../../src/store/live-service.ts';
import { openStore } from '../../src/store/store.ts';
import { makeBatch, valuesOf } from './batch-kit.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'netscribe-log-damage-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const MARKS = ['first', 'second', 'third'];

function append(value: number): LiveTask {
  const batch = makeBatch('live', [
    { name: 'timestamp', kind: 'time', values: [[1_700_000_000, value]] },
    { name: 'value', kind: 'int', values: [value] },
    { name: 'mark', kind: 'text', values: [MARKS[value]] },
  ]);
  return { kind: 'append', batchId: `batch ${value}`, batch: { type: 'live', rows: 1, bytes: encodeBatch(batch) } };
}

/** Changes one byte of the batch whose text this is. */
function damage(mark: string): void {
  const folder = join(directory, LOG_DIRECTORY);
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const bytes = readFileSync(path);
    const at = bytes.indexOf(mark);
    if (at < 0) continue;
    bytes[at] ^= 1;
    writeFileSync(path, bytes);
    return;
  }
  throw new Error(`'${mark}' stands nowhere in the log`);
}

function kept(): number[] {
  const store = openStore(directory);
  const values = valuesOf(store, 'live');
  store.close();
  return [...values].sort();
}

const newService = () => new LiveService({ directory, options: {}, retention: {} });
const LOST = /the log of the store at .* is damaged: 1 batch of records that had been acknowledged can not be read/;

it.each(['rotate', 'close'] as const)('is told with the next %s, once, and costs that batch alone', async (kind) => {
  const service = newService();
  for (const value of [0, 1, 2]) await service.answer(append(value));
  damage('second');
  await expect(service.answer({ kind })).rejects.toThrow(LOST);
  if (kind === 'rotate') {
    await service.answer({ kind: 'rotate' });
    await service.answer({ kind: 'close' });
  }
  expect(kept()).toEqual([0, 2]);
});

it('is told by the next process, which begins all the same', async () => {
  const former = newService();
  for (const value of [0, 1, 2]) await former.answer(append(value));
  damage('second');
  // The former process is gone without a word.
  rmSync(join(directory, 'lock'), { force: true });
  const service = newService();
  await service.answer({ kind: 'open' });
  await expect(service.answer({ kind: 'rotate' })).rejects.toThrow(LOST);
  await service.answer({ kind: 'close' });
  expect(kept()).toEqual([0, 2]);
});
