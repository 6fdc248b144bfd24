// The end of a daemon of very many interfaces: their rings take the kernel long to close, and records do not wait for that.

import { expect, test } from 'vitest';
import { CountUnit } from '../../src/daemon/count-unit.ts';
import { PacketUnit } from '../../src/daemon/packet-unit.ts';
import { deliveryTo } from '../../src/engine/delivery.ts';
import { makePlan } from '../../src/engine/plan.ts';
import type { FlowCount } from '../../src/sources/flow-count.ts';
import { sourceStats } from '../../src/sources/source.ts';
import type { TcxSource } from '../../src/sources/tcx/tcx-source.ts';
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

const NONE = { packets: 0, bytes: 0 };
const COUNT: FlowCount = {
  v6: false,
  source: [0, 0, 0, 0x0a000001],
  destination: [0, 0, 0, 0x0a000002],
  protocol: 17,
  sourcePort: 1,
  destinationPort: 2,
  vlan: 0,
  innerVlan: 0,
  interfaceId: 0,
  packets: 3,
  bytes: 300,
  payload: 100,
  tcpFlags: 0,
  firstTcpFlags: 0,
  ttl: 64,
  dscp: 0,
  firstSeconds: BEGIN,
  firstNanos: 0,
  lastSeconds: BEGIN,
  lastNanos: 1,
};

test('the last counts are read in time, however many interfaces are still counted', async () => {
  let attached = 1_000_000;
  let isClosed = false;
  let counts: FlowCount[] = [];
  const source = {
    interfaces: [{ name: 'b', linkType: 1, snapLength: 0, file: '' }],
    links: [],
    follow: async () => undefined,
    select: async () => undefined,
    drain: () => counts.splice(0),
    stats: () => ({ ...sourceStats({ packets: 3 }), noIp: NONE, broken: NONE, overflown: 0 }),
    // The kernel takes its time for each.
    detach: async (isLate: () => boolean) => {
      counts = [COUNT];
      while (attached > 0 && !isLate()) {
        attached--;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    close: async () => {
      isClosed = true;
    },
  };
  const unit = new CountUnit(source as unknown as TcxSource, makePlan({ records: ['flow'] }), () => deliveryTo([]));
  const running = unit.run(() => undefined);
  unit.stop(performance.now() + 3000);
  const { result } = await running;
  expect([result.packets, isClosed, attached > 0]).toEqual([3, false, true]);
  await unit.close();
  expect(isClosed).toBe(true);
});
