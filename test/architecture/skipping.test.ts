// What every test does: one that does not run says why (test/kit/unless.ts, `context.skip`), and none is given less time than all.

import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { PROJECT } from '../kit/shared.ts';

/** The reporter knows the reason of this one. */
const EXPLAINED = /\b\w+\.skipIf\(!hasShared\)/g;
const SILENT = /\b(?:describe|it|test)\.(?:skipIf|runIf|skip|todo)\b/g;

test('no test is skipped without a reason', () => {
  const silent: string[] = [];
  for (const name of readdirSync(`${PROJECT}test`, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.test.ts') || name.endsWith('skipping.test.ts')) continue;
    const text = readFileSync(`${PROJECT}test/${name}`, 'utf8').replaceAll(EXPLAINED, '');
    for (const [found] of text.matchAll(SILENT)) silent.push(`${name}: ${found}`);
  }
  expect(silent).toEqual([]);
});

/** `{ timeout: 60_000 }` of a test or suite, and a number behind its body. */
const SHORTER = /\{ timeout: [\d_]{5,} \}|^\s*\}, [\d_]{5,}\);/gm;

test('no test has a time of its own: how long it takes is the machine’s business', () => {
  const shorter: string[] = [];
  for (const name of readdirSync(`${PROJECT}test`, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.test.ts') || name.endsWith('skipping.test.ts')) continue;
    // Timers of tests are something else.
    const text = readFileSync(`${PROJECT}test/${name}`, 'utf8').replaceAll(
      /setTimeout\([^;]*;|setInterval\([^;]*;/gs,
      '',
    );
    for (const [found] of text.matchAll(SHORTER)) shorter.push(`${name}: ${found.trim()}`);
  }
  expect(shorter).toEqual([]);
});
