// Writes to a store until it is killed, and says on standard output what was acknowledged: `live N` and `import N`.

import { writeSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { openStore } from '../../src/store/store.ts';
import { makeBatch } from './batch-kit.ts';

// It does not live to the end, where Node keeps what it compiled for those that follow.
flushCompileCache();
const [directory, from] = [process.argv[2], Number(process.argv[3])];
const store = openStore(directory);
const batch = (type: string, value: number) =>
  makeBatch(type, [
    { name: 'timestamp', kind: 'time', values: [[1_700_000_000 + value * 600, 0]] },
    { name: 'value', kind: 'int', values: [value] },
  ]);

for (let i = from; ; i++) {
  await store.append(batch('live', i), `id-${i}`);
  writeSync(1, `live ${i}\n`);
  if (i % 3 === 0) store.rotate();
  if (i % 11 === 0) store.merge();
  if (i % 5 === 0) {
    // Always the same name: each replaces the one before.
    const writer = store.beginImport();
    for (let row = 0; row < 4; row++) writer.write(batch('import', i));
    writer.commit('import');
    writeSync(1, `import ${i}\n`);
  }
}
