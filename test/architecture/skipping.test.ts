// A test that does not run says why: skipping is done by what gives a reason (test/kit/unless.ts, `context.skip`).

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
