import { expect, test } from 'vitest';
import type { CaptureState } from '../../src/capture/status.ts';
import { InterfaceNews } from '../../src/daemon/interface-news.ts';

const GONE = "there is no interface 'eth0' now";
const eth0 = (state: CaptureState, error = '') => ({ eth0: { state, error } });

test('an interface that goes and comes is told once, and that it is back when it stays', () => {
  const news = new InterfaceNews();
  expect(news.look(eth0('capturing'), 0)).toEqual([]);
  expect(news.look(eth0('waiting', GONE), 1000)).toEqual([`eth0: ${GONE}`]);
  expect(news.look(eth0('capturing'), 2000)).toEqual([]);
  expect(news.look(eth0('waiting', GONE), 3000)).toEqual([]);
  expect(news.look(eth0('failed', 'no permission'), 4000)).toEqual(['eth0: no permission']);
  expect(news.look(eth0('capturing'), 5000)).toEqual([]);
  expect(news.look(eth0('capturing'), 15_000)).toEqual(['eth0: is captured now']);
  expect(news.look(eth0('disabled'), 16_000)).toEqual([]);
});

test('what the start has told is not told twice', () => {
  const news = new InterfaceNews();
  expect(news.look(eth0('waiting', GONE), 0)).toEqual([]);
  expect(news.look(eth0('waiting', GONE), 1000)).toEqual([]);
  expect(news.look(eth0('capturing'), 2000)).toEqual([]);
  expect(news.look(eth0('capturing'), 12_000)).toEqual(['eth0: is captured now']);
  // Not in the configuration for a while.
  expect(news.look({}, 13_000)).toEqual([]);
  expect(news.look(eth0('waiting', GONE), 14_000)).toEqual([]);
});
