// The pages of one CPU, from a file in the place of trace_pipe_raw: each read gives one page there too.

import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { CpuPages, PAGE_BYTES } from '../../src/tcp-state/tracefs/cpu-pages.ts';

const COMMIT_AT = 8;
const DATA_AT = 16;
const EVENT_BYTES = 64;
const FULL = Math.floor((PAGE_BYTES - DATA_AT) / EVENT_BYTES);
const MISSED = 0x80000000;

/** A page with so many events, 1 ns apart from `time` on. */
function page(time: number, events: number, flags = 0): Buffer {
  const bytes = Buffer.alloc(PAGE_BYTES);
  bytes.writeBigUInt64LE(BigInt(time), 0);
  bytes.writeUInt32LE((events * EVENT_BYTES + flags) >>> 0, COMMIT_AT);
  for (let i = 0; i < events; i++) {
    bytes.writeUInt32LE(((i === 0 ? 0 : 1) << 5) | (EVENT_BYTES / 4 - 1), DATA_AT + i * EVENT_BYTES);
  }
  return bytes;
}

const folder = mkdtempSync(join(tmpdir(), 'netscribe-cpu-pages-'));
const opened: number[] = [];
afterAll(() => {
  for (const fd of opened) closeSync(fd);
  rmSync(folder, { recursive: true });
});

function pagesOf(...all: Buffer[]): CpuPages {
  const file = join(folder, 'pages');
  writeFileSync(file, Buffer.concat(all));
  const fd = openSync(file, 'r');
  opened.push(fd);
  return new CpuPages(fd, COMMIT_AT, DATA_AT);
}

function times(pages: CpuPages, most = Number.POSITIVE_INFINITY): number[] {
  const seen: number[] = [];
  for (; pages.hasEvent && seen.length < most; pages.advance()) seen.push(pages.cursor.time);
  return seen;
}
const upFrom = (time: number, count: number) => Array.from({ length: count }, (_, i) => time + i);

test('goes from one page to the next, and ends a round with one that is still being written', () => {
  const pages = pagesOf(page(1000, FULL), page(5000, 3), page(7000, 2, MISSED), page(8000, FULL), page(9500, 1));
  expect(pages.hasEvent).toBe(false);
  pages.look(false);
  expect(times(pages)).toEqual([...upFrom(1000, FULL), ...upFrom(5000, 3)]);
  // A page at hand that was read in an earlier round says nothing of what came since.
  pages.look(false);
  expect(times(pages, 1)).toEqual([7000]);
  pages.look(false);
  expect(times(pages)).toEqual([7001, ...upFrom(8000, FULL), 9500]);
  expect(pages.missed).toBe(1);
  pages.look(false);
  expect(pages.hasEvent).toBe(false);
});

test('reads to the end when it is the last time', () => {
  const pages = pagesOf(page(10, 2), page(20, 0), page(30, 2));
  pages.look(true);
  expect(times(pages)).toEqual([10, 11, 30, 31]);
});
