// The stream of records as they are made: nothing is encoded for nobody, and a main thread that is slow bounds what waits for it.

import { expect, test } from 'vitest';
import { Tap } from '../../src/daemon/tap.ts';
import { deliveryTo } from '../../src/engine/delivery.ts';
import { Ledger } from '../../src/engine/ledger.ts';
import { lossOf, lossRecord } from '../../src/engine/loss-record.ts';
import { RowOutlet } from '../../src/engine/outlet.ts';
import { MemorySink } from '../kit/engine.ts';

const record = lossOf(new Ledger(), 1, 2, 3);

function tapped() {
  const shown: { lines: string[]; missed: number }[] = [];
  const tap = new Tap((lines, missed) => shown.push({ lines, missed }));
  const delivery = deliveryTo([tap]);
  const outlet = new RowOutlet([lossRecord], delivery.wanted.rows, delivery.wanted.idle);
  const make = async (rows: number) => {
    for (let i = 0; i < rows; i++) outlet.put(0, record, {}, i, 0);
    const batch = outlet.take();
    if (batch !== null) await delivery.rows(batch);
    return batch?.rows ?? 0;
  };
  return { tap, shown, make };
}

test('nothing is encoded while nobody streams', async () => {
  const { tap, shown, make } = tapped();
  expect(await make(10)).toBe(0);
  tap.isOn = true;
  expect(await make(3)).toBe(3);
  expect(shown.map(({ lines, missed }) => [lines.length, missed])).toEqual([[3, 0]]);
  expect(JSON.parse(shown[0].lines[2]).netscribe.loss.kernel_dropped).toBe(3);
  tap.isOn = false;
  expect(await make(5)).toBe(0);
});

test('beside another sink of rows all are encoded', () => {
  const tap = new Tap(() => undefined);
  expect(deliveryTo([tap, new MemorySink()]).wanted.idle).toBeUndefined();
  expect(deliveryTo([tap]).wanted.idle).toBe(tap.idle);
});

test('lines that nobody has taken yet are bounded; the others are told as missed', async () => {
  const { tap, shown, make } = tapped();
  tap.isOn = true;
  await make(3000);
  await make(3000);
  await make(10);
  expect(shown.map(({ lines, missed }) => [lines.length, missed])).toEqual([
    [3000, 0],
    [1000, 2000],
    [0, 10],
  ]);
  tap.taken(4000);
  await make(10);
  expect(shown.at(-1)).toMatchObject({ missed: 0 });
});
