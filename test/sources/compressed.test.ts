// gzip and zstd, told by their first bytes; whatever way they break, what stands before is read.

import { createHash } from 'node:crypto';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { openInputs } from '../../src/sources/open.ts';
import { type ReadPacket, readAll } from './read-all.ts';
import { pcapFile, pcapngFile, type TestPacket, temporaryFolder } from './writers.ts';

const { write } = temporaryFolder();

/** Packets that hardly compress, so that inflaters have several chunks to do. */
const packets: TestPacket[] = Array.from({ length: 600 }, (_, i) => {
  const bytes = Buffer.alloc(1024);
  for (let at = 0; at < 1024; at += 32) createHash('sha256').update(`${i} ${at}`).digest().copy(bytes, at);
  return { seconds: 1_700_000_000 + i, fraction: 0, bytes };
});
const pcap = pcapFile(packets);
const pcapng = pcapngFile(packets);

async function read(bytes: Uint8Array) {
  // A name that lies: only the bytes count.
  const source = openInputs([write('capture.pcap', bytes)], { digest: true });
  const all = await readAll(source);
  return { all, damage: source.stats().damaged[0], digest: source.digest() };
}

it('pcap and pcapng give the same packets plain, by gzip and by zstd', async () => {
  const told = (list: ReadPacket[]) =>
    list.map((p) => `${p.number} ${p.seconds} ${p.nanos} ${Buffer.from(p.bytes).toString('base64')}`).join('\n');
  const { all } = await read(pcap);
  expect(all.length).toBe(600);
  for (const bytes of [pcapng, gzipSync(pcap), zstdCompressSync(pcap), gzipSync(pcapng), zstdCompressSync(pcapng)]) {
    const { all: same, damage } = await read(bytes);
    expect(told(same) === told(all)).toBe(true);
    expect(damage).toBeUndefined();
  }
});

it('the digest is that of the bytes on disk', async () => {
  for (const bytes of [pcap, gzipSync(pcap), zstdCompressSync(pcap)]) {
    expect((await read(bytes)).digest).toBe(createHash('sha256').update(bytes).digest('hex'));
  }
});

it('members and frames may follow each other, skippable ones among them', async () => {
  const half = 300_001;
  const [first, second] = [pcap.subarray(0, half), pcap.subarray(half)];
  const skippable = Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 0xff, 0xff, 0xff]);
  const empty = Buffer.alloc(0);
  for (const bytes of [
    Buffer.concat([gzipSync(first), gzipSync(empty), gzipSync(second)]),
    Buffer.concat([skippable, zstdCompressSync(first), skippable, zstdCompressSync(empty), zstdCompressSync(second)]),
  ]) {
    const { all, damage } = await read(bytes);
    expect(damage).toBeUndefined();
    expect(all.length).toBe(600);
  }
});

for (const [name, compressed] of [
  ['gzip', gzipSync(pcap)],
  ['zstd', zstdCompressSync(pcap)],
] as const) {
  it(`${name} that ends too early gives everything before`, async () => {
    for (const length of [6, 1000, compressed.length >> 1, compressed.length - 1]) {
      const { all, damage } = await read(compressed.subarray(0, length));
      expect(damage).toMatchObject({
        packet: all.length + 1,
        reason: `the ${name} data ends too early`,
        cutAtEnd: true,
      });
    }
    // Random bytes are stored as they are, so half the file is half the packets (zstd gives whole blocks of 128 KiB).
    const { all } = await read(compressed.subarray(0, compressed.length >> 1));
    expect(all.length).toBeGreaterThan(name === 'gzip' ? 290 : 240);
    if (name === 'gzip') expect((await read(compressed.subarray(0, -1))).all.length).toBe(600);
  });

  it(`${name} followed by something else gives everything before`, async () => {
    const { all, damage } = await read(Buffer.concat([compressed, Buffer.from('something else')]));
    expect(all.length).toBe(600);
    expect(damage).toMatchObject({ packet: 601, reason: expect.stringMatching(`the ${name} data is broken`) });
  });
}

it('a checksum that is wrong costs no packet', async () => {
  const broken = Buffer.from(gzipSync(pcap));
  broken[broken.length - 6] ^= 1;
  const { all, damage } = await read(broken);
  expect(all.length).toBe(600);
  expect(damage?.reason).toBe('the gzip data is broken (incorrect data check)');
});
