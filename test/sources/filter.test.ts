// Filters on files, compiled by libpcap where that is installed.

import { beforeEach, describe, expect, it } from 'vitest';
import { openInputs } from '../../src/sources/open.ts';
import { loadFilterCompiler } from '../../src/system/libpcap.ts';
import { readAll } from './read-all.ts';
import { Bytes, enhancedPacket, interfaceBlock, pcapFile, sectionHeader, temporaryFolder } from './writers.ts';

const { write } = temporaryFolder();
const hasLibpcap = await loadFilterCompiler().then(
  () => true,
  () => false,
);

/** IPv4 and UDP to this port. */
function udp(port: number): Buffer {
  const header = new Bytes(false).raw([0x45, 0]).u16(28, 0, 0).raw([64, 17]).u16(0).raw([10, 0, 0, 1, 10, 0, 0, 2]);
  return header.u16(40000, port, 8, 0).done();
}
const ethernet = (payload: Uint8Array, tags: readonly number[] = []) =>
  new Bytes(false)
    .raw(new Uint8Array(12))
    .u16(...tags, 0x0800)
    .raw(payload)
    .done();
const tagged = (port: number) => ethernet(udp(port), [0x8100, 7]);

const at = (seconds: number, bytes: Uint8Array) => ({ seconds, fraction: 0, bytes });

async function filtered(filter: string, ...files: Uint8Array[]) {
  const source = openInputs(
    files.map((bytes, i) => write(`f${i}`, bytes)),
    { filter, capacity: 2 },
  );
  const packets = await readAll(source);
  return { numbers: packets.map((p) => p.number), stats: source.stats(), notes: source.notes };
}

describe('filters on files', () => {
  beforeEach((context) => context.skip(!hasLibpcap, 'libpcap or koffi is not installed'));

  const packets = [at(1, ethernet(udp(53))), at(2, tagged(53)), at(3, ethernet(udp(80))), at(4, ethernet(udp(53)))];

  it('keep the numbers of what they let through and count the rest', async () => {
    const { numbers, stats } = await filtered('udp port 53', pcapFile(packets));
    expect(numbers).toEqual([1, 4]);
    expect(stats).toMatchObject({ packets: 4, filtered: 2, filteredBytes: 46 + 42 });
    expect((await filtered('port 9', pcapFile(packets))).numbers).toEqual([]);
    expect((await filtered('  ', pcapFile(packets))).numbers).toEqual([1, 2, 3, 4]);
  });

  it('understand VLAN tags, raw IP and the length on the wire', async () => {
    expect((await filtered('vlan 7 and udp port 53', pcapFile(packets))).numbers).toEqual([2]);
    const raw = pcapFile([at(1, udp(53)), at(2, udp(80))], { linkType: 101 });
    expect((await filtered('dst port 80', raw)).numbers).toEqual([2]);
    const long = { ...at(1, udp(53)), wireLength: 1500 };
    expect((await filtered('greater 1000', pcapFile([long, at(2, udp(53))]))).numbers).toEqual([1]);
  });

  it('number packets as they are merged', async () => {
    const other = pcapFile([at(1, ethernet(udp(1))), at(3, ethernet(udp(53))), at(9, ethernet(udp(53)))]);
    const { numbers, stats } = await filtered('port 53', pcapFile(packets), other);
    // Merged: 53 (first file), 1, tagged, 80, 53 (second file), 53, 53.
    expect(numbers).toEqual([1, 5, 6, 7]);
    expect(stats).toMatchObject({ packets: 7, filtered: 3 });
  });

  it('apply to every link type of a file by its own program', async () => {
    const file = Buffer.concat([
      sectionHeader(),
      interfaceBlock({ linkType: 1 }),
      interfaceBlock({ linkType: 101 }),
      interfaceBlock({ linkType: 147 }),
      enhancedPacket({ interfaceId: 0, bytes: ethernet(udp(53)) }),
      enhancedPacket({ interfaceId: 1, bytes: udp(53) }),
      enhancedPacket({ interfaceId: 2, bytes: udp(53) }),
      enhancedPacket({ interfaceId: 0, bytes: ethernet(udp(80)) }),
    ]);
    const { numbers, notes } = await filtered('udp port 53', file);
    expect(numbers).toEqual([1, 2]);
    expect(notes.join()).toMatch(/packets of link type 147 are left out: the filter “udp port 53” can not be used/);
  });

  it('that are wrong are refused before the first packet, in the words of libpcap', async () => {
    const source = openInputs([write('wrong', pcapFile(packets))], { filter: 'bogus word' });
    await expect(source.open()).rejects.toMatchObject({
      name: 'FilterError',
      message: expect.stringMatching(/the filter “bogus word” can not be used: .*syntax error/),
    });
  });
});
