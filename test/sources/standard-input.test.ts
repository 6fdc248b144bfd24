// '-': a pipe that delivers in pieces, a file that stands behind standard input, compressed or not.

import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { PROJECT } from '../kit/shared.ts';
import { pcapFile, pcapngFile, somePackets, temporaryFolder } from './writers.ts';

const { write } = temporaryFolder();

const PROGRAM = `
  import { openInputs } from './src/sources/open.ts';
  import { readAll } from './test/sources/read-all.ts';
  const source = openInputs(['-'], { chunkBytes: 512 });
  const packets = await readAll(source);
  const ok = packets.every((p, i) => p.number === i + 1 && p.bytes.length === 20 + i);
  console.log(JSON.stringify({ packets: packets.length, ok, damaged: source.stats().damaged }));
`;

function run(stdin: 'pipe' | number, pieces: Uint8Array[] = []): Promise<unknown> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM], {
    cwd: PROJECT,
    stdio: [stdin, 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout?.on('data', (text) => {
    out += text;
  });
  const feed = async () => {
    for (const piece of pieces) {
      child.stdin?.write(piece);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    child.stdin?.end();
  };
  return new Promise((resolve, reject) => {
    child.on('close', () => resolve(JSON.parse(out)));
    child.on('error', reject);
    feed().catch(reject);
  });
}

/** The first cut is inside of the magic number. */
function inPieces(bytes: Uint8Array): Uint8Array[] {
  const pieces = [bytes.subarray(0, 2), bytes.subarray(2, 3)];
  for (let at = 3; at < bytes.length; at += 997) pieces.push(bytes.subarray(at, at + 997));
  return pieces;
}

const whole = { packets: 100, ok: true, damaged: [] };

it('reads a pipe that delivers in pieces', async () => {
  expect(await run('pipe', inPieces(pcapFile(somePackets(100))))).toEqual(whole);
});

it('reads a compressed pipe', async () => {
  expect(await run('pipe', inPieces(gzipSync(pcapngFile(somePackets(100)))))).toEqual(whole);
  expect(await run('pipe', inPieces(zstdCompressSync(pcapFile(somePackets(100)))))).toEqual(whole);
});

it('reads a file that is redirected', async () => {
  expect(await run(openSync(write('in.pcap', pcapFile(somePackets(100))), 'r'))).toEqual(whole);
});

it('reports a pipe that breaks off', async () => {
  const cut = pcapFile(somePackets(3)).subarray(0, -1);
  expect(await run('pipe', [cut])).toMatchObject({ packets: 2, damaged: [{ file: '-', packet: 3, cutAtEnd: true }] });
});
