// The fast path of dissection stages the same rows as the general decoder: over frames made to sit on its conditions, and over
// every capture of ../shared.

import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Clock } from '../../src/engine/clock.ts';
import { Dissector } from '../../src/engine/dissect.ts';
import { Ledger } from '../../src/engine/ledger.ts';
import { DISSECT_DEFAULTS } from '../../src/engine/plan.ts';
import { ROW, Stage, WIDE } from '../../src/flow/stage.ts';
import { openInputs } from '../../src/sources/open.ts';
import { newPacketBatch, type PacketBatch } from '../../src/sources/source.ts';
import fc, { often } from '../kit/arbitrary.ts';
import { hasShared, SHARED } from '../kit/shared.ts';

const SALTS: [number, number] = [0x12345678, -77];
/** Word 15 of a row is not used. */
const COMPARED = 15;
const WORDS = [
  'hash',
  'shard',
  'a',
  'b',
  'ports',
  'protocol',
  'info',
  'packet',
  'transport',
  'payload',
  'payloadEnd',
  'payloadLength',
  'marks',
  'extra',
  'network',
];

class Way {
  readonly ledger = new Ledger();
  readonly clock = new Clock();
  readonly dissector: Dissector;
  readonly stage = new Stage(512);

  /** Checksums can not be computed on the fast path: counting them forces the general decoder. */
  constructor(checksums: 'ignore' | 'count') {
    this.dissector = new Dissector({ ...DISSECT_DEFAULTS, checksums }, this.ledger, this.clock, SALTS);
  }
  /** Everything but what only checksums count. */
  get outcomes() {
    const { packets, bytes, counts } = this.ledger.snapshot();
    const { backwards } = this.clock;
    return { packets, bytes, backwards, counts: counts.filter(([name]) => !name.startsWith('checksum.')) };
  }
}

/** Stages a batch both ways and compares every word. Returns the rows seen. */
function compare(fast: Way, general: Way, batch: PacketBatch): number {
  let rows = 0;
  for (let from = 0; from < batch.count; ) {
    fast.stage.clear();
    general.stage.clear();
    const next = fast.dissector.run(batch, from, fast.stage);
    // Asked before `expect` is: a call for each of a million words takes longer than all else.
    if (general.dissector.run(batch, from, general.stage) !== next || general.stage.count !== fast.stage.count)
      expect({ next: 'general', rows: general.stage.count }).toEqual({ next, rows: fast.stage.count });
    from = next;
    expect(general.stage.ticks).toEqual(fast.stage.ticks);
    for (let r = 0; r < fast.stage.count; r++) {
      for (let w = 0; w < COMPARED; w++) {
        if (fast.stage.rows[r * ROW + w] !== general.stage.rows[r * ROW + w]) fail(fast, general, batch, r);
      }
      for (let w = 0; w < WIDE; w++) {
        if (general.stage.wide[r * WIDE + w] !== fast.stage.wide[r * WIDE + w]) fail(fast, general, batch, r);
      }
    }
    rows += fast.stage.count;
  }
  return rows;
}

function fail(fast: Way, general: Way, batch: PacketBatch, r: number): void {
  const i = fast.stage.rows[r * ROW + 7];
  const words = (way: Way) => ({
    ...Object.fromEntries(WORDS.map((name, w) => [name, way.stage.rows[r * ROW + w]])),
    wide: Array.from(way.stage.wide.subarray(r * WIDE, (r + 1) * WIDE)),
  });
  const o = batch.offset[i];
  const frame = Buffer.from(batch.bytes.subarray(o, o + Math.min(120, batch.capturedLength[i]))).toString('hex');
  const about = {
    packet: batch.numbers[i],
    captured: batch.capturedLength[i],
    wire: batch.wireLength[i],
    offset: o,
    frame,
  };
  expect({ ...about, way: 'fast', ...words(fast) }).toEqual({ ...about, way: 'fast', ...words(general) });
}

interface Frame {
  bytes: Uint8Array;
  wireLength: number;
  vlan?: number;
  flags?: number;
  /** By how much this packet's time is before or after what comes of its place in the batch, in seconds. */
  secondsOff?: number;
}

function batchOf(frames: readonly Frame[]): PacketBatch {
  const batch = newPacketBatch(Buffer.concat(frames.map((f) => f.bytes)), frames.length);
  let at = 0;
  frames.forEach((f, i) => {
    batch.numbers[i] = i + 1;
    batch.offset[i] = at;
    batch.capturedLength[i] = f.bytes.length;
    batch.wireLength[i] = f.wireLength;
    batch.seconds[i] = 1_700_000_000 + (i >> 3) + (f.secondsOff ?? 0);
    batch.linkType[i] = 1;
    batch.vlan[i] = f.vlan ?? 0;
    batch.flags[i] = f.flags ?? 0;
    at += f.bytes.length;
  });
  batch.count = frames.length;
  return batch;
}

