import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeBatch, encodeBatch } from '../../src/store/batch-bytes.ts';
import { sliceBatch } from '../../src/store/batches.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { makeBatch, readByDuckDb } from './batch-kit.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'netscribe-live-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const ALL_KINDS = makeBatch('dns', [
  { name: 'timestamp', kind: 'time', values: [[1_700_000_000, 1], null, [0, 0]] },
  { name: 'int', kind: 'int', values: [2 ** 53, -1, null] },
  { name: 'float', kind: 'float', values: [0.5, -0, 1e300] },
  { name: 'bool', kind: 'bool', values: [true, null, false] },
  { name: 'ip', kind: 'ip', values: [[1, 2, 3, 4], null, [0, 0, 0xffff, 5]] },
  { name: 'keyword', kind: 'keyword', values: ['a', 'a', null] },
  { name: 'text', kind: 'text', values: ['', 'ü', 'long text'] },
]);

const one = (value: number) =>
  makeBatch('flow', [
    { name: 'timestamp', kind: 'time', values: [[1_700_000_000, value]] },
    { name: 'value', kind: 'int', values: [value] },
  ]);

async function values(store: Store): Promise<number[]> {
  const all: number[] = [];
  for (const { path } of store.manifest.segments) {
    const columns = await readByDuckDb(join(directory, path));
    all.push(...(columns.get('value') as bigint[]).map(Number));
  }
  return all.sort((a, b) => a - b);
}

describe('a batch as bytes', () => {
  it('is the same batch again', () => {
    expect(decodeBatch(encodeBatch(ALL_KINDS))).toEqual(ALL_KINDS);
    const slice = sliceBatch(ALL_KINDS, 1, 3);
    const copy = decodeBatch(encodeBatch(slice));
    expect(copy.columns.slice(0, 6)).toEqual(slice.columns.slice(0, 6));
    expect(copy.columns[6]).toMatchObject({
      offsets: Uint32Array.of(0, 2, 11),
      bytes: new TextEncoder().encode('ülong text'),
    });
  });

  it('says when it is cut', () => {
    const bytes = encodeBatch(ALL_KINDS);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeBatch(bytes.subarray(0, length))).toThrow(RangeError);
    }
  });
});

describe('live batches', () => {
  it('are in segments after a rotation, once', async () => {
    const store = openStore(directory);
    await store.append(one(1));
    await store.append(one(2));
    expect(store.manifest.segments).toEqual([]);
    expect(store.rotate()).toMatchObject({ segments: 1, rows: 2 });
    expect(store.rotate()).toMatchObject({ segments: 0, rows: 0 });
    await store.append(one(3));
    store.close();
    const again = openStore(directory);
    again.rotate();
    expect(await values(again)).toEqual([1, 2, 3]);
    expect(readdirSync(join(directory, 'log')).filter((name) => name.endsWith('.log'))).toEqual([]);
    again.close();
  });

  it('that come again with the same id are kept once', async () => {
    let store = openStore(directory);
    await store.append(one(1), 'a');
    await store.append(one(1), 'a');
    store.close();
    store = openStore(directory);
    await store.append(one(1), 'a');
    store.rotate();
    await store.append(one(1), 'a');
    await store.append(one(2), 'b');
    store.rotate();
    expect(store.live().repeatedBatches).toBe(2);
    store.close();
    store = openStore(directory);
    await store.append(one(1), 'a');
    store.rotate();
    expect(await values(store)).toEqual([1, 2]);
    store.close();
  });

  it('live beside imports', async () => {
    const store = openStore(directory);
    const writer = store.beginImport();
    writer.write(one(10));
    await store.append(one(1));
    store.rotate();
    writer.commit('x');
    expect(await values(store)).toEqual([1, 10]);
    store.removeImport('x');
    expect(await values(store)).toEqual([1]);
    store.close();
  });
});
