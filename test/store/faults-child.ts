// Appends to a store and says on standard output how each went: `ok N`, or `failed N CODE words`. Each line on standard input is an
// order: `append N`, `rotate`, `end`.

import { createInterface } from 'node:readline';
import { StoreError } from '../../src/store/errors.ts';
import { openStore } from '../../src/store/store.ts';
import { makeBatch } from './batch-kit.ts';

const say = (text: string) => process.stdout.write(`${text}\n`);
const store = openStore(process.argv[2]);
say('open');
const text = 'x'.repeat(50_000);
for await (const line of createInterface({ input: process.stdin })) {
  const [word, number] = line.split(' ');
  try {
    if (word === 'end') break;
    if (word === 'append') {
      const values = Array.from({ length: 4 }, () => text + Math.random());
      await store.append(
        makeBatch('flow', [
          { name: 'timestamp', kind: 'time', values: values.map(() => [1_700_000_000, 0] as const) },
          { name: 'value', kind: 'int', values: values.map(() => Number(number)) },
          { name: 'text', kind: 'text', values },
        ]),
        `id-${number}`,
      );
    } else store.rotate();
    say(`ok ${line}`);
  } catch (error) {
    say(`failed ${line}: ${error instanceof StoreError ? error.code : 'fault'} ${(error as Error).message}`);
  }
}
store.close();
