// Packets that are written are the packets that were read: bytes, lengths, times to the nanosecond, link types, directions. Files are cut
// and named as tcpdump cuts and names them, byte for byte; tcpdump is asked where it is installed.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OUTCOMES } from '../../src/engine/ledger.ts';
import { identityOf } from '../../src/sinks/output.ts';
import { formatOf, PacketFile, type PacketFileOptions } from '../../src/sinks/packet-file.ts';
import { Rotation } from '../../src/sinks/rotation.ts';
import { strftime } from '../../src/sinks/strftime.ts';
import { openInputs } from '../../src/sources/open.ts';
import { MemorySink, runFiles, runInto } from '../kit/engine.ts';
import { DnsTraffic } from '../kit/generate/dns.ts';
import { writePcap } from '../kit/generate/pcap-writer.ts';
import { BEGIN, batchOf } from '../kit/packets.ts';
import { capture, hasShared, PROJECT, SHARED } from '../kit/shared.ts';
import { unless } from '../kit/unless.ts';
import { readAll } from '../sources/read-all.ts';
import { Bytes, enhancedPacket, interfaceBlock, pcapFile, sectionHeader } from '../sources/writers.ts';

const FIRST_LOOK = join(PROJECT, 'examples/first-look.pcap');
const hasTcpdump = spawnSync('tcpdump', ['--version']).status === 0;
if (!hasTcpdump) console.warn('SKIPPED: tcpdump is missing, so rotation is not compared with it');

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'netscribe-packets-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Writes the packets of `inputs` into a new folder; gives the folder. */
async function write(
  inputs: readonly string[],
  name: string,
  options: Partial<PacketFileOptions> = {},
  filter = '',
  request = {},
): Promise<string> {
  const into = mkdtempSync(join(folder, 'out-'));
  const sink = new PacketFile(join(into, name), { format: formatOf(name), ...options });
  await runInto(inputs, [sink], { records: [], ...request }, { filter });
  return into;
}

/** What must survive: everything but where it stood in which file, and on which of several interfaces. */
async function packetsOf(path: string, keepsFlags: boolean) {
  const packets = await readAll(openInputs([path]));
  return packets.map(({ number, seconds, nanos, linkType, wireLength, flags, bytes }) =>
    [
      number,
      seconds,
      nanos,
      linkType,
      wireLength,
      keepsFlags ? flags : 0,
      Buffer.from(bytes).toString('base64'),
    ].join(),
  );
}

/** A pcapng file of two interfaces with different link types, with directions and secrets. */
function mixedFile(): string {
  const path = join(folder, 'mixed.pcapng');
  const secrets = new Bytes().u32(0x544c534b, 5).raw(Buffer.from('hello')).pad().done();
  const block = (type: number, body: Uint8Array) =>
    Buffer.concat([new Bytes().u32(type, body.length + 12).done(), body, new Bytes().u32(body.length + 12).done()]);
  const packet = (id: number, low: number, flags?: number) => {
    const bytes = new Uint8Array(33 + low).fill(low);
    const options = flags === undefined ? {} : { options: [[2, new Bytes().u32(flags).done()]] as const };
    return enhancedPacket({ interfaceId: id, high: 400_000, low, bytes, wireLength: 2000, ...options });
  };
  writeFileSync(
    path,
    Buffer.concat([
      sectionHeader(),
      interfaceBlock({ linkType: 1, options: [[2, Buffer.from('eth7')]] }),
      packet(0, 1, 1),
      interfaceBlock({ linkType: 113, snapLength: 512 }),
      block(10, secrets),
      packet(1, 2, 2),
      packet(0, 3),
    ]),
  );
  return path;
}

