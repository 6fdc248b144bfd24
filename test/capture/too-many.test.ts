// More links than can be captured come while others are: these stay as they are, their states are followed, and it is said.

import { expect, test } from 'vitest';
import { CaptureSet } from '../../src/capture/capture-set.ts';
import { MAX_INTERFACES } from '../../src/capture/interface-config.ts';
import type { LinkState } from '../../src/capture/link-table.ts';
import { FedSource, until } from './kit.ts';

test('too many links are told once, and those that are captured are followed', async () => {
  let links: LinkState[] = [{ name: 'v0', isUp: true }];
  let hasChanged = false;
  const notes: string[] = [];
  const set = new CaptureSet({
    isEndless: true,
    sourceInit: async () => new FedSource(),
    note: (words) => notes.push(words),
    links: {
      list: () => links,
      hasChanged: () => {
        const has = hasChanged;
        hasChanged = false;
        return has;
      },
      close: () => undefined,
    },
  });
  await set.update({ '/^v/': {} });
  /** Whoever reads looks after links now and then. */
  const reading = setInterval(() => void set.next(), 5);
  const change = (now: LinkState[]) => {
    links = now;
    hasChanged = true;
  };
  const many = (isUp: boolean) => Array.from({ length: MAX_INTERFACES + 1 }, (_, n) => ({ name: `v${n}`, isUp }));
  const states = () => Object.values(set.status([])).map(({ state }) => state);
  try {
    change(many(true));
    await until(() => notes.length > 0);
    expect(notes).toEqual([
      'the interfaces that are captured stay as they are: 1025 interfaces are meant; at most 1024 can be captured',
    ]);
    change(many(false));
    await until(() => states().includes('waiting'));
    expect([states(), notes.length]).toEqual([['waiting'], 1]);
    change([
      { name: 'v0', isUp: true },
      { name: 'v1', isUp: true },
    ]);
    await until(() => states().length === 2);
    expect(states()).toEqual(['capturing', 'capturing']);
    change(many(true));
    await until(() => notes.length === 2);
  } finally {
    clearInterval(reading);
    await set.close();
  }
});
