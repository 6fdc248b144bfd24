// Bytes by pair of addresses, held against a map of texts.

import { describe, expect, it } from 'vitest';
import { PairBytes } from '../../src/engine/pair-bytes.ts';
import { Talkers } from '../../src/engine/talkers.ts';

/** Numbers that are the same in every run. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 8) % below;
  };
}

function asMap({ words, bytes }: { words: Int32Array; bytes: Float64Array }): Map<string, number> {
  const half = words.length / bytes.length || 2;
  return new Map(Array.from(bytes, (n, i) => [words.subarray(i * half, i * half + half).join(' '), n]));
}

describe.each([1, 4])('pairs of addresses of %i words', (half) => {
  it('add up, however many there are', () => {
    const next = numbers(half);
    const pairs = new PairBytes(half, 1 << 14);
    const truth = new Map<string, number>();
    for (let i = 0; i < 40_000; i++) {
      // Few that come often, many that come once; the same two hosts in both directions are two pairs.
      const key = Int32Array.from({ length: 2 * half }, () => next(i % 4 === 0 ? 90 : 2) - 1);
      pairs.add(key, 0, half, i);
      truth.set(key.join(' '), (truth.get(key.join(' ')) ?? 0) + i);
    }
    expect(asMap(pairs.packed())).toEqual(truth);
    expect(pairs.isPartial).toBe(false);
  });

  it('keep those with more bytes when there are too many', () => {
    const pairs = new PairBytes(half, 2048);
    const key = new Int32Array(2 * half);
    for (let i = 0; i < 50_000; i++) {
      key[0] = i;
      pairs.add(key, 0, half, 60);
      // Two that come again and again among those that come once.
      key[0] = -1 - (i & 1);
      pairs.add(key, 0, half, 40 + (i & 1));
    }
    expect(pairs.isPartial).toBe(true);
    const { bytes } = pairs.packed();
    expect(bytes.length).toBeLessThan(2048);
    expect([...bytes.sort()].slice(-3)).toEqual([60, 1_000_000, 1_025_000]);
  });
});

describe('top talkers', () => {
  const v4 = (pairs: [number, number, number][]) => ({
    words: Int32Array.from(pairs.flatMap((pair) => pair.slice(0, 2))),
    bytes: Float64Array.from(pairs, ([, , bytes]) => bytes),
  });
  const none = { words: new Int32Array(0), bytes: new Float64Array(0) };

  it('are those of all threads together, of both families', () => {
    const talkers = new Talkers();
    const v6 = { words: Int32Array.of(0x20010db8, 0, 0, 1, 0x20010db8, 0, 0, -1), bytes: Float64Array.of(3e12) };
    talkers.addAll({
      v4: v4([
        [0x0a000001, 0x0a000002, 5e9],
        [0x0a000002, 0x0a000001, 7],
      ]),
      v6,
      isPartial: false,
    });
    talkers.addAll({ v4: v4([[0x0a000001, 0x0a000002, 2]]), v6, isPartial: false });
    expect(talkers.top(2)).toEqual([
      { source: '2001:db8::1', destination: '2001:db8::ffff:ffff', bytes: 6e12 },
      { source: '10.0.0.1', destination: '10.0.0.2', bytes: 5_000_000_002 },
    ]);
    expect(talkers.isPartial).toBe(false);
    talkers.addAll({ v4: none, v6: none, isPartial: true });
    expect(talkers.isPartial).toBe(true);
  });

  it('stand in the order of their addresses where they have the same bytes, whatever came first', () => {
    const pairs = Array.from({ length: 300 }, (_, i): [number, number, number] => [0x0a000000 + (i % 100), i, 64]);
    const tops = [pairs, pairs.toReversed()].map((some) => {
      const talkers = new Talkers();
      talkers.addAll({ v4: v4(some), v6: none, isPartial: false });
      return talkers.top(3).map(({ source, destination }) => `${source} ${destination}`);
    });
    expect(tops[0]).toEqual(['10.0.0.0 0.0.0.0', '10.0.0.0 0.0.0.100', '10.0.0.0 0.0.0.200']);
    expect(tops[1]).toEqual(tops[0]);
  });
});
