// A fault in the middle of a live capture: what was counted stays, the packets at hand are told to be lost.

import { expect, it } from 'vitest';
import { makePlan } from '../../src/engine/plan.ts';
import { run } from '../../src/engine/run.ts';
import type { PacketBatch } from '../../src/sources/source.ts';
import { MadeSource, udpFrame } from '../kit/packets.ts';

const PACKETS = [0, 0, 1, 1, 1, 2, 3].map((at) => ({ at, bytes: udpFrame(1024, 7777) }));
const BATCH = 3;

/** A live source whose second batch can not be read. */
class FaultySource extends MadeSource {
  #batches = 0;

  override next(): PacketBatch | 'end' {
    const batch = super.next();
    if (batch !== 'end' && ++this.#batches === 2) {
      Object.defineProperty(batch, 'interfaceId', {
        get: () => {
          throw new Error('broken');
        },
      });
    }
    return batch;
  }
  stop(): void {}
}

it('counts the packets that were lost to it', async () => {
  const faults: string[] = [];
  const result = await run(new FaultySource(PACKETS, BATCH), [], makePlan({ records: ['flow'] }), {
    faulted: ({ message }) => void faults.push(message),
  });
  expect(faults).toEqual(['broken']);
  expect(result.packets).toBe(BATCH);
  expect(result.frameBytes).toBe(BATCH * PACKETS[0].bytes.length);
  expect(result.ledger.packetsRead).toBe(BATCH);
  expect(result.ledger.counts.get('packets.faulted')).toBe(BATCH);
  expect(result.records.flow).toBe(1);
});
