// Connections as documents: given these segments, this state, these counters, this end.

import { describe, expect, it } from 'vitest';
import fc from '../kit/arbitrary.ts';
import { flows } from './flow-kit.ts';
import { connection } from './traffic.ts';

describe('a connection', () => {
  it('from handshake to close', () => {
    const [flow, ...others] = flows(
      connection().handshake(0).c(1, 'PA', 1, 1, 'GET').s(1.1, 'PA', 1, 4, 'hello').close(2, 4, 6).packets,
    );
    expect(others).toEqual([]);
    expect(flow).toMatchObject({
      source: '10.0.0.1',
      destination: '10.0.0.2',
      sourcePort: 40_000,
      destinationPort: 80,
      tcpState: 'closed',
      reason: 'fin',
      confidence: 'certain',
      final: true,
      sourcePackets: 5,
      destinationPackets: 3,
      sourcePayload: 3,
      destinationPayload: 5,
      sourceBytes: 5 * 54 + 3,
      destinationBytes: 3 * 54 + 5,
      networkPackets: 8,
      startSeconds: 0,
      endSeconds: 2,
      serverRtt: 10_000_000,
      handshakeRtt: 15_000_000,
      sourceTcpFlags: 'FSPA',
      sourceRetransmits: undefined,
      sourceGaps: undefined,
      duration: 2_020_000_000,
      firstPacket: 1,
      cause: 'timeout 9',
    });
  });

  it.each([
    [
      'no answer',
      connection().c(0, 'S', 0).c(1, 'S', 0).c(3, 'S', 0).c(7, 'S', 0).c(15, 'S', 0),
      { tcpState: 'syn_sent', sourceRetransmits: 4, serverRtt: undefined },
    ],
    ['refused', connection().c(0, 'S', 0).s(0.1, 'RA', 0), { tcpState: 'rejected', reason: 'rst', networkPackets: 2 }],
    ['reset', connection().handshake(0).c(1, 'A', 1, 1, 'x').s(2, 'R', 1), { tcpState: 'reset', reason: 'rst' }],
    ['half closed', connection().handshake(0).c(1, 'FA', 1), { tcpState: 'closing', reason: 'end-of-input' }],
    [
      'partial',
      connection().c(0, 'A', 500, 1, 'middle').s(0.1, 'A', 1, 506),
      { tcpState: 'partial', source: '10.0.0.1', confidence: 'likely' },
    ],
    [
      'only its answer',
      connection().s(0, 'SA', 0).c(0.1, 'A', 1),
      { tcpState: 'established', source: '10.0.0.1', confidence: 'certain' },
    ],
    [
      'a simultaneous open',
      connection().c(0, 'S', 0).s(0.01, 'S', 0).c(0.02, 'SA', 0).s(0.03, 'SA', 0).c(0.04, 'A', 1),
      { tcpState: 'established', source: '10.0.0.1', networkPackets: 5 },
    ],
    [
      'a split handshake',
      connection().c(0, 'S', 0).s(0.01, 'S', 0).c(0.02, 'SA', 0).s(0.03, 'A', 1).c(0.04, 'A', 1),
      { tcpState: 'established', source: '10.0.0.1' },
    ],
    [
      'a forged refusal',
      connection().c(0, 'S', 0).s(0.01, 'RA', 9).s(0.02, 'FA', 9).s(0.03, 'SA', 0).c(0.04, 'A', 1),
      { networkPackets: 5, serverRtt: undefined },
    ],
    [
      'a SYN sent twice (no round trip then)',
      connection().c(0, 'S', 0).c(1, 'S', 0).s(1.01, 'SA', 0).c(1.02, 'A', 1),
      { tcpState: 'established', serverRtt: undefined, handshakeRtt: undefined, sourceRetransmits: 1 },
    ],
    [
      'a retransmission',
      connection().handshake(0).c(1, 'A', 1, 1, 'abc').c(2, 'A', 1, 1, 'abc'),
      { sourceRetransmits: 1, sourcePayload: 6 },
    ],
    [
      'a hole that is filled late',
      connection().handshake(0).c(1, 'A', 4, 1, 'def').c(2, 'A', 1, 1, 'abc'),
      { sourceGaps: 1, sourceRetransmits: undefined },
    ],
    ['a hole that stays', connection().handshake(0).c(1, 'A', 4, 1, 'def').c(1, 'A', 7, 1, 'ghi'), { sourceGaps: 1 }],
    [
      'keep-alives',
      connection().handshake(0).c(1, 'A', 1, 1, 'abc').c(2, 'A', 3).c(3, 'A', 3, 1, 'X'),
      { sourceRetransmits: undefined },
    ],
    [
      'zero windows',
      connection().handshake(0).s(1, 'A', 1, 1, '', { window: 0 }).s(2, 'A', 1, 1, '', { window: 0 }),
      { destinationZeroWindows: 2, sourceZeroWindows: undefined },
    ],
  ] as const)('%s', (_, made, expected) => {
    const all = flows(made.packets);
    expect(all.length).toBe(1);
    expect(all[0]).toMatchObject(expected);
  });

  it('ends where its ports are used again', () => {
    const again = connection().handshake(0).close(1).handshake(3);
    again.packets.splice(6, 0, ...connection().c(2, 'S', 700_000).packets);
    const all = flows(again.packets);
    expect(all.map((flow) => [flow.reason, flow.tcpState, flow.firstPacket])).toEqual([
      ['fin', 'closed', 1],
      ['end-of-input', 'established', 7],
    ]);
    // Nobody answered the first SYN: the second one is another attempt of the same connection.
    expect(all[1].tcpEvents).toEqual(['syn_moved']);
    expect(new Set(all.map((flow) => flow.id)).size).toBe(2);
  });

  it('is another one with the third number of an unanswered SYN, or the second behind a reset', () => {
    const tries = connection().c(0, 'S', 0).c(1, 'S', 5000).c(2, 'S', 9000).c(3, 'S', 9000);
    expect(flows(tries.packets).map((flow) => [flow.networkPackets, flow.tcpEvents])).toEqual([
      [2, ['syn_moved']],
      [2, undefined],
    ]);
    const refused = connection().c(0, 'S', 0).s(1, 'R', 7).c(2, 'S', 5000);
    expect(flows(refused.packets).map((flow) => [flow.networkPackets, flow.reason])).toEqual([
      [2, 'rst'],
      [1, 'end-of-input'],
    ]);
  });

  it('lingers for a while after its end', () => {
    const late = connection().handshake(0).close(1).c(10, 'A', 2, 2);
    expect(
      flows([...late.packets, ...connection(1).c(60, 'S', 0).packets]).map((flow) => [
        flow.networkPackets,
        flow.reason,
        flow.cause,
      ]),
    ).toEqual([
      [7, 'fin', 'timeout 8'],
      [1, 'end-of-input', 'timeout 9'],
    ]);
  });

  it('is the same over IPv6, packet by packet another way through the code', () => {
    const step = fc.record({
      client: fc.boolean(),
      flags: fc.constantFrom('A', 'A', 'A', 'PA', 'FA', 'RA', 'S', 'SA', ''),
      seq: fc.nat(12),
      ack: fc.nat(12),
      payload: fc.constantFrom('', '', 'a', 'abc', 'abcdef'),
      ttl: fc.constantFrom(64, 64, 63, 128),
      tos: fc.constantFrom(0, 0, 184),
      window: fc.constantFrom(1000, 1000, 0),
      wait: fc.constantFrom(0, 0.1, 0.5, 10, 61),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const documents = [
          ['10.0.0.1', '10.0.0.2', 54],
          ['2001:db8::1', '2001:db8::2', 74],
        ].map(([a, b, header]) => {
          const made = connection(40_000, a as string, b as string);
          let at = 0;
          for (const { client, flags, seq, ack, payload, ttl, tos, window, wait } of steps) {
            at += wait;
            (client ? made.c : made.s)(at, flags, seq, ack, payload, { ttl, tos, window });
          }
          return flows(made.packets, { intervalSeconds: 20 }).map(
            ({ source, destination, id: _id, sourceBytes, destinationBytes, networkBytes: _n, ...rest }) => ({
              ...rest,
              source: source === a ? 'a' : 'b',
              destination: destination === b ? 'b' : 'a',
              sourceBytes: sourceBytes - rest.sourcePackets * (header as number),
              destinationBytes: destinationBytes - rest.destinationPackets * (header as number),
            }),
          );
        });
        expect(documents[1]).toEqual(documents[0]);
      }),
      { numRuns: 60 },
    );
  });
});

