// A mirror port that shows each packet twice: datagrams are looked into once, and counted as often as they came.

import { describe, expect, it } from 'vitest';
import { makePlan } from '../../src/engine/plan.ts';
import { run } from '../../src/engine/run.ts';
import { documents, MemorySink } from '../kit/engine.ts';
import { icmpFrame, type MadePacket, MadeSource, udpFrame } from '../kit/packets.ts';
import { a, query, response } from '../protocols/dns/build.ts';
import { bytes, u16 } from '../wire/frames.ts';

const REPLY = { from: '10.0.0.2', to: '10.0.0.1' };
const asked = (ms: number, id = 1): MadePacket => ({
  at: ms / 1000,
  bytes: udpFrame(50_000, 53, { id, payload: query('example.org') }),
});
const answered = (ms: number, id = 2): MadePacket => ({
  at: ms / 1000,
  bytes: udpFrame(53, 50_000, { ...REPLY, id, payload: response('example.org', [a('192.0.2.1')]) }),
});
const ping = (ms: number, type: 0 | 8): MadePacket => ({
  at: ms / 1000,
  bytes: icmpFrame(type, 0, bytes(u16(7), u16(1), 'abcd'), type === 0 ? REPLY : {}),
});

async function play(packets: readonly MadePacket[]) {
  const sink = new MemorySink();
  const result = await run(new MadeSource(packets), [sink], makePlan({ flow: { maxFlows: 4096 } as never }));
  const all = documents(sink.text);
  return {
    told: all.filter(({ event }) => event.dataset !== 'flow' && event.dataset !== 'loss'),
    flows: all.filter(({ event }) => event.dataset === 'flow'),
    copies: result.ledger.counts.get('datagrams.copies') ?? 0,
  };
}

describe('copies of datagrams', () => {
  it.each([
    ['DNS', [asked(0), asked(0.1), answered(5), answered(5.2)]],
    ['DNS, out of order', [asked(0), answered(0.5), asked(0.5), answered(0.5)]],
    ['ping', [ping(0, 8), ping(0.1, 8), ping(5, 0), ping(5.2, 0)]],
  ])('are no transactions, but packets: %s', async (_, packets) => {
    const { told, flows, copies } = await play(packets);
    expect(told).toMatchObject([{ status: 'OK' }]);
    expect(flows).toMatchObject([{ network: { packets: 4 } }]);
    expect(copies).toBe(2);
  });

  it.each([
    ['comes later', [asked(0), asked(2), answered(12)]],
    ['is another datagram by its identification', [asked(0), asked(0.1, 9), answered(5)]],
  ])('are not meant by what is the same and %s', async (_, packets) => {
    const { told, copies } = await play(packets);
    expect(told).toHaveLength(2);
    expect(copies).toBe(0);
  });

  it('are told from others among thousands of flows', async () => {
    const many = Array.from({ length: 3000 }, (_, i): MadePacket[] => {
      const one = (id: number, at: number) => ({
        at,
        bytes: udpFrame(20_000 + i, 53, { id, payload: query(`n${i}.example.org`) }),
      });
      return [one(i, i / 1e5), one(i, i / 1e5), one(i + 1, i / 1e5)];
    });
    const { told, copies } = await play(many.flat());
    expect(copies).toBe(3000);
    expect(told).toHaveLength(6000);
  });
});
