import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ColumnBatch } from '../../src/records/columns.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { makeBatch, readByDuckDb, type Time } from './batch-kit.ts';

let directory: string;
let stores: Store[];
beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'netscribe-store-')), 'data');
  stores = [];
});
afterEach(() => {
  for (const store of stores) store.close();
  rmSync(join(directory, '..'), { recursive: true, force: true });
});

function open(options = {}): Store {
  const store = openStore(directory, options);
  stores.push(store);
  return store;
}

const HOUR = 3600;
const START = 1_700_000_000 - (1_700_000_000 % (24 * HOUR)); // 2023-11-14T00:00:00Z

/** A batch of type `type` with a row per time; the values count on from `first`. */
function batchAt(type: string, times: readonly (Time | null)[], first = 0): ColumnBatch {
  return makeBatch(type, [
    { name: 'timestamp', kind: 'time', values: times },
    { name: 'value', kind: 'int', values: times.map((_, i) => first + i) },
  ]);
}

function files(): string[] {
  const found = readdirSync(directory, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile() && entry.name.endsWith('.parquet'))
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort();
}

async function values(store: Store, type: string): Promise<bigint[]> {
  const all: bigint[] = [];
  for (const segment of store.manifest.segments.filter((one) => one.type === type)) {
    const columns = await readByDuckDb(join(store.directory, segment.path));
    for (const value of columns.get('value') as bigint[]) all.push(value);
  }
  return all.sort((a, b) => Number(a - b));
}

describe('an import', () => {
  it('splits rows by type, day and hour of their time', async () => {
    const store = open();
    const writer = store.beginImport();
    writer.write(
      batchAt('dns', [
        [START, 5],
        [START + HOUR, 0],
        [START + 1, 0],
        [START + 25 * HOUR, 0],
      ]),
    );
    writer.write(batchAt('flow', [[START, 1]], 10));
    expect(writer.commit('digest', { inputs: ['a.pcap'] })).toMatchObject({ segments: 4, rows: 5 });
    expect(files().map((path) => path.replace(/[0-9a-f]{16}/, 'ID'))).toEqual([
      'type=dns/day=2023-11-14/hour=00/ID.parquet',
      'type=dns/day=2023-11-14/hour=01/ID.parquet',
      'type=dns/day=2023-11-15/hour=01/ID.parquet',
      'type=flow/day=2023-11-14/hour=00/ID.parquet',
    ]);
    expect(await values(store, 'dns')).toEqual([0n, 1n, 2n, 3n]);
    expect(store.manifest.segments[0]).toMatchObject({
      type: 'dns',
      rows: 2,
      minTime: '2023-11-14T00:00:00.000000005Z',
      maxTime: '2023-11-14T00:00:01.000000000Z',
      import: 'digest',
    });
    expect(store.manifest.imports.digest.meta).toEqual({ inputs: ['a.pcap'] });
  });

  it('replaces a former import of the same name, and only that', async () => {
    const store = open();
    for (const [name, first] of [
      ['a', 0],
      ['b', 100],
      ['a', 200],
    ] as const) {
      const writer = store.beginImport();
      writer.write(batchAt('flow', [[START, 0]], first));
      writer.commit(name);
    }
    expect(await values(store, 'flow')).toEqual([100n, 200n]);
    expect(files()).toHaveLength(2);
    expect(store.manifest.generation).toBe(3);
    expect(store.removeImport('a')).toBe(true);
    expect(await values(store, 'flow')).toEqual([100n]);
  });

  it('is not there before the commit, nor after an abort', () => {
    const store = open({ waitingBytes: 1 });
    const writer = store.beginImport();
    writer.write(batchAt('flow', [[START, 0]]));
    expect(files()).toHaveLength(1);
    expect(openStore(directory, { readOnly: true }).manifest.segments).toEqual([]);
    writer.abort();
    expect(files()).toEqual([]);
    expect(() => writer.write(batchAt('flow', [[START, 0]]))).toThrow('is over');
  });

  it('goes on with days, then with one file, when hours are many', async () => {
    const store = open({ mostPartitions: 4 });
    const writer = store.beginImport();
    const times: Time[] = Array.from({ length: 40 }, (_, i) => [START + i * 6 * HOUR, i]);
    for (const [i, time] of times.entries()) writer.write(batchAt('flow', [time, null], i * 2));
    writer.commit('x');
    expect(await values(store, 'flow')).toEqual(Array.from({ length: 80 }, (_, i) => BigInt(i)));
    expect(files().map((path) => path.split('/').length)).toEqual([2]);
  });

  it('keeps what is already in finer files when it goes on with coarser ones', async () => {
    const store = open({ mostPartitions: 4, waitingBytes: 1 });
    const writer = store.beginImport();
    for (let i = 0; i < 40; i++) writer.write(batchAt('flow', [[START + i * 6 * HOUR, i]], i));
    writer.commit('x');
    expect(await values(store, 'flow')).toEqual(Array.from({ length: 40 }, (_, i) => BigInt(i)));
    expect(files().length).toBeLessThan(12);
  });

  it('has row groups of at most 131,072 rows, whatever the size of batches', async () => {
    const store = open();
    const writer = store.beginImport();
    const rows = 100_000;
    const times = Array.from({ length: rows }, (_, i): Time => [START, i]);
    writer.write(batchAt('flow', times));
    writer.write(batchAt('flow', times, rows));
    writer.commit('x');
    const all = await values(store, 'flow');
    expect(all).toHaveLength(2 * rows);
    expect(all.every((value, i) => value === BigInt(i))).toBe(true);
  });

  it('writes batches with other columns to other segments', async () => {
    const store = open();
    const writer = store.beginImport();
    writer.write(batchAt('flow', [[START, 0]]));
    writer.write(makeBatch('flow', [{ name: 'value', kind: 'int', values: [1] }]));
    writer.commit('x');
    expect(await values(store, 'flow')).toEqual([0n, 1n]);
    expect(Object.keys(store.manifest.schemas)).toHaveLength(2);
  });

  it('cannot leave its folder by the name of a type', () => {
    const store = open();
    const writer = store.beginImport();
    writer.write(batchAt('../../audit/TCP', [[START, 0]]));
    writer.commit('x');
    expect(files()[0]).toMatch(/^type=\.\.%2f\.\.%2faudit%2fTCP\/day=/);
  });
});

