// Many flows written at once, at an interval or at the end, do not hold up what else a capturing thread has to do.

import { expect, test } from 'vitest';
import { Clock } from '../../src/engine/clock.ts';
import { Dissector } from '../../src/engine/dissect.ts';
import { InlineAnalyst } from '../../src/engine/inline.ts';
import { Ledger } from '../../src/engine/ledger.ts';
import { FLOW_DEFAULTS, makePlan } from '../../src/engine/plan.ts';
import { newResult } from '../../src/engine/result.ts';
import type { EncodingName } from '../../src/records/encodings.ts';
import { batchOf, type MadePacket, MadeSource, udpFrame } from '../kit/packets.ts';

const FLOWS = 3000;
/** Over whenever somebody looks at the clock. */
const NO_TIME = 1e-9;

/** Somebody who analyses flows alone, and a way to give packets. */
function flowsAnalyst(
  sliceMs: number,
  options: { rows?: EncodingName[]; intervalSeconds?: number; rolling?: boolean } = {},
) {
  const { rows = ['ndjson'], intervalSeconds = FLOW_DEFAULTS.intervalSeconds, rolling = false } = options;
  const salts: [number, number] = [1, 2];
  const plan = makePlan({ records: ['flow'], flow: { ...FLOW_DEFAULTS, intervalSeconds } });
  const delivery = { wanted: { rows, columns: false }, rows: async () => {}, columns: async () => {}, hasRoom: true };
  const dissector = new Dissector({ ...plan.dissect, headersOnly: true }, new Ledger(), new Clock(), salts);
  const analyst = new InlineAnalyst(plan, delivery, salts, sliceMs, rolling);
  const play = async (packets: readonly MadePacket[], first = 1) => {
    const batch = batchOf(packets, first);
    for (let from = 0; from < batch.count; ) {
      const stage = analyst.stage();
      from = dissector.run(batch, from, stage);
      await analyst.analyse(stage, batch);
    }
  };
  return { analyst, delivery, play };
}

/** A packet of each flow. */
const ALL = Array.from({ length: FLOWS }, (_, i) => ({ at: 1, bytes: udpFrame(10_000 + i, 9999) }));

/** How often others had their turn while `work` went on. */
async function turnsDuring(work: () => Promise<void>): Promise<number> {
  let turns = 0;
  let isOver = false;
  const count = () => {
    turns++;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  await work();
  isOver = true;
  return turns;
}

test('what there is no time for at the end is counted to the last flow', async () => {
  for (const asked of [1, 3, 5]) {
    const { analyst, play } = flowsAnalyst(NO_TIME);
    await play(ALL);
    const result = newResult(new Ledger(), new MadeSource([]).stats());
    let times = 0;
    await analyst.finish(FLOWS, result, () => ++times === asked);
    const unwritten = result.ledger.counts.get('flows.unwritten')!;
    expect(unwritten).toBeGreaterThan(0);
    expect(unwritten).toBeLessThan(FLOWS);
    expect(result.records.flow + unwritten).toBe(FLOWS);
  }
});

/** Documents of all flows, and how often others had their turn while these were written. */
async function writeAll(sliceMs: number): Promise<{ documents: number; turns: number }> {
  const { analyst, play } = flowsAnalyst(sliceMs);
  await play(ALL);
  const result = newResult(new Ledger(), new MadeSource([]).stats());
  const turns = await turnsDuring(() => analyst.finish(FLOWS, result));
  return { documents: result.records.flow, turns };
}

test('others have their turn while all flows are written, where they shall', async () => {
  const sliced = await writeAll(NO_TIME);
  expect(sliced.documents).toBe(FLOWS);
  expect(sliced.turns).toBeGreaterThan(5);
  expect(await writeAll(0)).toEqual({ documents: FLOWS, turns: 0 });
});

test('the reports of an interval come between the batches of a live source, as far as there is room for them', async () => {
  const { analyst, delivery, play } = flowsAnalyst(NO_TIME, { intervalSeconds: 10, rolling: true });
  const view = analyst.look(new Ledger());
  const reported = () => view.figures().records.flow;
  await play(ALL);
  await analyst.catchUp();
  expect(reported()).toBe(0);
  await play([{ at: 11, bytes: udpFrame(10_000, 9999) }], FLOWS + 1);
  expect(reported()).toBe(1);
  delivery.hasRoom = false;
  await analyst.catchUp();
  expect(reported()).toBe(1);
  delivery.hasRoom = true;
  const steps: number[] = [];
  for (let before = reported(); before < FLOWS; before = reported()) {
    await analyst.catchUp();
    steps.push(reported() - before);
  }
  expect(Math.max(...steps)).toBeLessThanOrEqual(256);
  expect(reported()).toBe(FLOWS);
  await analyst.catchUp();
  const result = newResult(new Ledger(), new MadeSource([]).stats());
  await analyst.finish(FLOWS + 1, result);
  // The packet behind the interval is in the last document of its flow; all others ended without more.
  expect(result.records.flow).toBe(2 * FLOWS);
});

test('a look at all open flows gives packets their turn in between', async () => {
  const { analyst, play } = flowsAnalyst(NO_TIME, { rows: [] });
  const view = analyst.look(new Ledger());
  await play(ALL);
  for (const look of [
    async () => (await view.liveColumns()).reduce((sum, { rows }) => sum + rows, 0),
    async () => new Set(await view.liveDocuments(FLOWS)).size,
    async () => (await view.liveDocuments(FLOWS / 2)).length * 2,
  ]) {
    const turns = await turnsDuring(async () => {
      expect(await look()).toBe(FLOWS);
    });
    expect(turns).toBeGreaterThan(5);
  }
});
