// What a thread that captured says at its end arrives whole.

import { expect, test } from 'vitest';
import { Ledger } from '../../src/engine/ledger.ts';
import { mergeResults } from '../../src/engine/merge-results.ts';
import { newResult } from '../../src/engine/result.ts';
import { resultOf, sentResult } from '../../src/engine/sent-result.ts';
import { Talkers } from '../../src/engine/talkers.ts';
import { sourceStats } from '../../src/sources/source.ts';

test('a result goes to another thread and is added to others there', () => {
  const results = [100, 250].map((bytes) => {
    const result = newResult(new Ledger(), sourceStats({}));
    result.packets = 2;
    result.ledger.count('flows.created', 1);
    const talkers = new Talkers();
    talkers.addAll({
      v4: { words: Int32Array.of(0x0a000001, 0x0a000002), bytes: Float64Array.of(bytes) },
      v6: { words: new Int32Array(0), bytes: new Float64Array(0) },
      isPartial: false,
    });
    result.talkers = talkers;
    return resultOf(structuredClone(sentResult(result)));
  });
  const all = mergeResults(results);
  expect(all.packets).toBe(4);
  expect(all.ledger.snapshot().counts).toContainEqual(['flows.created', 2]);
  expect(all.talkers.top(1)).toEqual([{ source: '10.0.0.1', destination: '10.0.0.2', bytes: 350 }]);
});
