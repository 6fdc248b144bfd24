// A store's folder that is moved away while it is written, before every single file operation: the store that is made anew in its place
// never names what it does not have, and nothing that was acknowledged is in neither.

import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { encodeBatch } from '../../src/store/batch-bytes.ts';
import { checkStore } from '../../src/store/check.ts';
import { LiveService, type LiveTask } from '../../src/store/live-service.ts';
import { openStore } from '../../src/store/store.ts';
import { makeBatch, valuesOf } from './batch-kit.ts';
import { intercept, makeFolder, recover, rename } from './operations.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'netscribe-moved-'));
});
afterEach(() => {
  recover();
  rmSync(folder, { recursive: true });
});

const TYPE = 'live';
const HOUR = 3600;
function append(value: number): LiveTask {
  const batch = makeBatch(TYPE, [
    { name: 'timestamp', kind: 'time', values: [[1_700_000_000 + (value % 2) * HOUR, value]] },
    { name: 'value', kind: 'int', values: [value] },
  ]);
  return {
    kind: 'append',
    batchId: `batch ${value}`,
    batch: { type: TYPE, rows: batch.rows, bytes: encodeBatch(batch) },
  };
}
const rotate: LiveTask = { kind: 'rotate' };
/** With a retention by age, a store is tidied at once: merged, too. */
const tidy: LiveTask = { kind: 'renew', options: {}, retention: { ageSeconds: 1e9 } };

const TASKS: readonly LiveTask[] = [
  { kind: 'open' },
  ...[append(1), rotate, append(2), append(4), rotate, append(5), tidy, append(6)],
  { kind: 'close' },
];

/** Puts something in the place of the folder that is moved away. */
const PLACES: Record<string, (directory: string, moved: string) => void> = {
  nothing: () => {},
  'an empty folder': (directory) => makeFolder(directory),
  'a copy of it': (directory, moved) => {
    recover();
    cpSync(moved, directory, { recursive: true });
  },
};

/** Runs all tasks, each until it is done, and returns the values that were acknowledged. */
async function run(directory: string, told: string[]): Promise<number[]> {
  const service = new LiveService({ directory, options: {}, retention: {} });
  const done: number[] = [];
  for (const task of TASKS) {
    for (let attempt = 1; ; attempt++) {
      try {
        await service.answer(task);
        break;
      } catch (error) {
        told.push((error as Error).message);
        // Once for the move, once more for what it left in the middle of being made.
        expect(attempt, `${task.kind}: ${told.join('\n')}`).toBeLessThan(3);
      }
    }
    if (task.kind === 'append') done.push(Number(task.batchId.slice(6)));
  }
  return done;
}

function contents(directory: string): number[] {
  if (!existsSync(join(directory, 'manifest.json'))) return [];
  expect(checkStore(directory).problems.filter(({ kind }) => kind !== 'leftover')).toEqual([]);
  // The process lives on, so the lock of the folder that was moved away looks taken.
  rmSync(join(directory, 'lock'), { force: true });
  const store = openStore(directory);
  store.rotate();
  const values = valuesOf(store, TYPE);
  store.close();
  expect(checkStore(directory).problems).toEqual([]);
  expect(new Set(values).size).toBe(values.length);
  return values;
}

/** Every operation by turns with one of the places, or, when everything is tested, with each. */
const step = process.env.NETSCRIBE_TEST === 'full' ? 1 : Object.keys(PLACES).length;

it.each(Object.keys(PLACES))('leaves %s in its place', async (place) => {
  let operation = 1 + (step === 1 ? 0 : Object.keys(PLACES).indexOf(place));
  for (let isOver = false; !isOver; operation += step) {
    const directory = join(folder, String(operation));
    const moved = `${directory}-moved`;
    let count = 0;
    intercept((_, given, act) => {
      if (++count === operation && existsSync(directory)) {
        rename(directory, moved);
        PLACES[place](directory, moved);
      }
      return act(...given);
    });
    const told: string[] = [];
    const acknowledged = await run(directory, told);
    isOver = count < operation;
    recover();
    const where = `operation ${operation}: ${told.join('; ')}`;
    const all = new Set([...contents(directory), ...contents(moved)]);
    expect([...all].sort(), where).toEqual(acknowledged);
    // What was lost from this place was told.
    if (place === 'nothing' && existsSync(moved) && count > operation + 1)
      expect(told.length, where).toBeGreaterThan(0);
  }
  expect(operation).toBeGreaterThan(100);
});