describe('opening', () => {
  it('removes what a crash left and keeps what the manifest names', () => {
    const store = open();
    const writer = store.beginImport();
    writer.write(batchAt('flow', [[START, 0]]));
    writer.commit('x');
    store.close();
    const kept = files();
    mkdirSync(join(directory, 'type=dns/day=2023-11-14/hour=03'), { recursive: true });
    writeFileSync(join(directory, 'type=dns/day=2023-11-14/hour=03/0011223344556677.parquet'), 'PAR1half');
    writeFileSync(join(directory, 'type=flow/left.parquet'), '');
    writeFileSync(join(directory, 'manifest.json.tmp'), '{');
    open();
    expect(files()).toEqual(kept);
    expect(readdirSync(directory).sort()).toEqual(['lock', 'manifest.json', 'type=flow']);
  });

  it('refuses a second writer, not a reader', () => {
    const store = open();
    expect(() => openStore(directory)).toThrow(/is being written by this process/);
    openStore(directory, { readOnly: true }).close();
    store.close();
    open();
  });

  it('takes over the lock of a process that is gone', () => {
    open().close();
    writeFileSync(join(directory, 'lock'), JSON.stringify({ pid: process.pid, started: '1' }));
    open().close();
    writeFileSync(join(directory, 'lock'), '');
    open().close();
    expect(existsSync(join(directory, 'lock'))).toBe(false);
  });

  it('does not take a lost or damaged manifest for an empty store', () => {
    const store = open();
    const writer = store.beginImport();
    writer.write(batchAt('flow', [[START, 0]]));
    writer.commit('x');
    store.close();
    const path = join(directory, 'manifest.json');
    const text = readFileSync(path, 'utf8');
    rmSync(path);
    expect(() => openStore(directory)).toThrow(/has segments but no manifest.json/);
    writeFileSync(path, text.slice(0, -20));
    expect(() => openStore(directory)).toThrow(/is damaged/);
    expect(files()).toHaveLength(1);
  });

  it('says so when there is nothing to read', () => {
    expect(() => openStore(directory, { readOnly: true })).toThrow(/there is no store at/);
  });
});
