// Merging, pruning, checking and repairing: the rows stay what they are, and what goes is said.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { flowRecord } from '../../src/flow/record.ts';
import { checkStore } from '../../src/store/check.ts';
import { filesOf } from '../../src/store/manifest.ts';
import { planMerges } from '../../src/store/merge.ts';
import { openReader } from '../../src/store/reader.ts';
import { repairStore } from '../../src/store/repair.ts';
import { rollupSpecs } from '../../src/store/rollup/tables.ts';
import { openStore, type Store, type StoreOptions } from '../../src/store/store.ts';
import { flowBatch, START } from './rollup/flow-kit.ts';

const rollups = rollupSpecs([flowRecord]);
let directory: string;
let stores: Store[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'netscribe-maintenance-'));
  stores = [];
});
afterEach(() => {
  for (const store of stores) store.close();
  rmSync(directory, { recursive: true, force: true });
});

function open(options: StoreOptions = {}): Store {
  const store = openStore(directory, { sync: false, rollups, ...options });
  stores.push(store);
  return store;
}

/** `count` rotations of 100 flows each, a minute apart. */
async function live(store: Store, count: number, from = START): Promise<void> {
  for (let i = 0; i < count; i++) {
    await store.append(flowBatch(i, 100, from + i * 60, from + i * 60 + 59));
    store.rotate();
  }
}

/** Everything in the store, order aside. */
async function digest(): Promise<unknown> {
  const reader = await openReader(directory, { types: [flowRecord] });
  try {
    const { rows } = await reader.query(
      'SELECT count(*), sum(source_bytes), sum(hash(flow_id, timestamp, source_port, network_protocol, destination_ip)) FROM flow',
    );
    return rows;
  } finally {
    reader.close();
  }
}

function files(): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.parquet') || name.endsWith('.rollup'))
    .filter((name) => !name.startsWith('damaged'))
    .sort();
}
const named = (store: Store) => store.manifest.segments.flatMap(filesOf).sort();

describe('merging', () => {
  it('makes one segment of many of the same hour, with the same rows', async () => {
    const store = open();
    await live(store, 70);
    const before = await digest();
    const old = store.manifest.segments;
    expect(store.merge()).toEqual({ merged: 70, into: 2, rows: 7000, damaged: [] });
    expect(store.manifest.segments.map(({ rows }) => rows).sort()).toEqual([1000, 6000]);
    expect(store.manifest.segments.flatMap(({ replaces }) => replaces ?? []).sort()).toEqual(
      old.map(({ id }) => id).sort(),
    );
    expect(await digest()).toEqual(before);
    expect(files()).toEqual(named(store));
    expect(store.manifest.segments.some(({ rollup }) => rollup !== undefined)).toBe(true);
    expect(store.merge()).toEqual({ merged: 0, into: 0, rows: 0, damaged: [] });
  });

  it('leaves an hour that goes on alone until there are many alike', async () => {
    const store = open();
    await live(store, 7);
    expect(store.merge(() => false).into).toBe(0);
    await live(store, 1, START + 420);
    expect(store.merge(() => false)).toEqual({ merged: 8, into: 1, rows: 800, damaged: [] });
  });

  it('never mixes imports with each other or with live rows', async () => {
    const store = open();
    for (const name of ['a', 'b']) {
      const writer = store.beginImport();
      writer.write(flowBatch(1, 10, START, START + 60));
      writer.commit(name);
    }
    await live(store, 1);
    expect(planMerges(store.manifest.segments, () => true)).toEqual([]);
  });

  it('goes on where a segment is damaged', async () => {
    const store = open();
    await live(store, 2);
    await live(store, 2, START + 7200);
    const { path } = store.manifest.segments[0];
    const file = readFileSync(join(directory, path));
    file[100] ^= 1;
    writeFileSync(join(directory, path), file);
    const { into, damaged } = store.merge();
    expect(into).toBe(1);
    expect(damaged[0]).toMatch(/^column \w+: .*\(one of type=flow.*\.parquet\)$/);
    expect(store.merge().damaged).toEqual([]);
    expect(store.manifest.segments).toHaveLength(3);
  });

  it('serves a reader that has the former manifest', async () => {
    const store = open({ graceMs: 60_000 });
    await live(store, 8);
    const reader = await openReader(directory, { types: [flowRecord] });
    store.merge();
    expect(files().length).toBeGreaterThan(8);
    expect((await reader.query('SELECT count(*) FROM flow')).rows).toEqual([[800]]);
    store.removeReplaced(Date.now() + 61_000);
    expect(files()).toEqual(named(store));
    // The files it knows are gone: it looks again.
    expect((await reader.query('SELECT count(*) FROM flow')).rows).toEqual([[800]]);
    reader.close();
  });
});

