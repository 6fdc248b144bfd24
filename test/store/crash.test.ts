// A crash before every single file operation of a commit, an append and a rotation, and in the middle of every write.

import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { openStore } from '../../src/store/store.ts';
import { makeBatch, valuesOf } from './batch-kit.ts';
import { intercept, recover } from './operations.ts';

class Crash extends Error {}

/**
 * From operation `number` on (counted from 1) everything fails, as for a dead process. `isTorn`: only writes are counted, and
 * half of the last one is done.
 */
function crashAt(number: number, isTorn: boolean): () => boolean {
  let count = 0;
  let hasTorn = false;
  intercept((name, given, act) => {
    const isCounted = !isTorn || name === 'writeSync';
    if (count < number && isCounted) count++;
    if (count < number) return act(...given);
    if (isTorn && isCounted && !hasTorn) {
      hasTorn = true;
      const [fd, bytes, at, length, position] = given as [number, Uint8Array, number, number, number | null];
      act(fd, bytes, at, length >> 1, position);
    }
    throw new Crash();
  });
  return () => count >= number;
}
afterEach(recover);

const batch = (type: string, ...values: number[]) =>
  makeBatch(type, [
    {
      name: 'timestamp',
      kind: 'time',
      values: values.map((value) => [1_700_000_000 + value * (type === 'live' ? 1800 : 3600), 0] as const),
    },
    { name: 'value', kind: 'int', values },
  ]);

it.each([false, true])(
  'leaves the old state or the new, whole (torn writes: %s)',
  async (isTorn) => {
    const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'netscribe-crash-'));
    const before = openStore(join(folder, 'before'), { sync: false });
    const old = before.beginImport();
    old.write(batch('import', 1, 2));
    old.commit('x');
    await before.append(batch('live', 1));
    before.close();
    let operation = 0;
    for (let isOver = false; !isOver; ) {
      operation++;
      const directory = join(folder, String(operation));
      cpSync(join(folder, 'before'), directory, { recursive: true });

      const done = new Set<string>();
      const hasCrashed = crashAt(operation, isTorn);
      try {
        const store = openStore(directory);
        done.add('opened');
        const writer = store.beginImport();
        writer.write(batch('import', 3, 4));
        writer.commit('x');
        done.add('import');
        await store.append(batch('live', 2));
        done.add('append');
        store.rotate();
        await store.append(batch('live', 3));
        done.add('second append');
        store.rotate();
        store.merge();
        done.add('merge');
        store.prune({ ageSeconds: 3600 }, (1_700_000_000 + 2 * 1800 + 3600 + 10) * 1000);
        done.add('prune');
        store.close();
      } catch {
        // The process is dead.
      }
      isOver = !hasCrashed();
      recover();
      // The test's process lives on, so its lock looks taken: a dead one's would not.
      rmSync(join(directory, 'lock'), { force: true });

      const store = openStore(directory);
      store.rotate();
      const where = `operation ${operation}`;
      const imports = valuesOf(store, 'import');
      expect(
        done.has('import')
          ? [[3, 4]]
          : [
              [1, 2],
              [3, 4],
            ],
        where,
      ).toContainEqual(imports);
      const live = valuesOf(store, 'live');
      const wanted = done.has('prune')
        ? [[2, 3]]
        : done.has('merge')
          ? [
              [1, 2, 3],
              [2, 3],
            ]
          : done.has('second append')
            ? [[1, 2, 3]]
            : done.has('append')
              ? [
                  [1, 2],
                  [1, 2, 3],
                ]
              : [[1], [1, 2]];
      expect(wanted, where).toContainEqual(live);
      const files = readdirSync(directory, { recursive: true, encoding: 'utf8' });
      const segments = store.manifest.segments.map(({ path }) => path).sort();
      expect(files.filter((name) => name.endsWith('.parquet')).sort(), where).toEqual(segments);
      expect(
        files.filter((name) => name.endsWith('.tmp')),
        where,
      ).toEqual([]);
      store.close();
      rmSync(directory, { recursive: true });
    }
    rmSync(folder, { recursive: true });
    // The scenario is long enough to be worth the name.
    expect(operation).toBeGreaterThan(isTorn ? 20 : 100);
  },
  60_000,
);
