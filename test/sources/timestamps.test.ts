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
          expect(clock.seconds).toBe(seconds > 0xffff_ffffn ? 0xffff_ffff : Number(seconds));
          expect(clock.nanos).toBe(Number(((ticks % units) * 1_000_000_000n) / units));
        }
      }),
      { numRuns: often(3000) },
    );
  });

  it('are moved by the offset, and stop at the edges of what a column holds', () => {
    const at = (offsetSeconds: number) => {
      const clock = new Timestamps(0, offsetSeconds);
      clock.convert(0, 1000);
      return clock.seconds;
    };
    expect([at(5), at(-5), at(-5000), at(1e15)]).toEqual([1005, 995, 0, 0xffff_ffff]);
  });
});
