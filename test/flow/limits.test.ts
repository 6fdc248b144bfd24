// What a full table does, and counters beyond 32 bits.

import { describe, expect, it } from 'vitest';
import { tcpFrame } from '../kit/packets.ts';
import { FlowKit, flows } from './flow-kit.ts';
import { connection, udp } from './traffic.ts';

describe('limits', () => {
  /** Flows of one shard are not known from outside: many of them fill every shard. */
  it('evicts half-open flows before established ones', () => {
    const established = Array.from({ length: 100 }, (_, i) => connection(20_000 + i).handshake(0.1).packets).flat();
    const flood = Array.from({ length: 20_000 }, (_, i) => ({
      at: 1,
      bytes: tcpFrame(1024 + (i % 50_000), 81, { flags: 'S', seq: i, from: `10.9.${i >> 8}.${i & 255}` }),
    }));
    const kit = new FlowKit({ maxFlows: 64 * 16 })
      .play(established)
      .play(flood)
      .play([{ at: 2, bytes: tcpFrame(20_000, 80, { flags: 'A', seq: 1001, ack: 5001 }) }]);
    const all = kit.end();
    const good = all.filter(
      (flow) => flow.destinationPort === 80 && flow.sourcePort! >= 20_000 && flow.source === '10.0.0.1',
    );
    expect(good.length).toBe(100);
    expect(good.every((flow) => flow.reason === 'end-of-input')).toBe(true);
    expect(kit.tracker.counters.evicted).toBe(all.filter((flow) => flow.reason === 'evicted').length);
    expect(kit.tracker.counters.evicted).toBeGreaterThan(15_000);
    expect(kit.tracker.counters.evictedHalfOpen).toBe(kit.tracker.counters.evicted);
    expect(all.reduce((sum, flow) => sum + flow.networkPackets, 0)).toBe(300 + 20_000 + 1);
  });

  it('evicts established flows when there is nothing else', () => {
    const kit = new FlowKit({ maxFlows: 64 }).play(
      Array.from({ length: 300 }, (_, i) => connection(1 + i).handshake(0).packets).flat(),
    );
    const all = kit.end();
    expect(all.reduce((sum, flow) => sum + flow.networkPackets, 0)).toBe(900);
    expect(kit.tracker.counters.peak).toBeLessThanOrEqual(64);
  });

  it('counts what a table without room refuses', () => {
    const kit = new FlowKit({ maxFlows: 1 }).play(Array.from({ length: 50 }, (_, i) => udp(0, 1 + i)));
    const counted = kit.end().reduce((sum, flow) => sum + flow.networkPackets, 0);
    expect(counted + kit.refusedPackets).toBe(50);
    expect(counted).toBeGreaterThan(0);
  });

  it('carries counters beyond 32 bits', () => {
    const frames = Array.from({ length: 6 }, (_, i) => ({ ...udp(i, 1), wireLength: 0xffffffff }));
    expect(flows(frames)[0]).toMatchObject({
      sourcePackets: 6,
      sourceBytes: 6 * 0xffffffff,
      networkBytes: 6 * 0xffffffff,
    });
    const split = flows(frames, { intervalSeconds: 3 });
    expect(split.reduce((sum, flow) => sum + flow.sourceBytes, 0)).toBe(6 * 0xffffffff);
  });
});
