// The end of a daemon of very many interfaces: their rings take the kernel long to close, and records do not wait for that.

import { expect, test } from 'vitest';
import { PacketUnit } from '../../src/daemon/packet-unit.ts';
import { deliveryTo } from '../../src/engine/delivery.ts';
import { makePlan } from '../../src/engine/plan.ts';
import { FedSource, until } from '../capture/kit.ts';
import { BEGIN, udpFrame } from '../kit/packets.ts';

class SlowSource extends FedSource {
  readonly closing = Promise.withResolvers<void>();
  override async close(): Promise<void> {
    await this.closing.promise;
    await super.close();
  }
}

test('all that was recorded is there before sources are closed', async () => {
  const source = new SlowSource();
  const unit = new PacketUnit({
    plan: makePlan({ records: ['flow'] }),
    links: undefined,
    sources: () => ({ sourceInit: async () => source, sourceRenew: async () => false }),
    delivery: () => deliveryTo([]),
  });
  const running = unit.run(() => void unit.update({ interfaces: { b: {} } }));
  source.feed([{ at: BEGIN, bytes: udpFrame(1, 2) }]);
  await until(() => source.stats().packets === 1);
  unit.stop(performance.now() + 100_000);
  const { result, unread } = await running;
  expect([result.packets, result.records.flow, unread]).toEqual([1, 1, 0]);
  let isClosed = false;
  const closing = unit.close().then(() => {
    isClosed = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(isClosed).toBe(false);
  source.closing.resolve();
  await closing;
});
