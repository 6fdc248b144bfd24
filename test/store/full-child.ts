// Writes an import that is larger than the shell's file size limit allows, and prints what the writer says.

import { randomBytes } from 'node:crypto';
import { openStoreWriter } from '../../src/store/writer.ts';
import { makeBatch } from './batch-kit.ts';

const writer = await openStoreWriter(process.argv[2], { waitingBytes: 100_000 });
try {
  for (let i = 0; i < 20; i++) {
    const values = Array.from({ length: 100 }, () => randomBytes(500).toString('base64'));
    await writer.write(makeBatch('flow', [{ name: 'value', kind: 'text', values }]));
  }
  await writer.commit('large');
} catch (error) {
  const { message, code } = error as Error & { code: string };
  process.stdout.write(JSON.stringify({ message, code }));
}
