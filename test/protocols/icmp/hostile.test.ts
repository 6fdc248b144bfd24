import { describe, expect, it } from 'vitest';
import type { FlowView } from '../../../src/protocols/flow-view.ts';
import { icmp, QuotedTuple, quotedTuple } from '../../../src/protocols/icmp/index.ts';
import type { Direction } from '../../../src/protocols/protocol.ts';
import { Address } from '../../../src/records/address.ts';
import { AnalyzerKit } from '../../kit/analyzer.ts';
import fc from '../../kit/arbitrary.ts';
import { echo, ipv4, ipv6, linkLayer, message, neighbor, ports, v6 } from './build.ts';

const LABELS = [0x20, 0, 0, 0, 0, 8, 1, 1, 0, 1, 6, 1];
const QUOTE = ipv4({ transport: ports(5000, 53) });
const QUOTE6 = ipv6({ protocol: 0, transport: [60, 0, 0, 0, 0, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0, 0, ...ports(1, 2)] });
const SEEDS: readonly (readonly [4 | 6, Uint8Array])[] = [
  [4, echo(8, 1, 1)],
  [4, message(3, 3, [0, 32, 0, 0], QUOTE, new Array<number>(100).fill(0), LABELS)],
  [4, message(5, 1, [10, 0, 0, 254], QUOTE)],
  [6, message(1, 4, [0, 0, 0, 0], QUOTE6)],
  [6, neighbor(135, 2, linkLayer(1, 1), linkLayer(2, 1))],
  [6, message(134, 0, [64, 0, 0, 9], new Array<number>(8).fill(0), linkLayer(1, 1))],
  [6, message(137, 0, [0, 0, 0, 0], v6(1), v6(2), [4, 1 + QUOTE6.length / 8, 0, 0, 0, 0, 0, 0], QUOTE6)],
  [6, message(139, 0, [0, 0, 0, 0], new Array<number>(24).fill(7))],
];

/** Runs messages through an analyzer and checks what must hold for any bytes. */
function survive(version: 4 | 6, messages: readonly (readonly [Direction, Uint8Array])[]): void {
  const flow = version === 4 ? { protocol: 1 } : { protocol: 58, source: new Address().setV6(0xfd000000, 0, 0, 1) };
  const kit = new AnalyzerKit(icmp, { send_request: true, send_response: true }, flow as Partial<FlowView>);
  kit.holdLimit = 2000;
  for (const [direction, bytes] of messages) {
    // Outside of [from, to) stand bytes that would be noticed in a record.
    const padded = new Uint8Array(bytes.length + 64).fill(0xee);
    padded.set(bytes, 32);
    expect(kit.analyzer.message?.(direction, padded, 32, 32 + bytes.length, bytes.length)).toBe('ok');
  }
  const emitted = kit.end();
  const answered = emitted.filter(
    ({ record }) => record.requestType !== undefined && record.responseType !== undefined,
  );
  const dropped = messages.filter(([, bytes]) => bytes.length < 8).length;
  expect(emitted.length + answered.length + dropped).toBe(messages.length);
  expect(kit.held).toBe(0);
  for (const { record } of emitted) expect(JSON.stringify(record)).not.toMatch(/238\.238|eeee|EE-EE/);
}

describe('hostile input', () => {
  it('truncated at every byte', () => {
    for (const [version, seed] of SEEDS)
      for (let length = 0; length <= seed.length; length++) survive(version, [[0, seed.subarray(0, length)]]);
  });

  it('every byte changed', () => {
    for (const [version, seed] of SEEDS)
      for (let at = 0; at < seed.length; at++)
        for (const value of [0, 1, 0x7f, 0xff]) survive(version, [[0, seed.with(at, value)]]);
  });

  it('anything in any order', () => {
    const types = fc.constantFrom(
      0,
      1,
      2,
      3,
      4,
      5,
      8,
      9,
      10,
      11,
      12,
      13,
      14,
      128,
      129,
      133,
      134,
      135,
      136,
      137,
      139,
      140,
      144,
    );
    const bytes = fc
      .tuple(types, fc.constantFrom(0, 3, 4), fc.uint8Array({ maxLength: 180 }))
      .map(([type, code, rest]) => Uint8Array.from([type, code, ...rest.map((b) => (b < 64 ? b & 3 : b & 0x7f))]));
    const direction = fc.constantFrom<Direction>(0, 1);
    fc.assert(
      fc.property(fc.constantFrom<4 | 6>(4, 6), fc.array(fc.tuple(direction, bytes), { maxLength: 12 }), survive),
    );
  });

  it('a chain of extension headers that never ends', () => {
    const chain = ipv6({ protocol: 0, transport: new Array<number>(65000).fill(0) });
    const bytes = message(3, 0, [0, 0, 0, 0], chain);
    const out = new QuotedTuple();
    expect(quotedTuple(bytes, 0, bytes.length, 6, out)).toBe(true);
    expect(out.isWhole).toBe(false);
  });
});
