// docs/differences.md: where our answer differs from tshark's in the shared captures, each with capture, frame and rule; few enough to be read.

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { PROJECT } from './kit/shared.ts';

const MOST = 20;

it('names capture, frame, difference and rule of at most twenty cases', () => {
  const text = readFileSync(`${PROJECT}docs/differences.md`, 'utf8');
  const [table] = text.split('\nWhat differs in traffic');
  const rows = table.split('\n').filter((line) => line.startsWith('| `'));
  expect(rows.length).toBeGreaterThan(0);
  expect(rows.length).toBeLessThanOrEqual(MOST);
  for (const row of rows) expect(row.split(' | ')).toHaveLength(4);
});
