import { afterEach, expect, test, vi } from 'vitest';
import { Backoff } from '../../src/capture/backoff.ts';
import { Capture } from '../../src/capture/capture.ts';
import { FedSource } from './kit.ts';

afterEach(() => vi.useRealTimers());

test('waits twice as long each time, up to the limit, and begins anew after success', () => {
  const backoff = new Backoff(1000, 30_000);
  expect(Array.from({ length: 7 }, () => backoff.next())).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  backoff.reset();
  expect(backoff.next()).toBe(1000);
});

test('an interface that fails again and again is tried less and less often; one that was well, soon', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const capture = new Capture('eth0', 0, {});
  const wait = (): number => {
    let ms = 0;
    for (; !capture.isDue(performance.now()); ms += 250) vi.advanceTimersByTime(250);
    return ms;
  };
  const failing = () => {
    throw new Error('no such thing');
  };
  const waits = [];
  for (let i = 0; i < 7; i++) {
    await capture.open(failing, 1);
    waits.push(wait());
  }
  expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  expect(capture).toMatchObject({ state: 'failed', error: 'no such thing' });

  const source = new FedSource();
  await capture.open(() => source, 1);
  expect(capture).toMatchObject({ state: 'capturing', error: '' });
  source.error = new Error('lost');
  capture.poll(() => undefined);
  await vi.waitFor(() => expect(capture.state).toBe('failed'));
  expect(wait()).toBe(1000);
});
