// Partial answers: the newest first, each over several times as much, none that says nothing.

import { expect, test } from 'vitest';
import { glances } from '../../src/api/glances.ts';

const NOW = 1_000_000_000n * 1_000_000_000n;
const back = (seconds: number) => NOW - BigInt(seconds) * 1_000_000_000n;
const seconds = (beginnings: readonly bigint[]) => beginnings.map((ns) => Number((NOW - ns) / 1_000_000_000n));
const DAY = 86_400;

test('a store of a year: minutes, hours, days, weeks, months', () => {
  expect(seconds(glances(NOW, {}, back(365 * DAY)))).toEqual([300, 3600, 21_600, DAY, 7 * DAY, 30 * DAY, 180 * DAY]);
});

test('none that reaches back as far as the records do', () => {
  expect(seconds(glances(NOW, {}, back(2 * DAY)))).toEqual([300, 3600, 21_600, DAY]);
  expect(glances(NOW, {}, back(300))).toEqual([]);
  expect(glances(NOW, {}, undefined)).toEqual([]);
});

test('none outside of what was asked for', () => {
  expect(seconds(glances(NOW, { firstNs: back(4000) }, back(365 * DAY)))).toEqual([300, 3600]);
  expect(seconds(glances(NOW, { lastNs: back(3 * DAY) }, back(8 * DAY)))).toEqual([7 * DAY]);
  expect(glances(NOW, { firstNs: back(100) }, back(365 * DAY))).toEqual([]);
});
