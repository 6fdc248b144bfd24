import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from '../../src/store/store.ts';
import { openStoreWriter } from '../../src/store/writer.ts';
import { makeBatch, type Time } from './batch-kit.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'netscribe-writer-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const batch = (rows: number) =>
  makeBatch('flow', [
    { name: 'timestamp', kind: 'time', values: Array.from({ length: rows }, (_, i): Time => [1_700_000_000, i]) },
    { name: 'id', kind: 'text', values: Array.from({ length: rows }, (_, i) => `flow ${i}`) },
  ]);

describe('the writer thread', () => {
  it('takes batches and commits them as one import', async () => {
    const writer = await openStoreWriter(join(directory, 's'), { inFlightBytes: 1000 });
    for (let i = 0; i < 20; i++) {
      const one = batch(100);
      await writer.write(one);
      expect(writer.inFlightBytes).toBeLessThanOrEqual(1000);
      expect(one.columns[0]).toMatchObject({ seconds: { length: 0 } });
    }
    expect(await writer.commit('digest', { files: 1 })).toMatchObject({ segments: 1, rows: 2000 });
    const { manifest } = openStore(join(directory, 's'), { readOnly: true });
    expect(manifest.imports.digest.meta).toEqual({ files: 1 });
    expect(manifest.segments[0].rows).toBe(2000);
    await expect(writer.write(batch(1))).rejects.toThrow('is over');
  });

  it('leaves nothing after an abort', async () => {
    const writer = await openStoreWriter(join(directory, 's'));
    await writer.write(batch(10));
    await writer.abort();
    openStore(join(directory, 's')).close();
    expect(openStore(join(directory, 's'), { readOnly: true }).manifest.segments).toEqual([]);
  });

  it('copies batches whose buffers cannot be transferred', async () => {
    const one = batch(3);
    Object.assign(one.columns[1], { bytes: Buffer.from('flow 0flow 1flow 2') });
    const writer = await openStoreWriter(join(directory, 's'));
    await writer.write(one);
    expect(await writer.commit('x')).toMatchObject({ rows: 3 });
  });

  it('names the place and the reason when it cannot write', async () => {
    const file = join(directory, 'file');
    writeFileSync(file, '');
    await expect(openStoreWriter(join(file, 'store'))).rejects.toThrow(
      `the store at ${join(file, 'store')} cannot be written: a part of the path is not a directory; choose another (--to store:DIR, of the daemon store.directory)`,
    );
  });

  it('refuses a store that another writer has', async () => {
    const first = await openStoreWriter(join(directory, 's'));
    await expect(openStoreWriter(join(directory, 's'))).rejects.toMatchObject({ code: 'locked' });
    await first.abort();
  });

  it('rejects every call after the first error', async () => {
    const store = join(directory, 's');
    const writer = await openStoreWriter(store, { waitingBytes: 1 });
    rmSync(store, { recursive: true });
    writeFileSync(store, 'in the way');
    await writer.write(batch(10)).catch(() => undefined);
    await expect(writer.commit('x')).rejects.toThrow(/cannot be written/);
    await expect(writer.write(batch(10))).rejects.toThrow(/cannot be written/);
    await writer.abort();
  });
});
