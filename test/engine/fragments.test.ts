// Fragments on their way to rows: what the outer packet says stays with the datagram, and ports that are known are kept.

import { describe, expect, test } from 'vitest';
import { Clock } from '../../src/engine/clock.ts';
import { Dissector } from '../../src/engine/dissect.ts';
import { Ledger } from '../../src/engine/ledger.ts';
import { DISSECT_DEFAULTS, makePlan } from '../../src/engine/plan.ts';
import { run } from '../../src/engine/run.ts';
import {
  INFO_FAULTY,
  INFO_PORTS,
  INFO_TUNNEL,
  ROW,
  ROW_INFO,
  ROW_PAYLOAD,
  ROW_PAYLOAD_END,
  ROW_PAYLOAD_LENGTH,
  ROW_PORTS,
  ROW_PROTOCOL,
  Stage,
} from '../../src/flow/stage.ts';
import { newPacketBatch } from '../../src/sources/source.ts';
import { documents, MemorySink } from '../kit/engine.ts';
import { MadeSource } from '../kit/packets.ts';
import {
  type Bytes,
  bytes,
  eth,
  type Ipv4Fields,
  inner4,
  ip4,
  tag,
  tcp,
  text,
  u32,
  udp,
  zeros,
} from '../wire/frames.ts';

/** Stages Ethernet frames, `wireLength` of each as given or as captured, and all that waits at the end. */
function stage(frames: readonly Bytes[], wireLength?: number) {
  const batch = newPacketBatch(Buffer.concat(frames), frames.length);
  let at = 0;
  frames.forEach((frame, i) => {
    batch.numbers[i] = i + 1;
    batch.offset[i] = at;
    batch.capturedLength[i] = frame.length;
    batch.wireLength[i] = wireLength ?? frame.length;
    batch.linkType[i] = 1;
    at += frame.length;
  });
  batch.count = frames.length;
  const staged = new Stage(64);
  const dissector = new Dissector(DISSECT_DEFAULTS, new Ledger(), new Clock(), [1, 2]);
  expect(dissector.run(batch, 0, staged)).toBe(frames.length);
  expect(dissector.finish(staged, frames.length)).toBe(true);
  return Array.from({ length: staged.count }, (_, r) => staged.rows.slice(r * ROW, (r + 1) * ROW));
}

/** Two frames, each in `wrap`, with the halves of an IPv4 datagram of `protocol`. */
function halves(protocol: number, data: Bytes, wrap: (datagram: Bytes) => Bytes): Bytes[] {
  const cut = 16;
  return [
    wrap(ip4(protocol, data.subarray(0, cut), { fragment: 0x2000 })),
    wrap(ip4(protocol, data.subarray(cut), { fragment: cut / 8 })),
  ];
}
const onVlan = (id: number) => (datagram: Bytes) => eth(0x8100, tag(id, 0x0800, datagram));
const inVxlan = (vni: number) => (datagram: Bytes) =>
  eth(0x0800, ip4(17, udp(9, 4789, bytes('08000000', u32(vni << 8), eth(0x0800, datagram)))));

describe('a datagram made of fragments', () => {
  const data = udp(5000, 5001, text('twenty bytes of data'));

  test.each([
    ['a VLAN', onVlan(5), onVlan(6)],
    ['a virtual network', inVxlan(5), inVxlan(6)],
  ])('belongs to the flow of %s', (_, here, elsewhere) => {
    const rows = stage([...halves(17, data, here), here(ip4(17, data)), elsewhere(ip4(17, data))]);
    expect(rows).toHaveLength(3);
    const [reassembled, whole, other] = rows.map((row) => row[ROW_PROTOCOL]);
    expect(reassembled).toBe(whole);
    expect(reassembled).not.toBe(other);
    expect(rows[0][ROW_INFO] & INFO_TUNNEL).toBe(rows[1][ROW_INFO] & INFO_TUNNEL);
  });

  test('that holds a tunnel is still on the VLAN around it', () => {
    const gre = bytes('00000800', inner4());
    const [reassembled, whole] = stage([...halves(47, gre, onVlan(5)), onVlan(5)(ip4(47, gre))]);
    expect([reassembled[ROW_PROTOCOL], reassembled[ROW_PORTS]]).toEqual([whole[ROW_PROTOCOL], whole[ROW_PORTS]]);
    expect(reassembled[ROW_INFO] & INFO_TUNNEL).toBe(INFO_TUNNEL);
  });
});