describe('a capture file', () => {
  const names = hasShared ? readdirSync(`${SHARED}pcaps`).filter((name) => /\.(pcap|pcapng|cap)$/.test(name)) : [];
  const chosen = names.sort().filter((name, i) => i % 60 === 0 || name.endsWith('.pcapng'));

  it.skipIf(!hasShared)('has the packets of the capture that was read, and gives the same records', async () => {
    const different: string[] = [];
    let compared = 0;
    for (const name of chosen) {
      const from = capture(name);
      for (const format of ['pcap', 'pcapng'] as const) {
        const to = join(folder, `copy.${format}`);
        const failed = await runInto([from], [new PacketFile(to, { format })], { records: [] }).catch((e: Error) => e);
        if (failed instanceof Error) {
          // An old format with no room for what is in the file says so.
          if (!/a pcap file has room for one/.test(failed.message)) different.push(`${name}: ${failed.message}`);
          continue;
        }
        const keepsFlags = format === 'pcapng';
        const [read, written] = [await packetsOf(from, keepsFlags), await packetsOf(to, keepsFlags)];
        if (read.join('\n') !== written.join('\n')) different.push(`${name} as ${format}`);
        if (compared++ % 12 === 1 && keepsFlags) {
          if ((await runFiles([from])).text !== (await runFiles([to])).text) different.push(`records of ${name}`);
        }
      }
    }
    expect(different).toEqual([]);
    expect(compared).toBeGreaterThan(40);
  });

  it('has the packets that match, and the ledger says what became of all', async () => {
    const to = join(folder, 'dns.pcap');
    const sink = new PacketFile(to, { format: 'pcap' });
    const result = await runInto([FIRST_LOOK], [sink], { records: [], maxPackets: 40 }, { filter: 'udp port 53' });
    const matching = await readAll(openInputs([FIRST_LOOK], { filter: 'udp port 53' }));
    const written = await readAll(openInputs([to]));
    expect(written.map(({ bytes }) => bytes)).toEqual(matching.slice(0, 40).map(({ bytes }) => bytes));
    expect(result.ledger.packets[OUTCOMES.indexOf('undecoded')]).toBe(40);
    expect(result.ledger.packetsRead).toBe(result.packets);
  });

  it('does not change what records say', async () => {
    const into = join(folder, 'beside.pcap');
    const { text } = await runFiles([FIRST_LOOK]);
    for (const workers of [1, 2]) {
      const memory = new MemorySink();
      await runInto([FIRST_LOOK], [new PacketFile(into, { format: 'pcap' }), memory], { workers });
      expect(memory.text).toBe(text);
      expect(await packetsOf(into, false)).toEqual(await packetsOf(FIRST_LOOK, false));
    }
  });

  it('is cut to the snap length, with the lengths on the wire kept', async () => {
    const into = await write([FIRST_LOOK], 'cut.pcap', {}, '', { snapLength: 60 });
    const packets = await readAll(openInputs([join(into, 'cut.pcap')]));
    const whole = await readAll(openInputs([FIRST_LOOK]));
    expect(packets.map(({ bytes }) => bytes)).toEqual(whole.map(({ bytes }) => bytes.slice(0, 60)));
    expect(packets.map(({ wireLength }) => wireLength)).toEqual(whole.map(({ wireLength }) => wireLength));
  });

  it('keeps nanoseconds, and the years up to 2106', async () => {
    const path = join(folder, 'nanos.pcap');
    const times = [
      [0, 1],
      [1_700_000_000, 999_999_999],
      [0x7fffffff, 123_456_789],
      [0xffffffff, 999_999_999],
    ];
    const packets = times.map(([seconds, fraction]) => ({ seconds, fraction, bytes: new Uint8Array(60) }));
    writeFileSync(path, pcapFile(packets, { magic: 0xa1b23c4d }));
    for (const name of ['a.pcap', 'a.pcapng']) {
      const into = await write([path], name);
      const read = await readAll(openInputs([join(into, name)]));
      expect(read.map(({ seconds, nanos }) => [seconds, nanos])).toEqual(times);
    }
  });

  it('is the input byte for byte with microseconds', async () => {
    const into = await write([FIRST_LOOK], 'same.pcap', { micros: true });
    expect(readFileSync(join(into, 'same.pcap')).equals(readFileSync(FIRST_LOOK))).toBe(true);
  });

  it('of several link types is pcapng; pcap says why not', async () => {
    const mixed = mixedFile();
    const into = await write([mixed], 'mixed.pcapng');
    const copy = openInputs([join(into, 'mixed.pcapng')]);
    const read = await readAll(copy);
    expect(read.map(({ linkType, flags, wireLength }) => [linkType, flags, wireLength])).toEqual(
      (await readAll(openInputs([mixed]))).map(({ linkType, flags, wireLength }) => [linkType, flags, wireLength]),
    );
    expect(copy.interfaces.map(({ name, linkType, snapLength }) => [name, linkType, snapLength])).toEqual([
      ['eth7', 1, 0],
      ['', 113, 512],
    ]);
    expect(copy.secrets.map(({ type, data }) => [type, Buffer.from(data).toString()])).toEqual([[0x544c534b, 'hello']]);
    await expect(write([mixed], 'mixed.pcap')).rejects.toThrow(
      'packet 2 has link type 113, those before it 1, and a pcap file has room for one: write pcapng instead',
    );
  });

  it('without packets can be read all the same', async () => {
    const empty = join(folder, 'empty.pcap');
    writeFileSync(empty, pcapFile([], { linkType: 113 }));
    for (const name of ['none.pcap', 'none.pcapng']) {
      const into = await write([empty], name);
      expect(await readAll(openInputs([join(into, name)]))).toEqual([]);
    }
  });

  it('has the VLAN tag again that the kernel took out', async () => {
    const path = join(folder, 'tag.pcap');
    const bytes = new Bytes().raw(Uint8Array.from({ length: 60 }, (_, i) => i));
    const batch = batchOf([{ at: 0, bytes: bytes.done() }]);
    batch.vlan[0] = 0x10000 | 0x2064;
    const sink = new PacketFile(path, { format: 'pcap' });
    await sink.open([], { interfaces: [], secrets: [], names: [] });
    expect(sink.write(batch)).toBe(1);
    await sink.close();
    const [packet] = await readAll(openInputs([path]));
    expect([...packet.bytes.slice(10, 20)]).toEqual([10, 11, 0x81, 0, 0x20, 0x64, 12, 13, 14, 15]);
    expect([packet.bytes.length, packet.wireLength, packet.seconds]).toEqual([64, 64, BEGIN]);
  });

  it('is never one of the inputs', async () => {
    const path = join(folder, 'both.pcap');
    writeFileSync(path, readFileSync(FIRST_LOOK));
    const forbidden = new Set([identityOf(statSync(path))]);
    await expect(runInto([path], [new PacketFile(path, { format: 'pcap', forbidden })])).rejects.toThrow(
      'both.pcap is also being read: write to another file',
    );
    expect(readFileSync(path).equals(readFileSync(FIRST_LOOK))).toBe(true);
  });

  it('that can not be written says why', async () => {
    const at = (path: string) => runInto([FIRST_LOOK], [new PacketFile(path, { format: 'pcap' })], { records: [] });
    await expect(at('/dev/full')).rejects.toThrow('cannot write to /dev/full: the disk is full');
    await expect(at(join(folder, 'no/such/x.pcap'))).rejects.toThrow('no/such does not exist');
    await expect(at(folder)).rejects.toThrow('it is a folder');
  });
});

