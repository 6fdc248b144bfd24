// The memory of all rings together is bounded, however many interfaces and threads there are and however they come.

import { describe, expect, test } from 'vitest';
import type { SourceInit } from '../../src/capture/capture.ts';
import { CaptureSet } from '../../src/capture/capture-set.ts';
import { MAX_INTERFACES } from '../../src/capture/interface-config.ts';
import { ALL_RINGS, ringSize, sharers } from '../../src/capture/ring-share.ts';
import { udpFrame } from '../kit/packets.ts';
import { FedSource } from './kit.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const all = Array.from({ length: MAX_INTERFACES }, (_, i) => i + 1);

describe('the size of a ring', () => {
  test.each([1, 2, 4])('all of them stay inside of the limit, with %i threads', (threads) => {
    for (const interfaces of all) {
      const { ringBytes } = ringSize({}, sharers(interfaces) * threads);
      expect(interfaces * threads * ringBytes).toBeLessThanOrEqual(ALL_RINGS);
    }
  });

  test('what is asked for is given as far as there is memory', () => {
    const size = (num_blocks: number, block_size?: number, rings = 3) =>
      ringSize({ ring_buffer: { num_blocks, ...(block_size === undefined ? {} : { block_size }) } }, rings);
    expect(size(4, MIB)).toEqual({ ringBytes: 4 * MIB, blockBytes: MIB });
    expect(size(4)).toEqual({ ringBytes: MIB, blockBytes: 256 * KIB });
    expect(size(1000, MIB)).toEqual({ ringBytes: 64 * MIB, blockBytes: MIB });
    expect(size(1000, MIB, 768)).toEqual({ ringBytes: 256 * KIB, blockBytes: 128 * KIB });
    // The kernel takes powers of two.
    expect(size(4, 1_000_000).blockBytes).toBe(512 * KIB);
  });

  test('blocks are many where they can be, large enough for the largest packet where they must', () => {
    expect(ringSize({}, 1)).toEqual({ ringBytes: 64 * MIB, blockBytes: 256 * KIB });
    expect(ringSize({}, 192)).toEqual({ ringBytes: MIB, blockBytes: 256 * KIB });
    expect(ringSize({}, 384)).toEqual({ ringBytes: 512 * KIB, blockBytes: 128 * KIB });
    expect(ringSize({}, MAX_INTERFACES)).toEqual({ ringBytes: 192 * KIB, blockBytes: 64 * KIB });
    expect(() => ringSize({}, 64 * MAX_INTERFACES)).toThrow(/fewer workers/);
  });

  test('grows into few steps', () => {
    expect([...new Set(all.map(sharers))]).toEqual([3, 6, 12, 24, 48, 96, 192, 384, 768, 1024]);
  });
});

/** Reads until it is stopped; how many packets there were. */
async function read(set: CaptureSet): Promise<number> {
  let packets = 0;
  for (;;) {
    const next = await set.next();
    if (next === 'end') return packets;
    if (next === 'idle') continue;
    packets += next.count;
    set.release(next);
  }
}

test('rings that are open are opened anew, smaller, when more interfaces come; no packet that they have is lost', async () => {
  const opened: [string, number][] = [];
  const sources = new Map<string, FedSource>();
  const notes: string[] = [];
  const sourceInit: SourceInit = (name, _, rings) => {
    opened.push([name, rings]);
    const source = new FedSource();
    sources.set(name, source);
    return source;
  };
  const set = new CaptureSet({ sourceInit, isEndless: true, sharesMemory: true, note: (text) => notes.push(text) });
  const taken = read(set);
  await set.update({ a: {}, b: {} });
  await set.update({ a: {}, b: {}, c: {} });
  expect(opened).toEqual([
    ['a', 3],
    ['b', 3],
    ['c', 3],
  ]);
  sources.get('a')!.feed([{ at: 1, bytes: udpFrame(1, 2) }]);
  opened.length = 0;
  expect((await set.update({ a: {}, b: { promisc: true }, d: {}, e: {}, f: {} })).updated).toEqual([
    { name: 'b', success: true },
  ]);
  expect(opened.sort()).toEqual(['a', 'b', 'd', 'e', 'f'].map((name) => [name, 6]));
  expect(notes).toEqual([expect.stringMatching(/^the rings of a, b are opened anew/)]);
  expect(set.status([]).a).toMatchObject({ state: 'capturing', received_total: 1 });
  set.stop();
  expect(await taken).toBe(1);
  await set.close();
});

test('sources that share nothing are left alone', async () => {
  let opened = 0;
  const sourceInit: SourceInit = () => {
    opened++;
    return new FedSource();
  };
  const set = new CaptureSet({ sourceInit, isEndless: true });
  const taken = read(set);
  await set.update({ a: {} });
  await set.update({ a: {}, b: {}, c: {}, d: {}, e: {} });
  expect(opened).toBe(5);
  set.stop();
  await taken;
  await set.close();
});