describe('a connection cut behind the fixed part of its headers', () => {
  // The options of a SYN and the time stamps of others, which `-s 64` leaves out.
  const whole = connection().handshake(0).c(1, 'PA', 1, 1, 'GET').s(1.1, 'PA', 1, 4, 'hello').close(2, 4, 6).packets;
  const withOptions = whole.map(({ at, bytes: frame }) => {
    const longer = Buffer.concat([frame.subarray(0, 54), Buffer.alloc(12, 1), frame.subarray(54)]);
    longer.writeUInt16BE(longer.length - 14, 16);
    longer[46] = 0x80;
    return { at, bytes: longer as Uint8Array };
  });

  it('has its state, its times and its bytes all the same', () => {
    const cut = withOptions.map(({ at, bytes: frame }) => ({
      at,
      bytes: frame.subarray(0, 64),
      wireLength: frame.length,
    }));
    expect(flows(cut)).toEqual(flows(withOptions));
    expect(flows(cut)).toMatchObject([{ tcpState: 'closed', handshakeRtt: 15_000_000, sourcePayload: 3 }]);
  });
});

describe('SYNs that come in fragments', () => {
  const syn = (at: number, seq: number) => connection().c(at, 'S', seq).packets[0];
  const inFragments = ({ at, bytes: frame }: { at: number; bytes: Uint8Array }) =>
    [0, 8].map((from) => {
      const [head, payload] = [Uint8Array.from(frame.subarray(0, 34)), frame.subarray(34)];
      const part = from === 0 ? payload.subarray(0, 8) : payload.subarray(8);
      const view = new DataView(head.buffer);
      view.setUint16(16, 20 + part.length);
      view.setUint16(18, 100 + at);
      view.setUint16(20, (from === 0 ? 0x2000 : 0) | (from >> 3));
      return { at, bytes: Buffer.concat([head, part]) as Uint8Array };
    });

  it('begin another connection where whole ones do', () => {
    const attempts = [syn(0, 1), syn(1, 900), syn(2, 7000), syn(3, 20_000)];
    const told = flows(attempts);
    expect(told.length).toBeGreaterThan(1);
    const reasons = (all: typeof told) => all.map(({ reason, networkPackets }) => `${reason} ${networkPackets}`);
    expect(reasons(flows(attempts.flatMap(inFragments)))).toEqual(
      reasons(told).map((reason) => reason.replace(/\d+$/, (n) => String(2 * Number(n)))),
    );
  });
});
