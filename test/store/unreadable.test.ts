// Files of a store that somebody removed or cut, and files that go while they are read: an answer comes from what is there, and says what it
// lacks.

import { mkdtempSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { flowRecord } from '../../src/flow/record.ts';
import { readFooter } from '../../src/store/parquet/footer.ts';
import { openReader, type StoreReader } from '../../src/store/reader.ts';
import { rollupSpecs, rollupView } from '../../src/store/rollup/tables.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { unreadableWords } from '../../src/store/unreadable.ts';
import { flowBatch, START } from './rollup/flow-kit.ts';

const rollups = rollupSpecs([flowRecord]);
let folder: string;
let directory: string;
let store: Store;
let reader: StoreReader | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'netscribe-unreadable-'));
  directory = join(folder, 'store');
  store = openStore(directory, { sync: false, rollups });
});
afterEach(() => {
  reader?.close();
  reader = undefined;
  store.close();
  rmSync(folder, { recursive: true });
});

async function put(count: number, rows = 100): Promise<void> {
  for (let i = 0; i < count; i++) {
    await store.append(flowBatch(i, rows, START + i * 60, START + i * 60 + 59));
    store.rotate();
  }
}
function flipped(bytes: Buffer, at: number): Buffer {
  const damaged = Buffer.from(bytes);
  damaged[at] ^= 1 << (at % 8);
  return damaged;
}
const open = async () => (reader = await openReader(directory, { types: [flowRecord] }));
const count = async (view = 'flow', what = 'count(*)') =>
  Number((await reader!.query(`SELECT ${what} FROM "${view}"`)).rows[0][0]);
const lacking = () => reader!.unreadable.map(({ path, what }) => `${path} ${what}`);

it('answers without files that are not there', async () => {
  await put(3);
  const [first, second, third] = store.manifest.segments;
  // The first one is what DuckDB looks at when a view is made, others when it reads.
  rmSync(join(directory, first.path));
  await open();
  await reader!.query('SELECT 1');
  // What has nothing to do with it is whole.
  expect(lacking()).toEqual([]);
  expect(await count()).toBe(200);
  rmSync(join(directory, third.path));
  expect(await count()).toBe(100);
  expect(lacking()).toEqual([`${first.path} is not there`, `${third.path} is not there`]);
  expect(reader!.manifest.segments.map(({ id }) => id)).toEqual([second.id]);
  expect(unreadableWords(directory, reader!.unreadable)).toEqual([
    `${directory}/${first.path} is not there: the answer lacks 100 records of flow, from ${first.minTime} to ${first.maxTime}`,
    `${directory}/${third.path} is not there: the answer lacks 100 records of flow, from ${third.minTime} to ${third.maxTime}`,
    `'netscribe store repair --store ${directory}' takes what is gone out of the store, and keeps what is left of damaged files`,
  ]);
  // Also when none is left.
  rmSync(join(directory, second.path));
  expect(await count()).toBe(0);
});

it('answers without a file that is cut', async () => {
  await put(2);
  const [{ path, bytes }] = store.manifest.segments;
  truncateSync(join(directory, path), 100);
  await open();
  expect(await count()).toBe(100);
  expect(lacking()).toEqual([`${path} has 100 bytes instead of ${bytes}`]);
});

it('answers without a file that is not what was written, whichever byte it is', async () => {
  await put(2);
  const [{ path, bytes }] = store.manifest.segments;
  const whole = readFileSync(join(directory, path));
  for (let at = 3; at < bytes; at += 211) {
    writeFileSync(join(directory, path), flipped(whole, at));
    await open();
    expect([await count(), lacking()], String(at)).toEqual([
      100,
      [`${path} has another checksum than when it was written`],
    ]);
    reader!.close();
  }
});

it('finds what is wrong with a large file in its footer, and in the pages that are read', async () => {
  await put(1, 30_000);
  await put(1);
  const [{ path, bytes }] = store.manifest.segments;
  const whole = readFileSync(join(directory, path));
  expect(bytes).toBeGreaterThan(256 * 1024);
  const { chunks } = readFooter(whole).groups[0];
  // Small ones too: those of a column that has one value.
  const pages = chunks.filter(({ hasDictionary }, i) => i % 8 === 0 && !hasDictionary);
  const places = [...pages.map(({ offset, length }) => offset + length - 1), bytes - 2000, bytes - 7];
  for (const at of places) {
    writeFileSync(join(directory, path), flipped(whole, at));
    await open();
    const [[rows]] = (await reader!.query('SELECT count(f) FROM flow f WHERE hash(f) IS NOT NULL')).rows;
    expect([rows, lacking()], String(at)).toEqual([100, [`${path} has another checksum than when it was written`]]);
    reader!.close();
  }
});

it('reads the records where their sums are not there', async () => {
  await put(1, 5000);
  const [{ rollup }] = store.manifest.segments;
  const table = rollups[0].tables.find(({ signature }) => rollup!.tables.includes(signature))!;
  await open();
  expect(await count(rollupView(table), 'sum(rows)')).toBe(5000);
  rmSync(join(directory, rollup!.path));
  reader!.close();
  await open();
  expect(await count(rollupView(table), 'sum(rows)')).toBe(5000);
  expect(lacking()).toEqual([`${rollup!.path} is not there`]);
  expect(unreadableWords(directory, reader!.unreadable)[0]).toContain('the records are read in its place');
});

it('lacks nothing when a commit took the files away', async () => {
  await put(3);
  await open();
  for (let i = 0; i < 2; i++) {
    await put(2);
    store.merge();
    expect(await count()).toBe(500 + i * 200);
  }
  store.prune({ sizeBytes: 1 });
  expect(await count()).toBe(0);
  expect(lacking()).toEqual([]);
});

it('reads a store that was made anew in the place of the one that it knew', async () => {
  await put(2);
  await open();
  renameSync(directory, `${directory}-moved`);
  store.close();
  store = openStore(directory, { sync: false, rollups });
  // As many commits as the former one had.
  await put(2, 10);
  expect(await count()).toBe(20);
  expect(lacking()).toEqual([]);
});

it('tells a statement that is wrong from a file that is gone', async () => {
  await put(1);
  await open();
  await expect(reader!.query('SELECT nonsense FROM flow')).rejects.toMatchObject({ code: 'failed' });
  expect(lacking()).toEqual([]);
});

it('is merged without what is not there', async () => {
  await put(3);
  const [{ path }] = store.manifest.segments;
  rmSync(join(directory, path));
  const { damaged, into } = store.merge();
  expect(into).toBe(0);
  expect(damaged[0]).toContain(`${path} is not there`);
  expect(store.merge().damaged).toEqual([]);
});
