// The same capture gives the same bytes: in every run, and however the input is cut into batches.

import { readdirSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Run, runFiles } from '../kit/engine.ts';
import { capture, hasShared, SHARED } from '../kit/shared.ts';

const names = hasShared
  ? readdirSync(`${SHARED}pcaps`)
      .filter((name) => /\.(pcap|pcapng|cap|trace)$/.test(name) && statSync(capture(name)).size > 2000)
      .sort()
  : [];
/** Every twelfth, and the biggest ones. */
const some = [
  ...names.filter((_, i) => i % 12 === 5),
  ...names.toSorted((a, b) => statSync(capture(b)).size - statSync(capture(a)).size).slice(0, 6),
];

/** What each of them gives, read once. */
const read = new Map<string, Promise<Run>>();
function whole(name: string): Promise<Run> {
  const run = read.get(name) ?? runFiles([capture(name)]);
  read.set(name, run);
  return run;
}

describe.skipIf(!hasShared)('the same bytes', () => {
  it('in another run, which has other salts', async () => {
    for (const name of some) {
      const { text } = await whole(name);
      const again = await runFiles([capture(name)]);
      expect(again.text === text, name).toBe(true);
    }
  });

  it('from small batches', async () => {
    for (const name of some) {
      const { text, result } = await whole(name);
      const cut = await runFiles([capture(name)], {}, { chunkBytes: 64 * 1024, capacity: 7 });
      if (cut.text !== text) expect(cut.text.split('\n'), name).toEqual(text.split('\n'));
      expect(cut.result.ledger.snapshot(), name).toEqual(result.ledger.snapshot());
    }
  });

  it('of one record type whether or not others are asked for', async () => {
    for (const name of some) {
      const all = (await whole(name)).text.split('\n').filter((line) => line.includes('"dataset":"dns"'));
      const alone = (await runFiles([capture(name)], { records: ['dns'] })).text
        .split('\n')
        .filter((line) => line !== '');
      expect(alone, name).toEqual(all);
    }
  });
});
