// Packets that wait while the flow log is read.

import { expect, test } from 'vitest';
import { ELEMENT_OVERHEAD, LocalBuffer, LocalBufferPool } from '../../src/capture/local-buffer.ts';
import fc from '../kit/arbitrary.ts';

const packet = fc
  .record({
    isIPv4: fc.boolean(),
    packetType: fc.nat(7),
    packetSize: fc.nat(0xffffffff),
    auxInfo: fc.nat(255),
    errno: fc.integer({ min: -1, max: 2 }),
    bytes: fc.uint8Array({ minLength: 37, maxLength: 37 }),
  })
  .map(({ bytes, ...rest }) => ({ ...rest, epHash: bytes.slice(0, rest.isIPv4 ? 13 : 37) }));

test('gives back what was added, in order, IPv6 as IPv6', () => {
  fc.assert(
    fc.property(fc.array(packet, { maxLength: 100 }), (packets) => {
      const pool = new LocalBufferPool(1, 1024 * 1024);
      const buffer = pool.get()!;
      const isAdded = packets.map((p) =>
        buffer.add(p.epHash, p.packetType, p.packetSize, p.isIPv4, p.auxInfo, p.errno),
      );
      expect(isAdded).toEqual(packets.map(() => true));
      expect(packets.map(() => buffer.next())).toEqual(packets);
      expect(buffer.next()).toBeUndefined();
      pool.put(buffer);
      expect(pool.usage()).toBe(0);
    }),
  );
});

test('begins small, doubles to the limit, then refuses and says so', () => {
  const pool = new LocalBufferPool(1, 10_000);
  const buffer = pool.get()!;
  expect(pool.get()).toBeUndefined();
  const add = () => buffer.add(new Uint8Array(13), 0, 60, true, 0, -1);
  let n = 0;
  while (add()) n++;
  expect(n).toBeGreaterThan(Math.floor(9_900 / (13 + ELEMENT_OVERHEAD)));
  expect(n * (13 + ELEMENT_OVERHEAD)).toBeLessThanOrEqual(10_000);
  expect(pool.overflows).toBe(1);
  expect(buffer.usage()).toBeGreaterThan(0.95);
  expect(pool.usage()).toBeGreaterThan(0.95);
  buffer.reset();
  expect(buffer.usage()).toBe(0);
  expect(add()).toBe(true);
  pool.put(buffer);
  expect(pool.usage()).toBe(0);
  expect(pool.get()).toBeDefined();
});

test('uses memory that it is given', () => {
  const buffer = new LocalBuffer();
  expect(buffer.add(new Uint8Array(13), 0, 60, true, 0, -1)).toBe(false);
  buffer.assign(new Uint8Array(21));
  expect(buffer.add(new Uint8Array(13), 4, 60, true, 2, -1)).toBe(true);
  expect(buffer.usage()).toBe(1);
  expect(buffer.add(new Uint8Array(13), 0, 60, true, 0, -1)).toBe(false);
  expect(buffer.next()).toMatchObject({ packetType: 4, packetSize: 60, auxInfo: 2, errno: -1 });
});
