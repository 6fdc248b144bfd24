// Any bytes at all: nothing throws, nothing outside the packet is read, and what the cursor says stays inside the packet.

import { describe, expect, test } from 'vitest';
import { checkTransport } from '../../src/wire/checksum.ts';
import { Cursor, MAX_LAYERS } from '../../src/wire/cursor.ts';
import { decode } from '../../src/wire/decode.ts';
import { describeLayers, describeTunnels } from '../../src/wire/describe.ts';
import fc, { often } from '../kit/arbitrary.ts';
import { bytes, eth, ip4, le16, u16, u32, udp, zeros } from './frames.ts';
import { SAMPLES } from './samples.ts';
import { stateOf } from './view.ts';

const LINK_TYPES = [
  123, 129, 226, 242, 7, 106, 0, 1, 8, 9, 12, 14, 50, 51, 101, 104, 105, 107, 108, 113, 127, 192, 204, 228, 229, 239,
  276, 147,
];
const MARGIN = 96;
/** Bytes of the fixed part of the header that `transport` promises, by IP protocol. */
const FIXED_PART: Record<number, number> = { 1: 8, 2: 8, 6: 20, 17: 8, 33: 12, 50: 8, 58: 8, 132: 12, 136: 8 };

/** Decodes `packet` standing between bytes of value `canary`; the same packet must decode the same whatever they are. */
function decodeBetween(packet: Uint8Array, linkType: number, wireLength: number, canary: number): Cursor {
  const buffer = new Uint8Array(packet.length + 2 * MARGIN).fill(canary);
  buffer.set(packet, MARGIN);
  const c = new Cursor();
  c.wantChecksums = true;
  c.reset(buffer, new DataView(buffer.buffer), MARGIN, packet.length, wireLength);
  decode(c, linkType);
  checkTransport(c);
  return c;
}

/** What is wrong with how a packet is decoded. No `expect` for each of them: there are tens of thousands, and it costs as much as all else. */
function faultsOf(packet: Uint8Array, linkType: number, wireLength = packet.length): string[] {
  const outside: string[] = [];
  const must = (what: string, holds: boolean) => {
    if (!holds) outside.push(`${what} of ${wireLength} bytes of link type ${linkType}: ${toHex(packet)}`);
  };
  const c = decodeBetween(packet, linkType, wireLength, 0x00);
  const text = JSON.stringify(stateOf(c));
  for (const canary of [0xff, 0x45, 0x61]) {
    const other = JSON.stringify(stateOf(decodeBetween(packet, linkType, wireLength, canary)));
    if (other !== text) must(`${other} instead of ${text}`, false);
  }
  // A view of exactly the packet: a read beyond it throws.
  const exact = new Cursor();
  exact.reset(packet, new DataView(packet.buffer, packet.byteOffset, packet.length), 0, packet.length, wireLength);
  decode(exact, linkType);
  checkTransport(exact);
  must(`fault ${exact.fault} instead of ${c.fault}`, exact.fault === c.fault);

  const end = MARGIN + packet.length;
  const inside = (offset: number, length: number) => offset >= MARGIN && length >= 0 && offset + length <= end;
  must('depth', c.depth <= MAX_LAYERS);
  for (let i = 0; i < c.depth; i++) must(`layer ${i}`, inside(c.offsets[i], c.lengths[i]));
  if (c.ipVersion !== 0) {
    must('network', inside(c.network, c.ipVersion === 4 ? 20 : 40));
    must('payload', inside(c.payload, c.payloadEnd - c.payload));
    must('payload length', c.payloadLength >= c.payloadEnd - c.payload);
  }
  if (c.transport >= 0) must('transport', inside(c.transport, FIXED_PART[c.protocol] ?? 0));
  if (c.ethernet >= 0) must('ethernet', inside(c.ethernet, 14));
  if (c.fragment) must('fragment', inside(c.fragmentData, c.payloadEnd - c.fragmentData));
  describeLayers(c);
  must('tunnels', describeTunnels(c).length === c.tunnels);
  return outside;
}

const toHex = (packet: Uint8Array): string => Buffer.from(packet).toString('hex');

/** The same for inputs of fast-check, which makes those that fail smaller. Says how many there were. */
function expectSound<Input>(inputs: fc.Arbitrary<Input>, numRuns: number, faults: (input: Input) => string[]): void {
  let runs = 0;
  fc.assert(
    fc.property(inputs, (input) => {
      runs++;
      const found = faults(input);
      if (found.length > 0) throw new Error(found.join('\n'));
    }),
    { numRuns },
  );
  expect(runs).toBe(numRuns);
}

describe('every frame cut at every byte', () => {
  test.each(SAMPLES)('$name', ({ frame, linkType, wireLength = frame.length }) => {
    const faults: string[] = [];
    for (let length = 0; length <= frame.length; length++) {
      const cut = frame.slice(0, length);
      faults.push(...faultsOf(cut, linkType, wireLength), ...faultsOf(cut, linkType));
    }
    expect(faults).toEqual([]);
  });
});

describe('lists that never end', () => {
  const cases: [string, number, Uint8Array][] = [
    ['radiotap bitmaps', 127, bytes('0000', le16(16), '02000080', '02000080', '02000080')],
    ['GRE source routes', 101, ip4(47, bytes('40000800', zeros(4), '0800000401020304'.repeat(20)))],
    ['netfilter attributes', 239, bytes(2, 0, '0000', '04000100'.repeat(40))],
    ['MPLS labels', 1, eth(0x8847, bytes('000100ff'.repeat(40)))],
    ['frame relay address', 107, bytes('1800000000000000')],
    [
      'GTP extension headers',
      101,
      ip4(17, udp(1, 2152, bytes('34ff', u16(124), u32(1), '00000085', '01000085'.repeat(30)))),
    ],
  ];
  test.each(cases)('%s', (_, linkType, packet) => expect(faultsOf(Uint8Array.from(packet), linkType)).toEqual([]));
});

describe('arbitrary bytes', () => {
  test.each(LINK_TYPES)('link type %i', (linkType) => {
    expectSound(fc.tuple(fc.uint8Array({ maxLength: 160 }), fc.nat(200)), often(150), ([packet, more]) =>
      faultsOf(packet, linkType, packet.length + more),
    );
  });

  test('frames with some bytes changed', () => {
    const change = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), value: fc.nat(255) });
    const changes = fc.array(change, { minLength: 1, maxLength: 6 });
    expectSound(fc.tuple(fc.constantFrom(...SAMPLES), changes), often(3000), ([sample, changed]) => {
      const packet = Uint8Array.from(sample.frame);
      for (const { at, value } of changed) packet[Math.floor(at * packet.length)] = value;
      return faultsOf(packet, sample.linkType, sample.wireLength);
    });
  });
});
