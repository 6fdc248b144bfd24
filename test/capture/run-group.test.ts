import { expect, test } from 'vitest';
import { RunGroup } from '../../src/capture/run-group.ts';

test('waits for all, those that fail too, and tells of them', async () => {
  const group = new RunGroup();
  const done: string[] = [];
  group.run(async () => {
    await new Promise((resolve) => setImmediate(resolve));
    done.push('slow');
    group.run(() => {
      done.push('late');
    });
  });
  group.run(() => {
    throw new Error('one failed');
  });
  group.run(() => {
    done.push('quick');
  });
  const errors = await group.wait();
  expect(done.toSorted()).toEqual(['late', 'quick', 'slow']);
  expect(errors.map(String)).toEqual(['Error: one failed']);
  expect(await group.wait()).toEqual([]);
});
