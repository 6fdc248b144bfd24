// Flows as documents: given these packets, these flows. Timeouts by packet time, intervals, eviction, TCP states, identities.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { senderBegan } from '../../src/flow/initiator.ts';
import { ACK, FIN, SYN } from '../../src/flow/layout.ts';
import { INFO_ICMP, INFO_MULTICAST, INFO_PORTS, INFO_TCP, INFO_V6 } from '../../src/flow/stage.ts';
import {
  icmpFrame,
  ip,
  type MadePacket,
  onEthernet,
  type TcpFields,
  tcpFrame,
  udpDatagram,
  udpFrame,
} from '../kit/packets.ts';
import { FlowKit, flows } from './flow-kit.ts';

/** Segments of one connection: `c` from the client (ISN 1000), `s` from the server (ISN 5000), seq and ack relative. */
function connection(client = 40_000, from = '10.0.0.1', to = '10.0.0.2') {
  const packets: MadePacket[] = [];
  const add = (at: number, fields: TcpFields, ports: [number, number]) => {
    packets.push({ at, bytes: tcpFrame(...ports, fields) });
    return self;
  };
  const self = {
    packets,
    c: (at: number, flags: string, seq: number, ack = 1, payload = '', more: TcpFields = {}) =>
      add(at, { from, to, flags, seq: 1000 + seq, ack: flags.includes('A') ? 5000 + ack : 0, payload, ...more }, [
        client,
        80,
      ]),
    s: (at: number, flags: string, seq: number, ack = 1, payload = '', more: TcpFields = {}) =>
      add(
        at,
        { from: to, to: from, flags, seq: 5000 + seq, ack: flags.includes('A') ? 1000 + ack : 0, payload, ...more },
        [80, client],
      ),
    handshake: (at: number) =>
      self
        .c(at, 'S', 0)
        .s(at + 0.01, 'SA', 0)
        .c(at + 0.015, 'A', 1),
    close: (at: number, c = 1, s = 1) =>
      self
        .c(at, 'FA', c, s)
        .s(at + 0.01, 'FA', s, c + 1)
        .c(at + 0.02, 'A', c + 1, s + 1),
  };
  return self;
}

/** A datagram of client `n`, whose port is 50,000 and some. */
const udp = (at: number, n: number, fields: Parameters<typeof udpFrame>[2] = {}): MadePacket => ({
  at,
  bytes: udpFrame(50_000 + n, 53, fields),
});
const client = ({ sourcePort = 0 }: { sourcePort: number | undefined }) =>
  sourcePort < 50_000 ? sourcePort : sourcePort - 50_000;

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

describe('identity', () => {
  const packets = [
    ...connection().handshake(0).packets,
    udp(1, 5),
    udp(2, 6, { from: '2001:db8::1', to: '2001:db8::2' }),
  ];
  it('does not depend on the secret of the table', () => {
    const ids = (salts: [number, number]) =>
      new FlowKit({}, salts)
        .play(packets)
        .end()
        .map((flow) => flow.id);
    expect(ids([1, 2])).toEqual(ids([-5, 0x7fffffff]));
  });
  it('never changes from one version to the next', () => {
    expect(flows(packets).map((flow) => flow.id)).toMatchInlineSnapshot(`
      [
        "599eb9ad78b26edf",
        "32b4b03bd0b8a4b0",
        "5b765a6af8acdeba",
      ]
    `);
  });
  it('tells VLANs apart, and both directions belong together', () => {
    const at = (vlan: number[], reverse = false) =>
      onEthernet(
        ip(17, reverse ? udpDatagram(53, 1) : udpDatagram(1, 53), reverse ? { from: '10.0.0.2', to: '10.0.0.1' } : {}),
        ...vlan,
      );
    const all = flows(
      [at([1]), at([2]), at([1], true), at([]), at([1, 2]), at([2, 1])].map((bytes) => ({ at: 0, bytes })),
    );
    expect(all.map((flow) => [flow.vlan, flow.networkPackets])).toEqual([
      [['1'], 2],
      [['2'], 1],
      [undefined, 1],
      [['1', '2'], 1],
      [['2', '1'], 1],
    ]);
  });
  it('joins an echo and its reply, and gives errors to the flow they quote', () => {
    const quoted = ip(17, udpDatagram(50_007, 53));
    const all = flows([
      { at: 0, bytes: icmpFrame(8, 0, new Uint8Array(8)) },
      { at: 0.1, bytes: icmpFrame(0, 0, new Uint8Array(8), { from: '10.0.0.2', to: '10.0.0.1' }) },
      udp(1, 7),
      {
        at: 2,
        bytes: icmpFrame(3, 3, Buffer.concat([new Uint8Array(4), quoted]), { from: '10.0.0.2', to: '10.0.0.1' }),
      },
    ]);
    expect(all.map((flow) => [flow.source, flow.networkPackets, flow.icmpErrors])).toEqual([
      ['10.0.0.1', 2, undefined],
      ['10.0.0.1', 1, 1],
      ['10.0.0.1', 1, undefined],
    ]);
  });
});

describe('who began', () => {
  const TCP = INFO_TCP | INFO_PORTS;
  const began = (info: number, flags: number, from: number, to: number) => {
    const answer = senderBegan(info, flags, from, to);
    return `${answer & 1 ? 'sender' : 'receiver'} ${['guess', 'likely', 'certain'][answer >> 1]}`;
  };
  it.each([
    ['a SYN', TCP, SYN, 80, 40_000, 'sender certain'],
    ['a SYN-ACK', TCP, SYN | ACK, 40_000, 80, 'receiver certain'],
    ['TCP in the middle, from an ephemeral port', TCP, ACK, 40_000, 80, 'sender likely'],
    ['TCP in the middle, to an ephemeral port', TCP, FIN | ACK, 80, 40_000, 'receiver likely'],
    ['two low ports', INFO_PORTS, 0, 1000, 53, 'sender guess'],
    ['two low ports, the other way', INFO_PORTS, 0, 53, 1000, 'receiver guess'],
    ['two ephemeral ports', INFO_PORTS, 0, 40_000, 50_000, 'receiver guess'],
    ['equal ports', INFO_PORTS, 0, 123, 123, 'sender guess'],
    ['port 0 counts as ephemeral', INFO_PORTS, 0, 0, 53, 'sender likely'],
    ['the border', INFO_PORTS, 0, 32_768, 32_767, 'sender likely'],
    ['multicast', INFO_PORTS | INFO_MULTICAST, 0, 53, 40_000, 'sender likely'],
    ['an echo', INFO_ICMP, 0, 8, 0, 'sender likely'],
    ['an echo reply', INFO_ICMP, 0, 0, 8, 'receiver likely'],
    ['unreachable', INFO_ICMP, 0, 3, 1, 'receiver likely'],
    ['time exceeded', INFO_ICMP, 0, 11, 0, 'receiver likely'],
    ['an unknown type', INFO_ICMP, 0, 200, 0, 'sender guess'],
    ['an echo of ICMPv6', INFO_ICMP | INFO_V6, 0, 128, 129, 'sender likely'],
    ['its reply', INFO_ICMP | INFO_V6, 0, 129, 128, 'receiver likely'],
    ['packet too big', INFO_ICMP | INFO_V6, 0, 2, 0, 'receiver likely'],
    ['neighbour solicitation to a group', INFO_ICMP | INFO_V6 | INFO_MULTICAST, 0, 135, 136, 'sender likely'],
    ['a protocol without ports', 0, 0, 0, 0, 'sender guess'],
  ])('%s', (_, info, flags, from, to, expected) => {
    expect(began(info, flags, from, to)).toBe(expected);
  });
});
