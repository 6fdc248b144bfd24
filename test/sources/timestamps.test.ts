import { describe, expect, it } from 'vitest';
import { Timestamps } from '../../src/sources/timestamps.ts';
import fc, { often } from '../kit/arbitrary.ts';

const word = fc.integer({ min: 0, max: 0xffff_ffff });

describe('pcapng timestamps', () => {
  it('are exact for every resolution and every 64-bit value', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 255 }), word, word, word, (resolution, high, low, next) => {
        const clock = new Timestamps(resolution, 0);
        const units = BigInt((resolution & 0x80) !== 0 ? 2 : 10) ** BigInt(resolution & 0x7f);
        for (const lowWord of [low, next]) {
          const ticks = (BigInt(high) << 32n) | BigInt(lowWord);
          const seconds = ticks / units;
          clock.convert(high, lowWord);
          const isOutside = seconds > 0xffff_ffffn;
          expect(clock.isOutside).toBe(isOutside);
          expect(clock.seconds).toBe(isOutside ? 0xffff_ffff : Number(seconds));
          expect(clock.nanos).toBe(isOutside ? 999_999_999 : Number(((ticks % units) * 1_000_000_000n) / units));
        }
      }),
      { numRuns: often(3000) },
    );
  });

  it('are moved by the offset, and stop at the edges of what a column holds: never before the packet before', () => {
    const at = (offsetSeconds: number, resolution: number) => {
      const clock = new Timestamps(resolution, offsetSeconds);
      clock.convert(0, 100_550);
      return [clock.seconds, clock.nanos];
    };
    expect([5, -5, -5000, 1e15].map((offset) => at(offset, 2))).toEqual([
      [1010, 500_000_000],
      [1000, 500_000_000],
      [0, 0],
      [0xffff_ffff, 999_999_999],
    ]);
  });
});
