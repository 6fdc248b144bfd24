import { expect, test } from 'vitest';
import type { SinkStatus } from '../../src/daemon/messages.ts';
import { SinkNews } from '../../src/daemon/sink-news.ts';

const FULL = 'disk full; free space';
const sink = (error: string, lostRows = 0): SinkStatus => ({ name: 'store:data', rows: 1, bytes: 1, error, lostRows });

test('why a sink takes nothing is told once, and that it does again when it has done so for a while', () => {
  const news = new SinkNews();
  expect(news.look([sink('')], 0)).toEqual([]);
  expect(news.look([sink(FULL)], 1000)).toEqual([`store:data: ${FULL}`]);
  expect(news.look([sink(FULL)], 2000)).toEqual([]);
  // There was room for a moment.
  expect(news.look([sink('')], 3000)).toEqual([]);
  expect(news.look([sink(FULL)], 4000)).toEqual([]);
  expect(news.look([sink('no permission')], 5000)).toEqual(['store:data: no permission']);
  expect(news.look([sink('')], 6000)).toEqual([]);
  expect(news.look([sink('')], 15_999)).toEqual([]);
  expect(news.look([sink('')], 16_000)).toEqual(['store:data: records are taken again']);
  expect(news.look([sink('')], 17_000)).toEqual([]);
  expect(news.look([sink(FULL)], 18_000)).toEqual([`store:data: ${FULL}`]);
});

test('losses are told, summed up for a minute', () => {
  const news = new SinkNews();
  expect(news.look([sink(FULL, 5)], 0)).toEqual([
    `store:data: ${FULL}`,
    'store:data: 5 records found no room, and are lost',
  ]);
  expect(news.look([sink(FULL, 7)], 30_000)).toEqual([]);
  expect(news.look([sink(FULL, 9)], 60_000)).toEqual(['store:data: 4 records found no room, and are lost']);
  // The thread that has the sink was started again.
  expect(news.look([sink(FULL, 2)], 120_000)).toEqual(['store:data: 2 records found no room, and are lost']);
  expect(news.look([sink(FULL, 2)], 180_000)).toEqual([]);
});

test('reasons that differ each time are told a few times', () => {
  const news = new SinkNews();
  const told = Array.from({ length: 100 }, (_, n) => news.look([sink(`reason ${n}`)], n * 1000));
  expect(told.flat()).toHaveLength(10);
});
