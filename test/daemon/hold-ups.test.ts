// What of a hold-up is a thread's own work.

import { expect, test } from 'vitest';
import { HoldUps } from '../../src/daemon/hold-ups.ts';

const turn = () => new Promise((resolve) => setTimeout(resolve, 20));

test('waiting in the kernel is no work; computing is', async () => {
  const holdUps = new HoldUps();
  holdUps.enable();
  try {
    await turn();
    holdUps.take();
    // Asleep: as a thread is that gets no CPU.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
    await turn();
    const asleep = holdUps.take();
    expect(asleep.seconds).toBeGreaterThan(0.25);
    expect(asleep.cpuSeconds).toBeLessThan(asleep.seconds);
    const used = () => process.threadCpuUsage().user + process.threadCpuUsage().system;
    for (const begun = used(); used() - begun < 100_000; );
    await turn();
    expect(holdUps.take().cpuSeconds).toBeGreaterThanOrEqual(0.1);
  } finally {
    holdUps.disable();
  }
});