/** Frames on the edges of the fast path's conditions: mostly the common packet, each field sometimes something else. */
const port = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(53, 80, 443, 40_000, 65_535, 0) },
  { weight: 1, arbitrary: fc.constantFrom(4789, 8472, 6081, 2152, 3544, 1701, 4790, 8, 250) },
  fc.nat(0xffff),
);
const address = fc.oneof(
  fc.constantFrom(0x0a000001, 0x0a000002, 0x7f000001, 0x80000000, 0xe0000001, 0xefffffff, 0xffffffff, 0),
  fc.nat(0xffffffff),
);
const usually = <T>(value: T, other: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 9, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: other });
const frame: fc.Arbitrary<Frame> = fc
  .record({
    etherType: usually(0x0800, fc.constantFrom(0x86dd, 0x8100, 0x0806, 0x0801, 40)),
    versionLength: usually(0x45, fc.constantFrom(0x44, 0x46, 0x4f, 0x65, 0x55, 0x40)),
    tos: fc.nat(255),
    fragment: usually(0x4000, fc.constantFrom(0, 0x2000, 0x2001, 1, 0x8000, 0xc000, 0x1fff)),
    ttl: fc.nat(255),
    protocol: fc.constantFrom(6, 6, 6, 17, 17, 17, 1, 47, 50, 132, 0, 4, 41),
    source: address,
    destination: address,
    sourcePort: port,
    destinationPort: port,
    dataOffset: usually(5, fc.constantFrom(0, 4, 6, 10, 15)),
    flags: fc.nat(255),
    body: fc.uint8Array({ maxLength: 50 }),
    /** What the lengths say, beside the truth. */
    lengthOff: usually(0, fc.constantFrom(-60, -21, -20, -9, -8, -1, 1, 7, 100, 60_000, -40)),
    udpOff: usually(0, fc.constantFrom(-9, -8, -1, 1, 4, 100)),
    padding: fc.constantFrom(0, 0, 0, 1, 6, 20),
    cut: usually(0, fc.nat(60)),
    wireLess: usually(0, fc.nat(10)),
    vlan: usually(0, fc.constantFrom(0x10000, 0x10005)),
    batchFlags: usually(0, fc.nat(7)),
    secondsOff: usually(0, fc.constantFrom(-2, -1, 1, -4000)),
  })
  .map((x) => {
    const tcp = x.protocol === 6;
    const header = tcp ? 20 : 8;
    const bytes = new Uint8Array(14 + 20 + header + x.body.length + x.padding);
    const view = new DataView(bytes.buffer);
    bytes.fill(0x11, 0, 12);
    view.setUint16(12, x.etherType);
    bytes[14] = x.versionLength;
    bytes[15] = x.tos;
    view.setUint16(16, (20 + header + x.body.length + x.lengthOff) & 0xffff);
    view.setUint16(18, 7);
    view.setUint16(20, x.fragment);
    bytes[22] = x.ttl;
    bytes[23] = x.protocol;
    view.setUint32(26, x.source);
    view.setUint32(30, x.destination);
    view.setUint16(34, x.sourcePort);
    view.setUint16(36, x.destinationPort);
    if (tcp) {
      bytes[46] = x.dataOffset << 4;
      bytes[47] = x.flags;
    } else view.setUint16(38, (8 + x.body.length + x.udpOff) & 0xffff);
    bytes.set(x.body, 34 + header);
    const captured = bytes.subarray(0, Math.max(0, bytes.length - x.cut));
    return {
      bytes: captured,
      wireLength: bytes.length - x.wireLess,
      vlan: x.vlan,
      flags: x.batchFlags,
      secondsOff: x.secondsOff,
    };
  });

describe('both ways to a staged row', () => {
  it('agree on frames at the edges of the fast path', () => {
    fc.assert(
      fc.property(fc.array(frame, { minLength: 1, maxLength: 30 }), (frames) => {
        const fast = new Way('ignore');
        const general = new Way('count');
        compare(fast, general, batchOf(frames));
        expect(general.outcomes).toEqual(fast.outcomes);
        expect(fast.ledger.packetsRead).toBe(frames.length);
      }),
      { numRuns: often(2000) },
    );
  });

  describe.skipIf(!hasShared)('agree on every packet', () => {
    it('of the captures of ../shared', async () => {
      let rows = 0;
      for (const name of readdirSync(`${SHARED}pcaps`).sort()) {
        if (!/\.(pcap|pcapng|cap|trace)/.test(name)) continue;
        const source = openInputs([`${SHARED}pcaps/${name}`]);
        await source.open();
        const fast = new Way('ignore');
        const general = new Way('count');
        for (;;) {
          const batch = await source.next();
          if (batch === 'end' || batch === 'idle') break;
          rows += compare(fast, general, batch);
          source.release(batch);
        }
        await source.close();
        expect({ name, ...general.outcomes }).toEqual({ name, ...fast.outcomes });
      }
      expect(rows).toBeGreaterThan(100_000);
    });
  });
});

describe('limits', () => {
  it('keeps a payload length that no word can hold within one', () => {
    const bytes = new Uint8Array(60);
    const view = new DataView(bytes.buffer);
    view.setUint16(12, 0x0800);
    bytes[14] = 0x45;
    // Length 0 means "as long as the frame": segmentation offload leaves it open.
    bytes[23] = 6;
    bytes[46] = 0x50;
    const way = new Way('ignore');
    way.dissector.run(batchOf([{ bytes, wireLength: 0xffffffff }]), 0, way.stage);
    expect(way.stage.count).toBe(1);
    expect(way.stage.rows[11]).toBeGreaterThanOrEqual(0);
  });

  it('gives every captured length from 0 up an outcome', () => {
    const whole = Buffer.from(
      '0011223344550011223344560800450000300001400040060000c0a80001c0a80002d431005000000001000000005002faf00000000002040400000000000000',
      'hex',
    );
    const frames = Array.from({ length: whole.length + 1 }, (_, n) => ({
      bytes: whole.subarray(0, n),
      wireLength: whole.length,
    }));
    const way = new Way('ignore');
    compare(way, new Way('count'), batchOf(frames));
    expect(way.ledger.packetsRead).toBe(frames.length);
    const { flow, cut } = Object.fromEntries(
      ['flow', 'cut'].map((name, i) => [name, way.ledger.packets[i === 0 ? 0 : 4]]),
    );
    expect(flow + cut).toBe(frames.length);
    expect(flow).toBe(frames.length - 14 - 20);
  });
});
