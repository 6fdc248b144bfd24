import { describe, expect, it } from 'vitest';
import { digest, payloadSum } from '../../src/stream/digest.ts';
import fc, { often } from '../kit/arbitrary.ts';

/** Words of 16 bits, low byte first, modulo 65535. */
function plainSum(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i++) sum = (sum + (bytes[i] << ((i & 1) * 8))) % 0xffff;
  return sum;
}

describe('the digest of a payload', () => {
  it('adds up its words on the way', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      fc.tuple(fc.nat(255), fc.nat(70_000)).map(([byte, length]) => new Uint8Array(length).fill(byte)),
    );
    fc.assert(
      fc.property(bytes, fc.nat(5), (payload, before) => {
        const packet = new Uint8Array(before + payload.length + 3).fill(0xee);
        packet.set(payload, before);
        digest(packet, before, before + payload.length);
        expect(payloadSum % 0xffff).toBe(plainSum(payload));
        expect(payloadSum).toBeLessThan(2 ** 20);
      }),
      { numRuns: often(400) },
    );
  });

  it('is another one when any byte is', () => {
    const payload = Uint8Array.from({ length: 53 }, (_, i) => i * 7);
    const known = digest(payload, 0, payload.length);
    for (let i = 0; i < payload.length; i++) {
      const other = payload.slice();
      other[i] ^= 1;
      expect(digest(other, 0, other.length), String(i)).not.toBe(known);
    }
  });
});
