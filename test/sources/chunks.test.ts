// However the input is cut into chunks and batches, the packets are the same; and a file may end at any byte.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openInputs } from '../../src/sources/open.ts';
import fc, { often } from '../kit/arbitrary.ts';
import { capture, hasShared } from '../kit/shared.ts';
import { readAll } from './read-all.ts';
import { pcapFile, pcapngFile, somePackets, temporaryFolder } from './writers.ts';

const { write } = temporaryFolder();

const files = [
  ['pcap', pcapFile(somePackets(40))],
  ['pcapng', Buffer.concat([pcapngFile(somePackets(20)), pcapngFile(somePackets(20), false)])],
] as const;

for (const [name, bytes] of files) {
  it(`${name}: any chunk size, capacity and number of buffers gives the same packets`, async () => {
    const path = write(`chunks.${name}`, bytes);
    const whole = await readAll(openInputs([path]));
    expect(whole.map((packet) => packet.number)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
    const options = fc.record({
      chunkBytes: fc.integer({ min: 4, max: 500 }),
      capacity: fc.integer({ min: 1, max: 50 }),
      buffers: fc.integer({ min: 1, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(options, async (sizes) => {
        expect(await readAll(openInputs([path], sizes))).toEqual(whole);
      }),
      { numRuns: often(60) },
    );
  });

  it(`${name}: batches in shared memory, several in circulation, stay valid until they are released`, async () => {
    const path = write(`shared.${name}`, bytes);
    const allocate = (size: number) => new SharedArrayBuffer(size);
    const source = openInputs([path], { chunkBytes: 256, capacity: 8, buffers: 2, allocate, digest: true });
    await source.open();
    const first = await source.next();
    const second = await source.next();
    if (typeof first === 'string' || typeof second === 'string') throw new Error('two batches expected');
    expect(first.bytes.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(first.numbers.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(await source.next()).toBe('idle');
    expect(first.bytes[first.offset[0]]).toBe(0);
    expect(second.bytes[second.offset[0]]).toBe(second.firstPacket - 1);
    source.release(first);
    expect(typeof (await source.next())).toBe('object');
    await source.close();
  });
}

describe.skipIf(!hasShared)('captures that end at any byte', () => {
  for (const name of [
    'arkime__bigendian.pcap',
    'gopacket__pcapgo__tests__epb.pcapng',
    'pcpp__Packet++Test__PacketExamples__igmp.pcapng',
  ]) {
    it(`${name}: the packets before, never an exception`, async () => {
      const bytes = readFileSync(capture(name));
      const whole = await readAll(openInputs([capture(name)]));
      let last = 0;
      for (let length = 0; length <= bytes.length; length++) {
        const source = openInputs([write('cut', bytes.subarray(0, length))], { chunkBytes: 4096, capacity: 64 });
        const packets = await readAll(source);
        const { damaged } = source.stats();
        expect(packets).toEqual(whole.slice(0, packets.length));
        expect(packets.length).toBeGreaterThanOrEqual(last);
        last = packets.length;
        if (damaged.length > 0) expect(damaged).toMatchObject([{ packet: packets.length + 1, cutAtEnd: true }]);
        else expect(length).toBeGreaterThan(0);
      }
      expect(last).toBe(whole.length);
    });
  }
});

it('any bytes behind a magic number are read without an exception, and end', async () => {
  const magic = fc.constantFrom('a1b2c3d4', 'd4c3b2a1', '4d3cb2a1', 'a1b2cd34', '0a0d0d0a', '736e6f6f00000000');
  const start = pcapngFile(somePackets(2));
  await fc.assert(
    fc.asyncProperty(magic, fc.uint8Array({ maxLength: 300 }), fc.boolean(), async (head, tail, isInside) => {
      const bytes = Buffer.concat([isInside ? start : Buffer.from(head, 'hex'), tail]);
      const source = openInputs([write('any', bytes)], { chunkBytes: 64, capacity: 4 });
      const packets = await readAll(source);
      for (const { nanos } of packets) expect(nanos).toBeLessThan(1_000_000_000);
      expect(packets.length).toBe(source.stats().packets);
    }),
    { numRuns: often(300) },
  );
});
