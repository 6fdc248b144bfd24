// Somebody sets the clock back by an hour while packets are captured. The clock of the machine is everybody's, so no test can set it: here
// packets carry the times that the kernel would give them, and `Date.now` follows. All else is what the daemon runs.

import { afterEach, expect, test, vi } from 'vitest';
import { PacketUnit } from '../../src/daemon/packet-unit.ts';
import { deliveryTo } from '../../src/engine/delivery.ts';
import { makePlan } from '../../src/engine/plan.ts';
import type { RowBatch } from '../../src/records/row-batch.ts';
import type { RowSink } from '../../src/sinks/sink.ts';
import { FedSource, until } from '../capture/kit.ts';
import { BEGIN, udpFrame } from '../kit/packets.ts';

const HOUR = 3600;
const INTERVAL = 60;

interface Document {
  source: { ip: string; port: number; packets: number };
  destination: { packets: number };
  flow: { final: boolean };
  netscribe: { flow: { reason: string } };
}

class Documents implements RowSink {
  readonly name = 'documents';
  readonly encoding = 'ndjson';
  readonly all: Document[] = [];
  async open(): Promise<void> {}
  write({ bytes, ends, rows }: RowBatch): void {
    const text = new TextDecoder().decode(bytes.subarray(0, ends[rows - 1]));
    for (const line of text.trim().split('\n')) this.all.push(JSON.parse(line));
  }
  async close(): Promise<void> {}
  async abort(): Promise<void> {}
}

afterEach(() => vi.restoreAllMocks());

test('a clock that is set back by an hour: open flows end, time goes on from there, nothing is lost', async () => {
  const source = new FedSource();
  const sink = new Documents();
  let now = 0;
  vi.spyOn(Date, 'now').mockImplementation(() => (BEGIN + now) * 1000 + 500);
  const unit = new PacketUnit({
    plan: makePlan({
      records: ['flow'],
      flow: {
        maxFlows: 1000,
        timeoutSeconds: 600,
        tcpTimeoutSeconds: 600,
        halfOpenSeconds: 600,
        lingerSeconds: 5,
        intervalSeconds: INTERVAL,
      },
    }),
    links: undefined,
    sources: () => ({ sourceInit: async () => source, sourceRenew: async () => false }),
    delivery: () => deliveryTo([sink]),
  });
  const running = unit.run(() => void unit.update({ interfaces: { b: {} } }));
  const packets = async () => (await unit.figures()).engine?.packets ?? 0;
  let read = 0;
  async function feed(at: number, port: number): Promise<void> {
    now = at;
    source.feed([{ at, bytes: udpFrame(port, 9999) }]);
    read++;
    while ((await packets()) < read) await new Promise((resolve) => setTimeout(resolve, 2));
  }

  await feed(5, 30_000);
  expect(sink.all).toHaveLength(0);
  // Set back, and nothing comes: what was open ends all the same.
  now = 6 - HOUR;
  await until(() => sink.all.length === 1);
  expect(sink.all[0]).toMatchObject({ flow: { final: true }, netscribe: { flow: { reason: 'epoch' } } });
  // Time goes on: documents come at intervals of the new time.
  await feed(10 - HOUR, 30_001);
  now = 10 - HOUR + 2 * INTERVAL;
  await until(() => sink.all.length === 2);
  expect(sink.all[1]).toMatchObject({ flow: { final: false }, netscribe: { flow: { reason: 'interval' } } });
  // A second is no step: packets of several rings come out of order.
  await feed(now - 1, 30_002);
  expect(sink.all).toHaveLength(2);

  unit.stop(performance.now() + 100_000);
  const { result } = await running;
  expect(result.packets).toBe(3);
  expect(result.ledger.counts.get('clock.epochs')).toBe(1);
  const counted = sink.all.reduce((sum, { source: a, destination: b }) => sum + a.packets + b.packets, 0);
  expect(counted).toBe(3);
});
