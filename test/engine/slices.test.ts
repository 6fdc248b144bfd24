// Many flows written at once, at an interval or at the end, do not hold up what else a capturing thread has to do.

import { expect, test } from 'vitest';
import { Clock } from '../../src/engine/clock.ts';
import { Dissector } from '../../src/engine/dissect.ts';
import { InlineAnalyst } from '../../src/engine/inline.ts';
import { Ledger } from '../../src/engine/ledger.ts';
import { FLOW_DEFAULTS, makePlan } from '../../src/engine/plan.ts';
import { newResult } from '../../src/engine/result.ts';
import { batchOf, type MadePacket, MadeSource, udpFrame } from '../kit/packets.ts';

const FLOWS = 3000;
/** Over whenever somebody looks at the clock. */
const NO_TIME = 1e-9;

/** Documents of all flows, and how often others had their turn while these were written. */
async function writeAll(sliceMs: number): Promise<{ documents: number; turns: number }> {
  const salts: [number, number] = [1, 2];
  const plan = makePlan({ records: ['flow'] });
  const delivery = {
    wanted: { rows: ['ndjson' as const], columns: false },
    rows: async () => {},
    columns: async () => {},
    hasRoom: true,
  };
  const dissector = new Dissector({ ...plan.dissect, headersOnly: true }, new Ledger(), new Clock(), salts);
  const analyst = new InlineAnalyst(plan, delivery, salts, sliceMs);
  const batch = batchOf(Array.from({ length: FLOWS }, (_, i) => ({ at: 1, bytes: udpFrame(10_000 + i, 9999) })));
  for (let from = 0; from < batch.count; ) {
    const stage = analyst.stage();
    from = dissector.run(batch, from, stage);
    await analyst.analyse(stage, batch);
  }
  const result = newResult(new Ledger(), new MadeSource([]).stats());
  let turns = 0;
  let isOver = false;
  const count = () => {
    turns++;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  await analyst.finish(FLOWS, result);
  isOver = true;
  return { documents: result.records.flow, turns };
}

test('others have their turn while all flows are written, where they shall', async () => {
  const sliced = await writeAll(NO_TIME);
  expect(sliced.documents).toBe(FLOWS);
  expect(sliced.turns).toBeGreaterThan(5);
  expect(await writeAll(0)).toEqual({ documents: FLOWS, turns: 0 });
});

test('the reports of an interval come between the batches of a live source, as far as there is room for them', async () => {
  const salts: [number, number] = [1, 2];
  const plan = makePlan({ records: ['flow'], flow: { ...FLOW_DEFAULTS, intervalSeconds: 10 } });
  const delivery = {
    wanted: { rows: ['ndjson' as const], columns: false },
    rows: async () => {},
    columns: async () => {},
    hasRoom: true,
  };
  const dissector = new Dissector({ ...plan.dissect, headersOnly: true }, new Ledger(), new Clock(), salts);
  const analyst = new InlineAnalyst(plan, delivery, salts, NO_TIME, true);
  const view = analyst.look(new Ledger());
  const reported = () => view.figures().records.flow;
  const play = async (packets: readonly MadePacket[], first: number) => {
    const batch = batchOf(packets, first);
    for (let from = 0; from < batch.count; ) {
      const stage = analyst.stage();
      from = dissector.run(batch, from, stage);
      await analyst.analyse(stage, batch);
    }
  };
  await play(
    Array.from({ length: FLOWS }, (_, i) => ({ at: 1, bytes: udpFrame(10_000 + i, 9999) })),
    1,
  );
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
  const salts: [number, number] = [1, 2];
  const plan = makePlan({ records: ['flow'] });
  const delivery = {
    wanted: { rows: [], columns: false },
    rows: async () => {},
    columns: async () => {},
    hasRoom: true,
  };
  const dissector = new Dissector({ ...plan.dissect, headersOnly: true }, new Ledger(), new Clock(), salts);
  const analyst = new InlineAnalyst(plan, delivery, salts, NO_TIME);
  const view = analyst.look(new Ledger());
  const batch = batchOf(Array.from({ length: FLOWS }, (_, i) => ({ at: 1, bytes: udpFrame(10_000 + i, 9999) })));
  for (let from = 0; from < batch.count; ) {
    const stage = analyst.stage();
    from = dissector.run(batch, from, stage);
    await analyst.analyse(stage, batch);
  }
  for (const look of [
    async () => (await view.liveColumns()).reduce((sum, { rows }) => sum + rows, 0),
    async () => new Set(await view.liveDocuments(FLOWS)).size,
    async () => (await view.liveDocuments(FLOWS / 2)).length * 2,
  ]) {
    let turns = 0;
    let isOver = false;
    const count = () => {
      turns++;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    expect(await look()).toBe(FLOWS);
    isOver = true;
    expect(turns).toBeGreaterThan(5);
  }
});
