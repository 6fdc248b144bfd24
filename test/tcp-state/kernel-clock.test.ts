// Unix time of the kernel's monotonic time, on a machine that holds up whoever reads its clocks.

import { afterEach, expect, it, vi } from 'vitest';
import { KernelClock } from '../../src/tcp-state/kernel-clock.ts';
import { Random } from '../kit/generate/random.ts';

const MS = 1_000_000n;
/** Unix time minus monotonic time. */
const OFFSET = 1_700_000_000_123_456_789n;
const SEED = 5;

afterEach(() => vi.restoreAllMocks());

/** Clocks of which each reading takes 0.3 µs, and often some milliseconds. Gives what sets Unix time forward. */
function heldUp(share: number): (ns: bigint) => void {
  const random = new Random(SEED);
  let now = 5_000_000_000n;
  let set = 0n;
  const pass = () => {
    now += random.chance(share) ? BigInt(random.between(2, 12)) * MS : 300n;
    return now;
  };
  vi.spyOn(process.hrtime, 'bigint').mockImplementation(pass);
  vi.spyOn(Date, 'now').mockImplementation(() => Number((pass() + OFFSET + set) / MS));
  return (ns) => {
    set += ns;
  };
}

function errorOf(clock: KernelClock, set = 0n): number {
  const at = 7_654_321_000;
  const said = BigInt(clock.seconds(at)) * 1_000_000_000n + BigInt(clock.nanos);
  return Math.abs(Number(said - (BigInt(at) + OFFSET + set)));
}

it.each([0, 0.01, 0.3])('knows the difference to 20 µs, whatever holds it up (%d of the readings)', (share) => {
  heldUp(share);
  expect(errorOf(new KernelClock())).toBeLessThanOrEqual(20_000);
});

it('takes no delay for a step, and sees the step of a clock that was set', () => {
  const set = heldUp(0.3);
  const clock = new KernelClock();
  for (let i = 0; i < 1000; i++) clock.check();
  expect(clock.steps).toBe(0);
  set(60n * MS);
  // A reading that took longer than the step tells nothing of it.
  for (let i = 0; i < 100; i++) clock.check();
  expect(clock.steps).toBe(1);
  expect(errorOf(clock, 60n * MS)).toBeLessThanOrEqual(20_000);
});
