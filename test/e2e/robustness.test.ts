// Broken captures: every truncation of some, and thousands of mutants of all. Nothing throws but a clean error about a container
// that can not be read, nothing hangs, memory stays bounded, and what came before the damage is reported.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { InputError } from '../../src/sources/input-error.ts';
import { documents, type Run, runFiles } from '../kit/engine.ts';
import { readPcap } from '../kit/pcap.ts';
import { capture, hasShared, SHARED } from '../kit/shared.ts';

const isFull = process.env.NETSCRIBE_TEST === 'full';
const folder = mkdtempSync(join(tmpdir(), 'netscribe-robustness-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A small table: most runs here see a few packets only. */
const SMALL = { flow: { maxFlows: 4096 } } as object;

/** A run, or the clean error of a container that can not be read. Anything else is thrown on. */
async function tryRun(path: string): Promise<Run | InputError> {
  try {
    return await runFiles([path], SMALL);
  } catch (error) {
    if (error instanceof InputError) return error;
    throw new Error(`${path}: ${(error as Error).stack}`);
  }
}

const CUT = hasShared
  ? readdirSync(`${SHARED}pcaps`)
      .filter((name) => /\.(pcap|trace|pcapng)$/.test(name))
      .map((name) => ({ name, bytes: readFileSync(capture(name)) }))
  : [];
const sized = (from: number, to: number) => CUT.filter(({ bytes }) => bytes.length >= from && bytes.length < to);
const spread = <T>(list: readonly T[], n: number) => list.filter((_, i) => i % Math.ceil(list.length / n) === 0);
const small = spread(sized(300, 4200), isFull ? 10 : 6);
const bigger = spread(sized(4200, 200_000), isFull ? 40 : 8);

/** Packets that are whole within the first `length` bytes of a classic pcap; undefined for other formats. */
function wholePackets(path: string): ((length: number) => number) | undefined {
  const pcap = readPcap(path);
  if (pcap === null) return undefined;
  return (length) => pcap.packets.filter((packet) => packet.offset + packet.capturedLength <= length).length;
}

async function cutAt(name: string, bytes: Buffer, lengths: Iterable<number>): Promise<void> {
  const path = join(folder, 'cut.pcap');
  const whole = wholePackets(capture(name));
  let before = 0;
  for (const length of lengths) {
    // A file that is made shorter and written again is on the disk before it is closed, one that is new is not.
    rmSync(path, { force: true });
    writeFileSync(path, bytes.subarray(0, length));
    const run = await tryRun(path);
    if (run instanceof InputError) {
      // The file header itself is cut.
      expect({ name, length, packets: whole?.(length) ?? 0, before }).toEqual({ name, length, packets: 0, before: 0 });
      continue;
    }
    const { packets, ledger } = run.result;
    if (whole !== undefined) expect({ name, length, packets }).toEqual({ name, length, packets: whole(length) });
    expect(packets).toBeGreaterThanOrEqual(before);
    before = packets;
    expect(ledger.packetsRead).toBe(packets);
    documents(run.text);
  }
}

describe.skipIf(!hasShared)('truncations', () => {
  it.each(small.map(({ name, bytes }) => [name, bytes] as const))('%s, at every byte', async (name, bytes) => {
    const step = isFull ? 1 : Math.max(1, Math.round(bytes.length / 40));
    // Every length in full; otherwise enough to meet every part of headers and records.
    const lengths = [];
    for (let length = 0; length <= bytes.length; length += length < 60 ? 1 : step) lengths.push(length);
    await cutAt(name, bytes, lengths);
  });

  it('of bigger captures, anywhere', async () => {
    for (const { name, bytes } of bigger)
      await cutAt(
        name,
        bytes,
        Array.from({ length: 8 }, (_, i) => Math.floor((bytes.length * (i * 31 + 7)) / 256)),
      );
  });
});

const MUTATE = `${SHARED}tools/mutate.py`;
const MIB = 1024 * 1024;

describe.skipIf(!hasShared)('mutants', () => {
  it(isFull ? 'four of every capture' : 'one of each of 110 captures', async () => {
    const out = join(folder, 'mutants');
    const inputs = isFull ? [`${SHARED}pcaps`] : spread(CUT, 110).map(({ name }) => capture(name));
    execFileSync('python3', [MUTATE, '--seed', '1', '--per-file', isFull ? '4' : '1', '--out', out, ...inputs]);
    const files = readdirSync(out)
      .filter((name) => !name.endsWith('.tsv'))
      .sort();
    expect(files.length).toBeGreaterThan(isFull ? 2500 : 80);
    const slow: string[] = [];
    let refused = 0;
    for (const name of files) {
      const begin = process.cpuUsage();
      const run = await tryRun(join(out, name));
      const { user, system } = process.cpuUsage(begin);
      if (user + system > 10e6) slow.push(name);
      if (run instanceof InputError) {
        // Only a container may be refused.
        expect(name).toMatch(/-file-\w+\.pcap(ng)?$/);
        refused++;
        continue;
      }
      const all = documents(run.text);
      const flow = all
        .filter((document) => document.event.dataset === 'flow')
        .reduce((sum, { network }) => sum + network.packets, 0);
      expect({ name, packets: run.result.ledger.packetsRead, flow }).toEqual({
        name,
        packets: run.result.packets,
        flow: run.result.ledger.packets[0],
      });
    }
    expect(slow).toEqual([]);
    expect(refused).toBeLessThan(files.length / 20);
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(process.memoryUsage().rss).toBeLessThan(512 * MIB);
  });
});
