// Others in the thread of a live capture have their turn while one batch is looked at, when that takes long; the clock is ours here.

import { afterEach, expect, it, vi } from 'vitest';
import { makePlan } from '../../src/engine/plan.ts';
import { run } from '../../src/engine/run.ts';
import { newPacketBatch, type PacketBatch, type PacketSource, sourceStats } from '../../src/sources/source.ts';
import { udpFrame } from '../kit/packets.ts';

const PACKETS = 3000;

/** One batch, and how many turns others had before it was given back. */
class OneBatch implements PacketSource {
  readonly interfaces = [{ name: 'a', linkType: 1, snapLength: 0, file: '' }];
  readonly secrets = [];
  readonly names = [];
  turns = 0;
  stop?: () => void;
  #batch: PacketBatch | undefined;
  #isHeld = false;

  constructor(isLive: boolean) {
    if (isLive) this.stop = () => undefined;
    const frame = udpFrame(1024, 7777);
    this.#batch = newPacketBatch(frame, PACKETS);
    this.#batch.count = PACKETS;
    for (let i = 0; i < PACKETS; i++) {
      this.#batch.numbers[i] = i + 1;
      this.#batch.capturedLength[i] = frame.length;
      this.#batch.wireLength[i] = frame.length;
      this.#batch.linkType[i] = 1;
      this.#batch.seconds[i] = 1_700_000_000;
    }
  }
  async open(): Promise<void> {}
  next(): PacketBatch | 'end' {
    const batch = this.#batch;
    if (batch === undefined) return 'end';
    this.#batch = undefined;
    this.#isHeld = true;
    const turn = () => {
      if (!this.#isHeld) return;
      this.turns++;
      setImmediate(turn);
    };
    setImmediate(turn);
    return batch;
  }
  release(): void {
    this.#isHeld = false;
  }
  stats() {
    return sourceStats({ packets: PACKETS });
  }
  async close(): Promise<void> {}
}

afterEach(() => {
  vi.restoreAllMocks();
});

/** Turns in the batch when so many ms are over whenever somebody looks at the clock. */
async function turnsOf(isLive: boolean, stepMs: number): Promise<number> {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => (now += stepMs));
  const source = new OneBatch(isLive);
  const { packets } = await run(source, [], makePlan({ records: ['flow'] }));
  expect(packets).toBe(PACKETS);
  return source.turns;
}

it('gives turns within a batch of a live source that takes long, and none elsewhere', async () => {
  expect(await turnsOf(true, 20)).toBeGreaterThanOrEqual(4);
  expect(await turnsOf(true, 0)).toBe(0);
  expect(await turnsOf(false, 20)).toBe(0);
});
