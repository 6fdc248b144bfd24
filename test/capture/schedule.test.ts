// When write-outs are due, with clocks that are set.

import { expect, test } from 'vitest';
import { Schedule } from '../../src/capture/schedule.ts';

function scheduled(intervalSeconds: number, wallSeconds: number) {
  const now = { wall: wallSeconds * 1000, steady: 0 };
  const due: number[] = [];
  const schedule = new Schedule(intervalSeconds, (at) => due.push(at.getTime() / 1000), {
    wall: () => now.wall,
    steady: () => now.steady,
  });
  schedule.stop();
  /** Time passes in seconds; the schedule looks each second, as its timer does. */
  const pass = (seconds: number) => {
    for (let i = 0; i < seconds; i++) {
      now.wall += 1000;
      now.steady += 1000;
      schedule.look();
    }
  };
  return { now, due, pass };
}

test('at multiples of the interval', () => {
  const { due, pass } = scheduled(300, 1_000_000_010);
  pass(900);
  expect(due).toEqual([1_000_000_200, 1_000_000_500, 1_000_000_800]);
});

test('a clock that is set back an hour neither stops nor repeats them', () => {
  const { now, due, pass } = scheduled(300, 1_000_000_010);
  pass(200);
  now.wall -= 3_600_000;
  pass(700);
  expect(due).toEqual([1_000_000_200, 999_996_900, 999_997_200]);
});

test('a clock that is set forward is followed at once', () => {
  const { now, due, pass } = scheduled(300, 1_000_000_010);
  pass(10);
  now.wall += 3_600_000;
  pass(1);
  expect(due).toEqual([1_000_003_500]);
  pass(300);
  expect(due).toEqual([1_000_003_500, 1_000_003_800]);
});