describe('rotation', () => {
  it.each([
    [{ bytes: 1, seconds: 0, files: 0 }, ['x.pcap', 'x.pcap1', 'x.pcap2', 'x.pcap3']],
    [{ bytes: 1, seconds: 0, files: 1 }, ['x.pcap', 'x.pcap', 'x.pcap']],
    [{ bytes: 1, seconds: 0, files: 2 }, ['x.pcap0', 'x.pcap1', 'x.pcap0', 'x.pcap1']],
    [{ bytes: 1, seconds: 0, files: 11 }, ['x.pcap00', 'x.pcap01', 'x.pcap02']],
  ])('%o names files %o', (options, names) => {
    const rotation = new Rotation('x.pcap', options);
    expect([rotation.first(0), ...names.slice(1).map(() => rotation.next(0, 100))]).toEqual(names);
  });

  it('goes by seconds, from the packet that began the file', () => {
    const rotation = new Rotation('%s.pcap', { bytes: 0, seconds: 10, files: 3 });
    expect(rotation.first(100)).toBe('100.pcap');
    expect(rotation.next(109, 1e9)).toBeUndefined();
    expect(rotation.next(115, 0)).toBe('115.pcap');
    expect(rotation.next(90, 0)).toBeUndefined();
    expect(rotation.next(124, 0)).toBeUndefined();
    expect(rotation.next(125, 0)).toBe('125.pcap');
    expect(rotation.next(135, 0)).toBe('done');
  });

  it('counts anew after every time', () => {
    const rotation = new Rotation('%s-', { bytes: 50, seconds: 10, files: 20 });
    const names = [rotation.first(100), rotation.next(101, 51), rotation.next(102, 51), rotation.next(110, 51)];
    expect(names).toEqual(['100-00', '100-01', '100-02', '110-00']);
  });

  it('ends the run with the last file', async () => {
    const path = join(folder, 'seconds.pcap');
    const packets = Array.from({ length: 60 }, (_, i) => ({
      seconds: 1000 + i,
      fraction: 0,
      bytes: new Uint8Array(60),
    }));
    writeFileSync(path, pcapFile(packets));
    const into = await write([path], '%s.pcap', { rotation: { bytes: 0, seconds: 10, files: 3 } });
    expect(readdirSync(into).sort()).toEqual(['1000.pcap', '1010.pcap', '1020.pcap']);
    for (const name of readdirSync(into)) expect(await readAll(openInputs([join(into, name)]))).toHaveLength(10);
  });

  unless(hasTcpdump ? '' : 'tcpdump is not installed here').describe('as tcpdump', () => {
    let big = '';
    beforeAll(() => {
      big = join(folder, 'big.pcap');
      writePcap(big, new DnsTraffic({ seed: 1 }), { packets: 30_000, packetsPerSecond: 1000, seed: 1 });
    });

    it.each([
      ['-C 1', { bytes: 1e6, seconds: 0, files: 0 }],
      ['-C 1 -W 20', { bytes: 1e6, seconds: 0, files: 20 }],
      ['-C 1 -W 2', { bytes: 1e6, seconds: 0, files: 2 }],
      ['-C 1 -W 1', { bytes: 1e6, seconds: 0, files: 1 }],
    ])('%s', async (flags, rotation) => {
      const theirs = mkdtempSync(join(folder, 'tcpdump-'));
      const words = ['-Z', 'root', '-r', big, ...flags.split(' '), '-w', join(theirs, 'x.pcap')];
      const { status, stderr } = spawnSync('tcpdump', words, { encoding: 'utf8' });
      expect(status, stderr).toBe(0);
      // tcpdump reads nanoseconds as microseconds unless told otherwise.
      const ours = await write([big], 'x.pcap', { rotation, micros: true });
      expect(readdirSync(ours).sort()).toEqual(readdirSync(theirs).sort());
      expect(readdirSync(ours).length).toBeGreaterThan(rotation.files === 1 ? 0 : 1);
      for (const name of readdirSync(ours)) {
        expect(readFileSync(join(ours, name)).equals(readFileSync(join(theirs, name))), name).toBe(true);
      }
    });

    it('reads what we write', async () => {
      mkdirSync(join(folder, 'read'), { recursive: true });
      for (const name of ['a.pcap', 'a.pcapng']) {
        const into = await write([big], name);
        const { stdout } = spawnSync('tcpdump', ['-nr', join(into, name), '-tt', '--nano', '-c', '1000'], {
          encoding: 'utf8',
        });
        const expected = spawnSync('tcpdump', ['-nr', big, '-tt', '--nano', '-c', '1000'], { encoding: 'utf8' });
        expect(stdout).toBe(expected.stdout);
        expect(stdout.split('\n')).toHaveLength(1001);
      }
    });
  });
});

describe('names', () => {
  it('say the format', () => {
    expect(['a.pcap', 'a.pcapng', 'a', '-', 'a.ntar', 'a.pcapng.pcap'].map(formatOf)).toEqual([
      'pcap',
      'pcapng',
      'pcap',
      'pcap',
      'pcapng',
      'pcap',
    ]);
  });
  it('have times as strftime writes them', () => {
    const date = new Date(2026, 2, 5, 14, 7, 9);
    const format = '%Y-%m-%d %e %H:%M:%S %I%p %j %a %A %b %B %y %C %u %w %s %F %T %R %D %% %Q %';
    const seconds = date.getTime() / 1000;
    expect(strftime(format, date)).toBe(
      `2026-03-05  5 14:07:09 02PM 064 Thu Thursday Mar March 26 20 4 4 ${seconds} 2026-03-05 14:07:09 14:07 03/05/26 % %Q %`,
    );
    const shell = spawnSync('date', ['-d', `@${seconds}`, '+%z'], {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C' },
    });
    expect(strftime('%z', date)).toBe(shell.stdout.trim());
  });
});
