import { describe, expect, it } from 'vitest';
import { openInputs } from '../../src/sources/open.ts';
import { PACKET_CHECKSUM_PENDING, PACKET_DIRECTION_KNOWN, PACKET_OUTGOING } from '../../src/sources/source.ts';
import { readAll } from './read-all.ts';
import {
  Bytes,
  block,
  enhancedPacket,
  interfaceBlock,
  type Option,
  pcapngFile,
  sectionHeader,
  simplePacket,
  somePackets,
  temporaryFolder,
} from './writers.ts';

const { write } = temporaryFolder();
const four = new Uint8Array([1, 2, 3, 4]);

async function read(...blocks: Uint8Array[]) {
  const source = openInputs([write('case.pcapng', Buffer.concat(blocks))]);
  const packets = await readAll(source);
  return { packets, damage: source.stats().damaged[0], source };
}

describe('pcapng', () => {
  it('reads sections of either byte order, with their own interfaces, one after the other', async () => {
    const { packets, damage, source } = await read(
      pcapngFile(somePackets(2), true),
      pcapngFile(somePackets(3), false),
      pcapngFile(somePackets(1), true),
    );
    expect(packets.map((p) => p.bytes.length)).toEqual([20, 21, 20, 21, 22, 20]);
    expect(packets.map((p) => [p.seconds, p.nanos])).toEqual(
      [0, 1, 0, 1, 2, 0].map((ms) => [1_700_000_000, ms * 1_000_000]),
    );
    expect(packets.map((p) => p.interfaceId)).toEqual([0, 0, 1, 1, 1, 2]);
    expect(source.interfaces.length).toBe(3);
    expect(damage).toBeUndefined();
  });

  it('gives every interface its link type, snap length, name and clock', async () => {
    const options: Option[] = [
      [1, Buffer.from('a comment')],
      [2, Buffer.from('eth0')],
      [9, [9]],
      [14, [10, 0, 0, 0, 0, 0, 0, 0]],
    ];
    const { packets, source } = await read(
      sectionHeader(),
      interfaceBlock({ linkType: 101, snapLength: 96, options }),
      interfaceBlock({ linkType: 1, options: [[9, [0x80 | 10]]] }),
      // 1.5 s in 2^-10 s; then 2^32 + 1 ns.
      enhancedPacket({ interfaceId: 1, low: 1536, bytes: four, wireLength: 60 }),
      enhancedPacket({ interfaceId: 0, high: 1, low: 1, bytes: four }),
    );
    expect(source.interfaces).toMatchObject([
      { name: 'eth0', linkType: 101, snapLength: 96 },
      { name: '', linkType: 1, snapLength: 0 },
    ]);
    expect(packets).toMatchObject([
      { interfaceId: 1, linkType: 1, seconds: 1, nanos: 500_000_000, wireLength: 60 },
      { interfaceId: 0, linkType: 101, seconds: 14, nanos: 294_967_297, wireLength: 4 },
    ]);
  });

  it('keeps the direction and pending checksums of epb_flags', async () => {
    const flagged = (word: number) => enhancedPacket({ bytes: four, options: [[2, new Bytes().u32(word).done()]] });
    const { packets } = await read(
      sectionHeader(),
      interfaceBlock(),
      flagged(0),
      flagged(1),
      flagged(2),
      flagged(0x202),
      enhancedPacket({
        bytes: four,
        options: [
          [1, Buffer.from('comment first')],
          [2, [1, 0, 0, 0]],
        ],
      }),
    );
    expect(packets.map((p) => p.flags)).toEqual([
      0,
      PACKET_DIRECTION_KNOWN,
      PACKET_DIRECTION_KNOWN | PACKET_OUTGOING,
      PACKET_DIRECTION_KNOWN | PACKET_OUTGOING | PACKET_CHECKSUM_PENDING,
      PACKET_DIRECTION_KNOWN,
    ]);
  });

  it('reads simple packets, cut by the snap length, at the time of the packet before', async () => {
    const { packets } = await read(
      sectionHeader(),
      interfaceBlock({ snapLength: 6 }),
      enhancedPacket({ low: 5_000_000, bytes: four }),
      simplePacket(new Uint8Array([9, 8, 7, 6, 5, 4]), 1000),
      simplePacket(new Uint8Array([1, 2, 3])),
    );
    expect(packets.map((p) => [...p.bytes])).toEqual([
      [1, 2, 3, 4],
      [9, 8, 7, 6, 5, 4],
      [1, 2, 3],
    ]);
    expect(packets.map((p) => [p.wireLength, p.seconds])).toEqual([
      [4, 5],
      [1000, 5],
      [3, 5],
    ]);
  });

  it('reads the obsolete packet block', async () => {
    const body = new Bytes().u16(0, 7).u32(0, 2_000_001, 4, 80).raw(four).done();
    const { packets } = await read(sectionHeader(), interfaceBlock(), block(2, body));
    expect(packets).toMatchObject([{ seconds: 2, nanos: 1000, wireLength: 80, bytes: four }]);
  });

  it('keeps names and secrets, steps over statistics, custom and unknown blocks', async () => {
    const names = new Bytes()
      .u16(1, 4 + 10)
      .raw([10, 0, 0, 1])
      .raw(Buffer.from('host\0also\0'))
      .pad()
      .u16(2, 16 + 3)
      .raw([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
      .raw(Buffer.from('v6\0'))
      .pad()
      .u32(0);
    const secrets = new Bytes().u32(0x544c534b, 5).raw(Buffer.from('KEYS\n')).done();
    const { packets, source, damage } = await read(
      sectionHeader(),
      block(4, names.done()),
      interfaceBlock(),
      block(5, new Uint8Array(12)),
      block(10, secrets),
      block(0x0bad, new Bytes().u32(32473).raw(four).done()),
      block(0x7fff_0001, new Uint8Array(64)),
      enhancedPacket({ bytes: four }),
    );
    expect(packets.length).toBe(1);
    expect(damage).toBeUndefined();
    expect(source.names).toEqual([
      { address: '10.0.0.1', names: ['host', 'also'] },
      { address: '2001:db8::1', names: ['v6'] },
    ]);
    expect(source.secrets).toEqual([{ type: 0x544c534b, data: new Uint8Array(Buffer.from('KEYS\n')) }]);
  });
});

describe('hostile pcapng', () => {
  const start = Buffer.concat([sectionHeader(), interfaceBlock(), enhancedPacket({ bytes: four })]);
  const cases: [string, Uint8Array, RegExp][] = [
    ...[0, 8, 11].map((length): [string, Uint8Array, RegExp] => [
      `a block length of ${length}`,
      block(6, new Uint8Array(20), true, length),
      /block length of \d+ is not possible \(at least 12\)/,
    ]),
    ['a packet block of 12 bytes', block(6, new Uint8Array(0)), /packet block of 12 bytes is not possible/],
    ['a block length of 4 GiB', block(6, new Uint8Array(20), true, 0xffff_fffc), /4,294,967,292 is not believable/],
    [
      'a captured length of 4 GiB',
      enhancedPacket({ bytes: four, captured: 0xffff_ffff }),
      /4,294,967,295 bytes is not/,
    ],
    ['a captured length past the block', enhancedPacket({ bytes: four, captured: 5 }), /captured length of 5 bytes/],
    ['an interface out of range', enhancedPacket({ interfaceId: 7, bytes: four }), /interface 7, but .* only 1/],
    ['an interface of 4,294,967,295', enhancedPacket({ interfaceId: 0xffff_ffff, bytes: four }), /4,294,967,295/],
    ['two lengths that differ', Buffer.concat([start.subarray(-36, -4), four]), /two lengths of a block differ/],
    ['a short interface description', block(1, new Uint8Array(4)), /interface description of 16 bytes/],
    ['a short section header', block(0x0a0d0d0a, new Bytes().u32(0x1a2b3c4d).done()), /section header of 16 bytes/],
    ['an unknown byte order', block(0x0a0d0d0a, new Uint8Array(16)), /byte order mark is 0x00000000/],
    ['a simple packet of 12 bytes', block(3, new Uint8Array(0)), /simple packet block of 12 bytes/],
    [
      'a simple packet without interface',
      Buffer.concat([sectionHeader(), simplePacket(four)]),
      /describes no interface/,
    ],
  ];
  for (const [name, bytes, reason] of cases) {
    it(`${name} is damage after the packet before it`, async () => {
      const { packets, damage } = await read(start, bytes, enhancedPacket({ bytes: four }));
      expect(packets.length).toBe(1);
      expect(damage).toMatchObject({ packet: 2, reason: expect.stringMatching(reason), cutAtEnd: false });
    });
  }

  it('survives options that leave their block, and resolutions that no clock has', async () => {
    const broken = new Bytes().u16(2, 0xffff).u32(0x41414141).done();
    const { packets, damage } = await read(
      sectionHeader(),
      block(1, Buffer.concat([new Bytes().u16(1, 0).u32(0).done(), broken])),
      interfaceBlock({ options: [[9, [255]]] }),
      interfaceBlock({ options: [[9, [127]]] }),
      interfaceBlock({
        options: [
          [9, [0]],
          [14, [255, 255, 255, 255, 255, 255, 255, 127]],
        ],
      }),
      ...[0, 1, 2, 3].map((interfaceId) => enhancedPacket({ interfaceId, high: 0xffff_ffff, low: 7, bytes: four })),
    );
    expect(damage).toBeUndefined();
    expect(packets.length).toBe(4);
    for (const { nanos } of packets) expect(nanos).toBeLessThan(1_000_000_000);
    expect(packets[3].seconds).toBe(0xffff_ffff);
  });

  it('stops at the 65,537th interface', async () => {
    const many = Array.from({ length: 65_540 }, () => interfaceBlock());
    const { damage, source } = await read(sectionHeader(), ...many);
    expect(damage?.reason).toBe('more than 65,536 interfaces');
    expect(source.interfaces.length).toBe(65_536);
  });
});
