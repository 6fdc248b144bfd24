// Several files and folders as one input: order, numbers, interfaces, and what is said about files that can not be used.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openInputs } from '../../src/sources/open.ts';
import fc from '../kit/arbitrary.ts';
import { unless } from '../kit/unless.ts';
import { readAll } from './read-all.ts';
import { pcapFile, pcapngFile, somePackets, temporaryFolder } from './writers.ts';

const { path: folder, write } = temporaryFolder();

/** A file with one packet per time; the packet's first byte is `mark`. */
const fileAt = (times: readonly number[], mark: number) =>
  pcapFile(times.map((seconds) => ({ seconds, fraction: 0, bytes: new Uint8Array(30).fill(mark) })));

async function order(paths: string[], options = {}) {
  const packets = await readAll(openInputs(paths, options));
  expect(packets.map((p) => p.number)).toEqual(packets.map((_, i) => i + 1));
  return packets.map((p) => `${p.bytes[0]}@${p.seconds}`).join(' ');
}

it('reads files that do not overlap one after the other, whatever their order', async () => {
  const late = write('late', fileAt([20, 21], 2));
  const early = write('early', fileAt([10, 11], 1));
  const source = openInputs([late, early]);
  const packets = await readAll(source);
  expect(packets.map((p) => [p.number, p.bytes[0]])).toEqual([
    [1, 1],
    [2, 1],
    [3, 2],
    [4, 2],
  ]);
  expect(packets.map((p) => source.interfaces[p.interfaceId].file)).toEqual([early, early, late, late]);
});

it('merges files that overlap by time; at the same time the file named first comes first', async () => {
  const a = write('a', fileAt([10, 12, 12, 15], 1));
  const b = write('b', fileAt([11, 12, 16, 17], 2));
  const c = write('c', pcapngFile([{ seconds: 12, fraction: 5, bytes: new Uint8Array(30).fill(3) }]));
  expect(await order([a, b, c])).toBe('1@10 2@11 1@12 1@12 2@12 3@12 1@15 2@16 2@17');
  expect(await order([b, a])).toBe('1@10 2@11 2@12 1@12 1@12 1@15 2@16 2@17');
});

it('keeps the order of each file, even where its time runs backwards', async () => {
  const a = write('a', fileAt([10, 5, 30], 1));
  const b = write('b', fileAt([7, 20], 2));
  expect(await order([a, b])).toBe('2@7 1@10 1@5 2@20 1@30');
});

it('merges the same way with any chunk size', async () => {
  const times = fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 25 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(times, { minLength: 2, maxLength: 4 }),
      fc.integer({ min: 60, max: 400 }),
      async (all, size) => {
        const paths = all.map((list, i) =>
          write(
            `m${i}`,
            fileAt(
              list.sort((x, y) => x - y),
              i,
            ),
          ),
        );
        const expected = all
          .flatMap((list, i) => list.map((time) => ({ time, i })))
          .sort((x, y) => x.time - y.time || x.i - y.i);
        const merged = await order(paths, { chunkBytes: size, capacity: 5, buffers: 1 + (size % 2) });
        expect(merged).toBe(expected.map(({ time, i }) => `${i}@${time}`).join(' '));
      },
    ),
    { numRuns: 60 },
  );
});

it('goes on with the other files when one is damaged', async () => {
  const a = write('a', fileAt([10, 20], 1).subarray(0, -5));
  const b = write('b', fileAt([11, 30], 2));
  const empty = write('empty', new Uint8Array(0));
  const source = openInputs([a, b, empty]);
  expect((await readAll(source)).map((p) => p.seconds)).toEqual([10, 11, 30]);
  expect(source.stats().damaged).toMatchObject([
    { file: empty, packet: 1, offset: 0, reason: 'the file is empty' },
    { file: a, packet: 2, offset: 70, cutAtEnd: true },
  ]);
});

it('takes the captures of a folder and its subfolders, and says what it left out', async () => {
  mkdirSync(join(folder, 'day/night'), { recursive: true });
  write('day/2.pcap', fileAt([20], 2));
  write('day/1.pcap', fileAt([20], 1));
  write('day/night/3.pcap', fileAt([5], 3));
  write('day/notes.txt', Buffer.from('hello there'));
  const source = openInputs([join(folder, 'day')]);
  expect((await readAll(source)).map((p) => p.bytes[0])).toEqual([3, 1, 2]);
  expect(source.notes).toEqual([expect.stringMatching(/^left out: .*notes\.txt is not a capture file/)]);
});

