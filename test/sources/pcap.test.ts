import { describe, expect, it } from 'vitest';
import { openInputs } from '../../src/sources/open.ts';
import { PACKET_DIRECTION_KNOWN, PACKET_OUTGOING } from '../../src/sources/source.ts';
import { type ReadPacket, readAll } from './read-all.ts';
import { Bytes, pcapFile, somePackets, temporaryFolder } from './writers.ts';

const { write } = temporaryFolder();

async function read(bytes: Uint8Array) {
  const source = openInputs([write('case.pcap', bytes)]);
  const packets = await readAll(source);
  return { packets, damage: source.stats().damaged[0], source };
}

const times = (packets: ReadPacket[]) => packets.map(({ seconds, nanos }) => [seconds, nanos]);

describe('classic pcap', () => {
  for (const little of [true, false]) {
    const order = little ? 'little-endian' : 'big-endian';
    it(`${order}, microseconds`, async () => {
      const { packets, damage, source } = await read(pcapFile(somePackets(3), { little, linkType: 113 }));
      expect(times(packets)).toEqual([
        [1_700_000_000, 0],
        [1_700_000_000, 1_000_000],
        [1_700_000_000, 2_000_000],
      ]);
      expect(packets.map((p) => p.number)).toEqual([1, 2, 3]);
      expect(packets.map((p) => p.linkType)).toEqual([113, 113, 113]);
      expect(packets[2].bytes).toEqual(new Uint8Array(22).fill(2));
      expect(damage).toBeUndefined();
      expect(source.interfaces).toMatchObject([{ name: '', linkType: 113, snapLength: 65535 }]);
    });
    it(`${order}, nanoseconds`, async () => {
      const packet = { seconds: 4_294_967_295, fraction: 999_999_999, bytes: new Uint8Array(4) };
      const { packets } = await read(pcapFile([packet], { little, magic: 0xa1b23c4d }));
      expect(times(packets)).toEqual([[4_294_967_295, 999_999_999]]);
    });
    it(`${order}, modified: longer record headers that tell the direction`, async () => {
      const modified = [2, 0, 0, 0, 8, 0, 4, 0];
      const { packets } = await read(pcapFile(somePackets(2), { little, magic: 0xa1b2cd34, modified }));
      expect(packets.map((p) => p.bytes.length)).toEqual([20, 21]);
      expect(packets[0].flags).toBe(PACKET_DIRECTION_KNOWN | PACKET_OUTGOING);
    });
  }

  it('keeps the link type apart from the frame check sequence bits', async () => {
    const { packets } = await read(pcapFile(somePackets(1), { linkType: 0x3400_0001 }));
    expect(packets[0].linkType).toBe(1);
  });

  it('knows that lengths stood the other way round before version 2.3', async () => {
    const packet = { seconds: 1, fraction: 0, bytes: new Uint8Array(10), announced: 60, wireLength: 10 };
    for (const minor of [1, 3]) {
      const { packets, damage } = await read(pcapFile([packet, packet], { minor }));
      expect(packets.map((p) => [p.bytes.length, p.wireLength])).toEqual([
        [10, 60],
        [10, 60],
      ]);
      expect(damage).toBeUndefined();
    }
  });

  it('carries fractions above a second over', async () => {
    const packet = { seconds: 10, fraction: 2_500_000, bytes: new Uint8Array(1) };
    expect(times((await read(pcapFile([packet]))).packets)).toEqual([[12, 500_000_000]]);
  });

  it('says where a file that was cut off ends', async () => {
    const whole = pcapFile([{ seconds: 1, fraction: 0, bytes: new Uint8Array(1514) }]);
    expect((await read(whole.subarray(0, 24 + 16 + 12))).damage).toMatchObject({
      packet: 1,
      offset: 24,
      reason: 'cut short inside a packet record: 1,514 bytes announced, 12 there',
      cutAtEnd: true,
    });
    expect((await read(whole.subarray(0, 30))).damage?.reason).toBe(
      'cut short inside a record header: 16 bytes needed, 6 there',
    );
    expect((await read(whole.subarray(0, 10))).damage?.reason).toBe(
      'cut short inside the file header: 24 bytes needed, 10 there',
    );
    expect((await read(new Uint8Array(0))).damage).toMatchObject({ packet: 1, offset: 0, reason: 'the file is empty' });
  });

  it('stops at a captured length that no packet has, and keeps what stands before', async () => {
    const bad = { seconds: 1, fraction: 0, bytes: new Uint8Array(4), announced: 0xffff_ffff };
    const { packets, damage } = await read(pcapFile([...somePackets(2), bad]));
    expect(packets.length).toBe(2);
    expect(damage).toMatchObject({
      packet: 3,
      offset: 24 + 36 + 37,
      reason: 'a captured length of 4,294,967,295 bytes is not possible (at most 262,144)',
      cutAtEnd: false,
    });
  });

  it('reads packets that are longer than a chunk', async () => {
    const giant = { seconds: 1, fraction: 0, bytes: new Uint8Array(3_000_000).fill(7) };
    const file = pcapFile([...somePackets(2), giant, ...somePackets(2)], { snapLength: 4_000_000 });
    const { packets, damage } = await read(file);
    expect(packets.map((p) => p.bytes.length)).toEqual([20, 21, 3_000_000, 20, 21]);
    expect(packets[2].bytes.every((byte) => byte === 7)).toBe(true);
    expect(damage).toBeUndefined();
  });
});

describe('snoop', () => {
  const header = new Bytes(false).raw(Buffer.from('snoop\0\0\0')).u32(2, 4).done();
  const record = new Bytes(false).u32(60, 5, 32, 0, 100, 250).raw([1, 2, 3, 4, 5, 0, 0, 0]).done();

  it('is read with its padding', async () => {
    const { packets, damage } = await read(Buffer.concat([header, record, record]));
    expect(packets.length).toBe(2);
    expect(packets[1]).toMatchObject({ number: 2, seconds: 100, nanos: 250_000, wireLength: 60, linkType: 1 });
    expect([...packets[1].bytes]).toEqual([1, 2, 3, 4, 5]);
    expect(damage).toBeUndefined();
  });

  it('is damaged when a record is shorter than its packet', async () => {
    const bad = new Bytes(false).u32(60, 50, 32, 0, 100, 250).raw(new Uint8Array(8)).done();
    expect((await read(Buffer.concat([header, record, bad]))).damage).toMatchObject({ packet: 2, offset: 48 });
    expect((await read(Buffer.concat([header, record.subarray(0, 26)]))).damage).toMatchObject({ cutAtEnd: true });
  });
});
