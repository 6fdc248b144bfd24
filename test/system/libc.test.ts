import { expect, test } from 'vitest';
import { CallQueue } from '../../src/system/call-queue.ts';
import { loadLibc } from '../../src/system/libc.ts';

test('any number of calls can go on in other threads', async () => {
  const libc = await loadLibc();
  // Of no descriptor: none of them is ready.
  const nothing = new Uint8Array(Int32Array.of(-1, 0).buffer);
  const answers = await Promise.all(Array.from({ length: 2000 }, () => libc.pollLater(nothing, 0)));
  expect(new Set(answers)).toEqual(new Set([0]));
});

test('calls begin in their order, and one that fails leaves its place to the next', async () => {
  const queue = new CallQueue();
  const begun: number[] = [];
  const calls = Array.from({ length: 200 }, (_, n) =>
    queue.run(async () => {
      begun.push(n);
      await new Promise((resolve) => setImmediate(resolve));
      if (n % 2 === 1) throw new Error(`${n}`);
      return n;
    }),
  );
  const answers = await Promise.allSettled(calls);
  expect(
    answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : Number(answer.reason.message))),
  ).toEqual(begun);
  expect(begun).toEqual(Array.from({ length: 200 }, (_, n) => n));
});