it('reads a file once, however often and by what names it is named', async () => {
  mkdirSync(join(folder, 'rotated'));
  const first = write('rotated/1.pcap', fileAt([20], 1));
  const newest = write('rotated/2.pcap', fileAt([30], 2));
  symlinkSync('2.pcap', join(folder, 'rotated/current.pcap'));
  symlinkSync('nowhere', join(folder, 'rotated/gone.pcap'));
  symlinkSync('circle', join(folder, 'rotated/circle'));
  symlinkSync('1.pcap/below', join(folder, 'rotated/inside.pcap'));
  linkSync(first, join(folder, 'rotated/3.pcap'));
  const source = openInputs([join(folder, 'rotated'), newest, `${folder}/./rotated/1.pcap`]);
  expect((await readAll(source)).map((p) => p.bytes[0])).toEqual([1, 2]);
  expect(source.notes).toEqual([
    `left out: ${folder}/rotated/3.pcap is the same file as ${first}`,
    `left out: ${folder}/rotated/current.pcap is the same file as ${newest}`,
    `left out: ${newest} is the same file as ${newest}`,
    `left out: ${folder}/./rotated/1.pcap is the same file as ${first}`,
  ]);
});

it('says that a pipe can not be read twice', () => {
  const fifo = join(folder, 'fifo');
  execFileSync('mkfifo', [fifo]);
  expect(() => openInputs([fifo, fifo])).toThrow(`${fifo} is named twice, and can be read once only`);
  expect(() => openInputs(['-', '-'])).toThrow('standard input is named twice, and can be read once only');
});

it('says which files of a folder it could not read, as it says what is damaged', async () => {
  mkdirSync(join(folder, 'odd'));
  write('odd/1.pcap', fileAt([20], 1));
  writeFileSync(Buffer.concat([Buffer.from(join(folder, 'odd/2')), Buffer.from([0xff])]), fileAt([20], 2));
  const source = openInputs([join(folder, 'odd')]);
  expect((await readAll(source)).map((p) => p.bytes[0])).toEqual([1]);
  expect(source.stats().damaged).toMatchObject([
    { file: join(folder, 'odd/2\ufffd'), packet: 1, reason: expect.stringContaining('its name is no UTF-8') },
  ]);
});

it('says in so many words why an input can not be used', async () => {
  const text = write('readme.md', Buffer.from('# Readme'));
  expect(() => openInputs([join(folder, 'nowhere')])).toThrow(/nowhere: there is no such file or folder/);
  await expect(openInputs([text]).open()).rejects.toThrow(
    /readme\.md is not a capture file: it begins with 23 20 52 65 61 64 6d 65 \(“# Readme”\); pcap, pcapng and snoop are read/,
  );
  mkdirSync(join(folder, 'void'));
  await expect(openInputs([join(folder, 'void')]).open()).rejects.toThrow(/no capture file in what was named/);
});

it('says when a file may not be read', async (context) => {
  context.skip(process.getuid?.() === 0, 'root may read everything');
  const path = write('secret', fileAt([1], 1));
  chmodSync(path, 0);
  await expect(openInputs([path]).open()).rejects.toThrow(/secret: no permission to read it/);
});

unless(existsSync('/proc/self/mem') ? '' : 'there is no /proc').test('takes a failing read for damage', async () => {
  // Nothing is mapped at address 0 of a process, so reading its memory fails from the start.
  const source = openInputs(['/proc/self/mem']);
  await readAll(source);
  expect(source.stats().damaged[0].reason).toMatch(/^can not be read any further \(EIO/);
});

it('names several files by the digests of each, in the order they were named', async () => {
  const files = [fileAt([20], 1), fileAt([10], 2)];
  const source = openInputs(
    files.map((bytes, i) => write(`d${i}`, bytes)),
    { digest: true },
  );
  await readAll(source);
  const lines = files.map((bytes) => `${createHash('sha256').update(bytes).digest('hex')}\n`);
  expect(source.digest()).toBe(createHash('sha256').update(lines.join('')).digest('hex'));
});

it('counts the bytes that were read and those there are', async () => {
  const bytes = pcapFile(somePackets(10));
  const source = openInputs([write('x', bytes), write('y', bytes)]);
  await readAll(source);
  expect(source.stats()).toMatchObject({ packets: 20, bytesRead: 2 * bytes.length, bytesTotal: 2 * bytes.length });
});
