// Flows and time, which is that of packets: timeouts, intervals, epochs.

import { describe, expect, it } from 'vitest';
import { FlowKit, flows } from './flow-kit.ts';
import { client, connection, udp } from './traffic.ts';

describe('time', () => {
  it('ends flows that are idle, by packet time, before the packet that moves it', () => {
    const all = flows([udp(0, 1000), udp(30, 1000), udp(91, 2000), udp(92, 3000)]);
    expect(all.map((flow) => [client(flow), flow.reason, flow.cause, flow.networkPackets])).toEqual([
      [1000, 'timeout', 'timeout 3', 2],
      [2000, 'end-of-input', 'timeout 5', 1],
      [3000, 'end-of-input', 'timeout 5', 1],
    ]);
  });

  it('keeps established connections longer than half-open ones', () => {
    const made = [
      ...connection(1).c(0, 'S', 0).packets,
      ...connection(2).handshake(0).packets,
      udp(3500, 9),
      udp(3700, 9),
    ];
    expect(flows(made, { intervalSeconds: 0 }).map((flow) => [client(flow), flow.reason, flow.cause])).toEqual([
      [1, 'timeout', 'timeout 5'],
      [2, 'timeout', 'timeout 6'],
      [9, 'timeout', 'timeout 6'],
      [9, 'end-of-input', 'timeout 7'],
    ]);
  });

  it('ends at once what a jump over years leaves behind', () => {
    const all = flows([udp(0, 1), ...connection(2).handshake(1).packets, udp(1e9, 3)]);
    expect(all.map((flow) => [client(flow), flow.cause])).toEqual([
      [1, 'timeout 5'],
      [2, 'timeout 5'],
      [3, 'timeout 6'],
    ]);
  });

  it('bears small steps back', () => {
    const all = flows([udp(10, 1), udp(5, 1), udp(11, 1)]);
    expect(all.length).toBe(1);
    expect(all[0]).toMatchObject({ networkPackets: 3, endSeconds: 11 });
  });

  it('begins a new epoch with a step back of more than an hour', () => {
    const kit = new FlowKit().play([
      udp(10_000, 1),
      ...connection(2).handshake(10_000).packets,
      udp(1000, 1),
      udp(1090, 4),
    ]);
    expect(kit.end().map((flow) => [client(flow), flow.reason, flow.cause])).toEqual([
      [1, 'epoch', 'timeout 5'],
      [2, 'epoch', 'timeout 5'],
      [1, 'timeout', 'timeout 6'],
      [4, 'end-of-input', 'timeout 7'],
    ]);
    expect(kit.ledger.counts.get('clock.epochs')).toBe(1);
  });

  it('reports flows that go on at intervals of the clock, in deltas that add up', () => {
    const packets = Array.from({ length: 50 }, (_, i) => udp(i * 7, 1, { payload: 'x'.repeat(i) }));
    const all = flows(packets, { intervalSeconds: 60 });
    expect(all.length).toBeGreaterThan(4);
    expect(
      all.slice(0, -1).every((flow) => flow.reason === 'interval' && !flow.final && flow.cause.startsWith('interval')),
    ).toBe(true);
    expect(all.at(-1)).toMatchObject({ final: true, reason: 'end-of-input' });
    expect(all.reduce((sum, flow) => sum + flow.sourcePackets, 0)).toBe(50);
    expect(all.reduce((sum, flow) => sum + flow.sourceBytes, 0)).toBe(
      packets.reduce((sum, packet) => sum + packet.bytes.length, 0),
    );
    expect(new Set(all.map((flow) => flow.id)).size).toBe(1);
  });

  it('says nothing at intervals without traffic', () => {
    const made = connection().handshake(0);
    const all = flows(
      [...made.packets, ...[100, 200, 300].map((at) => udp(at, 7)), ...connection().c(400, 'A', 1).packets],
      { intervalSeconds: 60 },
    );
    expect(all.filter((flow) => flow.sourcePort === 40_000).map((flow) => [flow.reason, flow.networkPackets])).toEqual([
      ['interval', 3],
      ['end-of-input', 1],
    ]);
  });

  it('needs no pause of its reader: the same documents however often it is full', () => {
    const packets = Array.from({ length: 300 }, (_, i) => udp(i, 1 + (i % 90)));
    const whole = flows(packets, { intervalSeconds: 10 });
    for (const pauseEvery of [2, 3, 7]) {
      const kit = new FlowKit({ intervalSeconds: 10 }, [5, 6], 16);
      kit.pauseEvery = pauseEvery;
      expect(kit.play(packets).end()).toEqual(whole);
    }
  });
});
