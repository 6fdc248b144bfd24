// An interface that can not be opened is tried again, later each time; while other changes take their time, too.

import { afterEach, expect, test, vi } from 'vitest';
import { CaptureSet } from '../../src/capture/capture-set.ts';
import type { PacketSource } from '../../src/sources/source.ts';
import { FedSource } from './kit.ts';

/** Each failure makes the next wait longer: this is more than all of them. */
const LATER_MS = 60_000;
/** Failed interfaces are looked at so often at least. */
const LOOK_MS = 1000;

afterEach(() => vi.restoreAllMocks());

/** Time goes on by so much. */
function clock(): (ms: number) => void {
  const now = performance.now.bind(performance);
  let ahead = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now() + ahead);
  return (ms) => {
    ahead += ms;
  };
}

/** Interface `good` is there, `bad` fails as `open` says; gives how often each was tried. */
function setOf(open: () => Promise<PacketSource>, beforeClose: () => Promise<void> = async () => undefined) {
  const tries = { good: 0, bad: 0 };
  const set = new CaptureSet({
    isEndless: true,
    beforeClose,
    sourceInit: async (name) => {
      tries[name as 'good' | 'bad']++;
      return name === 'good' ? new FedSource() : open();
    },
  });
  return { set, tries };
}

const failing = async (): Promise<PacketSource> => {
  throw new Error('no memory');
};

test('one that is captured no longer is not opened any more', async () => {
  const pass = clock();
  const gate = Promise.withResolvers<void>();
  const { set, tries } = setOf(failing, () => gate.promise);
  await set.update({ good: {}, bad: {} });
  expect(set.status(['bad']).bad.state).toBe('failed');
  const updated = set.update({});
  pass(LATER_MS);
  await set.next();
  gate.resolve();
  await updated;
  await set.update({});
  expect(tries).toEqual({ good: 1, bad: 1 });
  await set.close();
});

test('a try that takes long is one, however often it is looked meanwhile', async () => {
  const pass = clock();
  const gate = Promise.withResolvers<void>();
  let isFirst = true;
  const { set, tries } = setOf(async () => {
    if (!isFirst) await gate.promise;
    isFirst = false;
    return failing();
  });
  await set.update({ bad: {} });
  pass(LATER_MS);
  for (let i = 0; i < 5; i++) {
    await set.next();
    pass(LOOK_MS);
  }
  gate.resolve();
  await set.update({ bad: {} });
  expect(tries.bad).toBe(2);
  pass(LATER_MS);
  await set.next();
  await set.update({ bad: {} });
  expect(tries.bad).toBe(3);
  await set.close();
});