describe('pruning', () => {
  const HOUR = 3600;
  it('drops live rows by their age, imports by theirs', async () => {
    const store = open();
    for (const hours of [0, 1, 30]) await live(store, 1, START + hours * HOUR);
    const writer = store.beginImport();
    writer.write(flowBatch(1, 10, START - 1e8, START - 1e8 + 60));
    writer.commit('old capture');
    const now = (START + 30 * HOUR + 120) * 1000;
    expect(store.prune({ ageSeconds: 24 * HOUR }, now)).toMatchObject({ rows: 200, imports: [] });
    expect(store.manifest.segments.map(({ rows }) => rows).sort()).toEqual([10, 100]);
    expect(files()).toEqual(named(store));
    // The folders of the day are gone, too.
    expect(readdirSync(join(directory, 'type=flow')).sort()).toEqual(['day=2023-09-21', 'day=2026-11-22']);
    const committed = Date.parse(store.manifest.imports['old capture'].committed);
    store.prune({ ageSeconds: 24 * HOUR }, committed + 25 * HOUR * 1000);
    expect(store.manifest.imports).toEqual({});
  });

  it('drops the oldest until the rest is small enough', async () => {
    const store = open();
    for (const hours of [3, 1, 2]) await live(store, 1, START + hours * HOUR);
    const { bytes, rollup } = store.manifest.segments[0];
    const limit = Math.floor((bytes + (rollup?.bytes ?? 0)) * 2.4);
    expect(store.prune({ sizeBytes: limit }, 0)).toMatchObject({ rows: 100 });
    expect(store.manifest.segments.map(({ minTime }) => minTime?.slice(11, 13)).sort()).toEqual(['12', '13']);
    expect(store.prune({ sizeBytes: limit }, 0).rows).toBe(0);
  });
});

describe('check and repair', () => {
  const problems = () => checkStore(directory).problems.map(({ kind, path }) => `${kind} ${path.split('.').at(-1)}`);

  it('find nothing in a store that is whole', async () => {
    const store = open();
    await live(store, 3);
    await store.append(flowBatch(9, 10, START, START + 60));
    store.close();
    expect(checkStore(directory, { isDeep: true })).toMatchObject({
      problems: [],
      segments: 3,
      rows: 300,
      logFrames: 1,
    });
    expect(repairStore(directory, { sync: false })).toMatchObject({ repaired: [], lostRows: 0 });
  });

  it('find any changed byte, and lose only the row group that it is in', async () => {
    const store = open({ waitingBytes: 1 });
    const writer = store.beginImport();
    for (let i = 0; i < 3; i++) writer.write(flowBatch(i, 100, START, START + 59));
    writer.commit('x');
    const [{ path }] = store.manifest.segments;
    store.close();
    const whole = readFileSync(join(directory, path));
    for (let at = 0; at < whole.length; at += 97) {
      const damaged = Buffer.from(whole);
      damaged[at] ^= 4;
      writeFileSync(join(directory, path), damaged);
      expect(problems(), `byte ${at}`).toEqual(['damaged parquet']);
    }
    const damaged = Buffer.from(whole);
    damaged[100] ^= 255;
    writeFileSync(join(directory, path), damaged);
    const { repaired, lostRows } = repairStore(directory, { sync: false, rollups });
    expect(lostRows).toBe(100);
    expect(repaired[0].done).toMatch(/^200 rows saved, 100 rows lost of flow between 2026-11-21T10:0.*in damaged\/$/);
    expect(problems()).toEqual([]);
    expect(await digest()).toEqual([[200, expect.anything(), expect.anything()]]);
    // Still the import that it was: importing again replaces it.
    expect(openStore(directory, { readOnly: true }).manifest.segments[0].import).toBe('x');
  });

  it('tell missing, cut and left-over files apart', async () => {
    const store = open();
    await live(store, 3);
    const [a, b, c] = store.manifest.segments;
    store.close();
    rmSync(join(directory, a.path));
    truncateSync(join(directory, b.path), 100);
    writeFileSync(join(directory, `${c.path}.rollup`), 'PAR1');
    expect(problems()).toEqual(['missing parquet', 'length parquet', 'leftover rollup']);
    const { lostRows, repaired } = repairStore(directory, { sync: false });
    expect(lostRows).toBe(200);
    expect(repaired.map(({ done }) => done.replace(/ of flow.*/, ''))).toEqual([
      '0 rows saved, 100 rows lost',
      '0 rows saved, 100 rows lost',
      'removed',
    ]);
    expect(existsSync(join(directory, 'damaged', b.path.split('/').at(-1)!))).toBe(true);
    expect(problems()).toEqual([]);
  });

  it('drop sums that are damaged: the rows have them', async () => {
    const store = open();
    const writer = store.beginImport();
    writer.write(flowBatch(1, 5000, START, START + 3000));
    writer.commit('x');
    const [{ rollup }] = store.manifest.segments;
    store.close();
    const file = readFileSync(join(directory, rollup!.path));
    file[200] ^= 1;
    writeFileSync(join(directory, rollup!.path), file);
    const before = await digest();
    expect(problems()).toEqual(['damaged rollup']);
    expect(repairStore(directory, { sync: false })).toMatchObject({ lostRows: 0 });
    expect(problems()).toEqual([]);
    expect(await digest()).toEqual(before);
  });

  it('take nothing for missing that a commit took away meanwhile', async () => {
    const store = open();
    await live(store, 3);
    let merges = 0;
    const report = checkStore(directory, {
      onSegment: () => {
        if (merges++ === 0) store.merge();
      },
    });
    expect(report).toMatchObject({ problems: [], segments: 1, rows: 300 });
  });

  it('leave a store alone that somebody writes', async () => {
    const store = open();
    await live(store, 1);
    expect(() => repairStore(directory)).toThrow(/is being written by this process/);
    expect(checkStore(directory).writer).toBe(process.pid);
  });
});
