// The same traffic otherwise captured gives the same transactions: cut smaller, in fragments, shown twice, in tunnels, on other links.
// Flows count what was added, packet by packet and byte by byte.

import { beforeAll, describe, expect, it } from 'vitest';
import { makePlan, type PlanRequest } from '../../src/engine/plan.ts';
import { run } from '../../src/engine/run.ts';
import { newPacketBatch, type PacketBatch, type PacketSource, sourceStats } from '../../src/sources/source.ts';
import { doubled, fragmented, isIp, resegmented, type TimedFrame, WRAPS } from '../kit/change.ts';
import { type Document, documents, MemorySink } from '../kit/engine.ts';
import { ConversationTraffic } from '../kit/generate/conversations.ts';
import { Frame } from '../kit/generate/frame.ts';
import { OTHER_SCRIPTS } from '../kit/generate/scripts.ts';
import { readPcap } from '../kit/pcap.ts';
import { PROJECT } from '../kit/shared.ts';

/** HTTP, DNS and pings of real programs, then TLS, QUIC, DHCP and others of ours; nothing but IP. */
function traffic(): TimedFrame[] {
  const { bytes, view, packets } = readPcap(`${PROJECT}examples/first-look.pcap`)!;
  const frames = packets.map(({ offset, capturedLength }) => ({
    seconds: view.getUint32(offset - 16, true),
    nanos: view.getUint32(offset - 12, true) * 1000,
    bytes: new Uint8Array(bytes.subarray(offset, offset + capturedLength)),
  }));
  const end = frames[frames.length - 1].seconds + 10;
  const made = new ConversationTraffic(OTHER_SCRIPTS, { seed: 2, atOnce: 24, v6: 0.3 });
  const room = new Uint8Array(64 * 1024);
  const frame = new Frame();
  for (let i = 0; i < 500; i++) {
    frame.begin(room, new DataView(room.buffer), 0);
    made.packet(frame);
    frames.push({ seconds: end, nanos: i * 1_000_000, bytes: room.slice(0, frame.finish()) });
  }
  return frames.filter(isIp);
}

/** All of it in one batch. */
function sourceOf(frames: readonly TimedFrame[], linkType: number): PacketSource {
  const batch = newPacketBatch(Buffer.concat(frames.map((frame) => frame.bytes)), frames.length);
  let at = 0;
  frames.forEach((frame, i) => {
    batch.numbers[i] = i + 1;
    batch.offset[i] = at;
    batch.capturedLength[i] = batch.wireLength[i] = frame.bytes.length;
    batch.seconds[i] = frame.seconds;
    batch.nanos[i] = frame.nanos;
    batch.linkType[i] = linkType;
    at += frame.bytes.length;
  });
  batch.count = frames.length;
  let next: PacketBatch | 'end' = batch;
  return {
    interfaces: [],
    secrets: [],
    names: [],
    open: async () => {},
    next: () => {
      const now = next;
      next = 'end';
      return now;
    },
    release() {},
    stats: () => sourceStats({ packets: frames.length }),
    close: async () => {},
  };
}

async function told(frames: readonly TimedFrame[], linkType = 1) {
  const sink = new MemorySink();
  const flow = { maxFlows: 4096, intervalSeconds: 0 } as NonNullable<PlanRequest['flow']>;
  await run(sourceOf(frames, linkType), [sink], makePlan({ flow }));
  const all = documents(sink.text);
  const flows = all.filter(({ event }) => event.dataset === 'flow');
  const sum = (of: 'packets' | 'bytes') => flows.reduce((total, { network }) => total + network[of], 0);
  return {
    transactions: all
      .filter(({ event }) => event.dataset !== 'flow' && event.dataset !== 'loss')
      .map(comparable)
      .sort(),
    flows: flows.map(conversation).sort(),
    packets: sum('packets'),
    bytes: sum('bytes'),
  };
}

/** Without what a change of the link changes: addresses of stations, tunnels, and the id, which has the packet's number in it. */
function comparable(document: Document): string {
  return JSON.stringify(document, (name, value) => (LINK.has(name) ? undefined : value));
}
const LINK: ReadonlySet<string> = new Set(['mac', 'vlan', 'tunnel', 'flow', 'flows']);

const conversation = ({ network, source, destination }: Document) =>
  `${network.transport} ${network.protocol} ${source.ip} ${source.port} ${destination.ip} ${destination.port}`;

const bytesOf = (frames: readonly TimedFrame[]) => frames.reduce((sum, frame) => sum + frame.bytes.length, 0);

describe('the same traffic', () => {
  let frames: TimedFrame[] = [];
  let base: Awaited<ReturnType<typeof told>>;
  beforeAll(async () => {
    frames = traffic();
    base = await told(frames);
  });

  async function same(changed: readonly TimedFrame[], linkType = 1): Promise<void> {
    const other = await told(changed, linkType);
    // The first of each that only one of them has: all together nobody could read.
    const only = (these: readonly string[], those: readonly string[]) => {
      const known = new Set(those);
      return these.find((text) => !known.has(text))?.slice(0, 1500);
    };
    expect([only(base.transactions, other.transactions), only(other.transactions, base.transactions)]).toEqual([
      undefined,
      undefined,
    ]);
    expect(other.transactions.length).toBe(base.transactions.length);
    expect(other.flows).toEqual(base.flows);
    expect([other.packets, other.bytes]).toEqual([changed.length, bytesOf(changed)]);
  }

  it('has transactions of many protocols', () => {
    const datasets = new Set(base.transactions.map((text) => (JSON.parse(text) as Document).event.dataset));
    expect([...datasets].sort()).toEqual([
      'dhcpv4',
      'dhcpv4_exchange',
      'dhcpv6',
      'dhcpv6_exchange',
      'dns',
      'http',
      'icmp',
      'tls',
    ]);
    expect(base.transactions.length).toBeGreaterThan(100);
  });

  it.each([1, 7, 100])('in TCP segments of %i bytes', (size) => same(resegmented(frames, size)));

  it.each([
    ['eight bytes', 8, undefined],
    ['24 bytes, backwards', 24, (all: Uint8Array[]) => all.toReversed()],
    ['40 bytes, each twice', 40, (all: Uint8Array[]) => all.flatMap((one) => [one, one])],
  ])('in fragments of %s', (_, size, order) => same(fragmented(frames, size, order)));

  it('shown twice', () => same(doubled(frames)));
  it('in fragments, shown twice', () => same(doubled(fragmented(frames, 560))));

  it.each(Object.entries(WRAPS))('in %s', (_, { linkType, wrap }) =>
    same(
      frames.map((frame) => ({ ...frame, bytes: wrap(frame.bytes) })),
      linkType,
    ),
  );
});