describe('tunnels around a datagram made of fragments', () => {
  const OUTER = { source: 'c0000201', destination: 'c0000202' };
  const data = udp(5000, 53, zeros(64));
  /** An IPv4 packet in fragments of at most 24 bytes. */
  function cut(protocol: number, contents: Bytes, fields: Ipv4Fields = {}): Bytes[] {
    const parts: Bytes[] = [];
    for (let at = 0; at < contents.length; at += 24) {
      const more = at + 24 < contents.length ? 0x2000 : 0;
      parts.push(ip4(protocol, contents.subarray(at, at + 24), { ...fields, fragment: more | (at / 8) }));
    }
    return parts;
  }
  async function flows(datagrams: readonly Bytes[]) {
    const frames = datagrams.map((datagram) => eth(0x0800, datagram));
    const sink = new MemorySink();
    const source = new MadeSource(frames.map((frame, i) => ({ at: i / 100, bytes: frame })));
    await run(source, [sink], makePlan({ records: ['flow'] }));
    const bytesOf = (many: readonly Bytes[]) => many.reduce((sum, one) => sum + one.length, 0);
    return { told: documents(sink.text), bytes: bytesOf(frames), packets: frames.length };
  }
  const ends = { source: { ip: '192.0.2.1' }, destination: { ip: '192.0.2.2' } };

  test.each([
    ['that the fragments are of', cut(47, bytes('00000800', ip4(17, data)), OUTER), 'gre'],
    ['that each fragment is in', cut(17, data).map((part) => ip4(47, bytes('00000800', part), OUTER)), 'gre'],
    ['whose packets are fragments of fragments', cut(17, data).flatMap((part) => cut(4, part, OUTER)), 'ipip'],
  ])('are told: those %s', async (_, datagrams, type) => {
    const { told, bytes: octets, packets } = await flows(datagrams);
    expect(told).toMatchObject([
      {
        source: { ip: '10.0.0.1', port: 5000, packets, bytes: octets },
        netscribe: { source: { payload_bytes: 64 }, tunnel: [{ type, ...ends }], flow: { first_packet: 1 } },
      },
    ]);
  });

  test('may be nested deeper than anybody would, and cost no packet', async () => {
    let nested = cut(17, data);
    for (let depth = 0; depth < 6; depth++) nested = nested.flatMap((part) => cut(4, part, OUTER));
    const { told, bytes: octets, packets } = await flows(nested);
    const sum = (of: 'packets' | 'bytes') => told.reduce((all, flow) => all + Number(flow.source[of]), 0);
    expect([sum('packets'), sum('bytes')]).toEqual([packets, octets]);
  });
});

describe('ports of a header that is not whole', () => {
  const onEth = (datagram: Bytes) => eth(0x0800, datagram);
  const portsOf = (row: Int32Array) => [row[ROW_PORTS] >>> 16, row[ROW_PORTS] & 0xffff, row[ROW_INFO] & INFO_PORTS];

  test('cut by the snap length', () => {
    const [row] = stage([onEth(ip4(6, tcp(text('data')))).subarray(0, 40)], 58);
    expect(portsOf(row)).toEqual([40000, 80, INFO_PORTS]);
    expect(row[ROW_INFO] & INFO_FAULTY).toBe(INFO_FAULTY);
  });

  test('in a first fragment whose others never come', () => {
    const [row] = stage([onEth(ip4(6, tcp().subarray(0, 8), { fragment: 0x2000 }))]);
    expect(portsOf(row)).toEqual([40000, 80, INFO_PORTS]);
  });

  test('in fragments that the snap length cut', () => {
    const data = udp(40_000, 80, zeros(2000));
    const frames = [
      ip4(17, data.subarray(0, 1000), { fragment: 0x2000 }),
      ip4(17, data.subarray(1000), { fragment: 1000 / 8 }),
    ].map((datagram) => onEth(datagram).subarray(0, 100));
    const [row, ...others] = stage(frames, 1034);
    expect(others).toEqual([]);
    expect(portsOf(row)).toEqual([40000, 80, INFO_PORTS]);
    expect([row[ROW_PAYLOAD_LENGTH], row[ROW_PAYLOAD_END] - row[ROW_PAYLOAD]]).toEqual([2000, 100 - 34 - 8]);
  });

  test('cut before the ports', () => {
    const [row] = stage([onEth(ip4(17, udp(1, 2, zeros(4)))).subarray(0, 36)], 50);
    expect(portsOf(row)).toEqual([0, 0, 0]);
  });
});
