import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogError, type LogOptions, SegmentLog } from '../../src/log/log.ts';

let root: string;
let directory: string;
let logs: SegmentLog[];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'netscribe-log-'));
  directory = join(root, 'log');
  logs = [];
});
afterEach(() => {
  for (const log of logs) log.close();
  rmSync(root, { recursive: true, force: true });
});

function open(options: LogOptions = {}, at = directory): SegmentLog {
  const log = new SegmentLog(at, { sync: 'never', ...options });
  logs.push(log);
  return log;
}

const payload = (i: number, length = 20) => Buffer.alloc(length, `payload ${i} `);
const put = (log: SegmentLog, i: number, length?: number) => log.append('dns', `id-${i}`, 10 + i, payload(i, length));

/** Ids of everything that a reader gets. */
function ids(log: SegmentLog, name = 'test'): string[] {
  const reader = log.reader(name);
  const found: string[] = [];
  for (let entry = reader.read(); entry !== undefined; entry = reader.read()) {
    expect(entry).toMatchObject({ type: 'dns', rows: 10 + entry.sequence });
    expect(entry.payload.equals(payload(entry.sequence, entry.payload.length))).toBe(true);
    found.push(entry.id);
  }
  reader.close();
  return found;
}

const files = (at = directory) =>
  readdirSync(at)
    .filter((name) => name.endsWith('.log'))
    .sort();

describe('a log', () => {
  it('gives back what was appended, in order, also after it was opened again', () => {
    const log = open();
    for (let i = 0; i < 5; i++) expect(put(log, i)).toBe(i);
    expect(ids(log)).toEqual(['id-0', 'id-1', 'id-2', 'id-3', 'id-4']);
    log.close();
    const again = open();
    expect(put(again, 5)).toBe(5);
    expect(ids(again)).toEqual(['id-0', 'id-1', 'id-2', 'id-3', 'id-4', 'id-5']);
    expect(again.stats).toMatchObject({ tornBytes: 0, damagedFrames: 0 });
  });

  it('lets each reader go on where it acknowledged, and removes what all have passed', () => {
    const log = open({ segmentBytes: 100 });
    const slow = log.reader('slow');
    const fast = log.reader('fast');
    for (let i = 0; i < 6; i++) put(log, i);
    expect(files()).toHaveLength(6);
    for (let i = 0; i < 4; i++) fast.read();
    fast.acknowledge();
    expect(files()).toHaveLength(6);
    slow.read();
    slow.read();
    slow.acknowledge(1);
    expect(files()).toHaveLength(5);
    log.close();
    const again = open({ segmentBytes: 100 });
    expect(ids(again, 'fast')).toEqual(['id-4', 'id-5']);
    expect(ids(again, 'slow')).toEqual(['id-1', 'id-2', 'id-3', 'id-4', 'id-5']);
    again.removeReader('slow');
    expect(files()).toHaveLength(2);
  });

  it('reads while it is written, and waits at the end', () => {
    const log = open({ segmentBytes: 150 });
    const reader = log.reader('r');
    expect(reader.read()).toBeUndefined();
    for (let i = 0; i < 10; i++) {
      put(log, i);
      expect(reader.read()?.id).toBe(`id-${i}`);
      expect(reader.read()).toBeUndefined();
      reader.acknowledge();
    }
    expect(files()).toHaveLength(1);
    log.roll();
    log.trim();
    expect(files()).toHaveLength(0);
    log.close();
    // The numbers go on although no segment is left.
    expect(put(open(), 10)).toBe(10);
  });

  it('refuses what does not fit', () => {
    const log = open({ maxBytes: 200 });
    put(log, 0);
    put(log, 1);
    expect(() => put(log, 2, 100)).toThrow(LogError);
    expect(ids(log)).toEqual(['id-0', 'id-1']);
    expect(log.stats.refusedFrames).toBe(1);
  });

  it('drops the oldest when it is told to, and counts what nobody had read', () => {
    const log = open({ maxBytes: 300, segmentBytes: 100, whenFull: 'drop-oldest' });
    const reader = log.reader('r');
    for (let i = 0; i < 4; i++) put(log, i);
    expect(log.stats.droppedFrames).toBe(0);
    reader.read();
    reader.acknowledge();
    expect(files()).toHaveLength(3);
    for (let i = 4; i < 8; i++) put(log, i);
    expect(log.bytes).toBeLessThanOrEqual(300);
    expect(log.stats).toMatchObject({ droppedFrames: 2, droppedRows: 11 + 12, damagedFrames: 0 });
    expect(reader.read()?.id).toBe('id-3');
    expect(() => put(log, 8, 1000)).toThrow(/full/);
  });

  it('flushes as its policy says', async () => {
    const always = open({ sync: 'always' }, join(root, 'a'));
    await always.durable(put(always, 0));
    const later = open({ sync: { everyBytes: 1e9, everyMs: 20 } }, join(root, 'b'));
    const first = later.durable(put(later, 0));
    let isDone = false;
    void first.then(() => (isDone = true));
    await Promise.resolve();
    expect(isDone).toBe(false);
    await first;
    const bytes = open({ sync: { everyBytes: 100, everyMs: 1e6 } }, join(root, 'c'));
    const one = bytes.durable(put(bytes, 0));
    await bytes.durable(put(bytes, 1, 100));
    await one;
  });

  it('takes no names that lead elsewhere', () => {
    expect(() => open().reader('../x')).toThrow(/must match/);
  });
});

describe('damage', () => {
  /** A closed log of one segment; returns its only file's name and bytes. */
  function closedLog(frames: number): [name: string, bytes: Buffer] {
    const log = open();
    for (let i = 0; i < frames; i++) put(log, i);
    log.close();
    const [name] = files();
    return [name, readFileSync(join(directory, name))];
  }

  function withFile(name: string, bytes: Uint8Array): string {
    const at = mkdtempSync(join(root, 'd-'));
    writeFileSync(join(at, name), bytes);
    return at;
  }

  it('cuts a torn end off, wherever it tore', () => {
    const [name, bytes] = closedLog(3);
    const frame = bytes.length / 3;
    for (let length = 0; length <= bytes.length; length++) {
      const log = open({}, withFile(name, bytes.subarray(0, length)));
      const whole = Math.floor(length / frame);
      expect(ids(log), `cut at ${length}`).toEqual(['id-0', 'id-1', 'id-2'].slice(0, whole));
      expect(log.stats).toMatchObject({ tornBytes: length - whole * frame, damagedFrames: 0 });
      expect(put(log, whole)).toBe(whole);
      expect(ids(log, 'other')).toHaveLength(whole + 1);
      log.close();
    }
  });

  it('loses one frame to one wrong byte, wherever it is, and counts it', () => {
    const [name, bytes] = closedLog(4);
    const frame = bytes.length / 4;
    for (let at = 0; at < bytes.length; at++) {
      const broken = Buffer.from(bytes);
      broken[at] ^= 1 << (at & 7);
      const log = open({}, withFile(name, broken));
      const lost = Math.floor(at / frame);
      expect(ids(log), `wrong byte ${at}`).toEqual(['id-0', 'id-1', 'id-2', 'id-3'].filter((_, i) => i !== lost));
      // Damage in the last frame cannot be told from a torn end.
      expect(log.stats).toMatchObject(lost === 3 ? { tornBytes: frame } : { tornBytes: 0, damagedFrames: 1 });
      log.close();
    }
  });

  it('does not take a payload for frames', () => {
    const [, bytes] = closedLog(2);
    const other = join(root, 'other');
    const log = open({}, other);
    log.append('dns', 'id-0', 10, bytes);
    log.append('dns', 'id-1', 11, payload(1));
    log.close();
    const [name] = files(other);
    const broken = readFileSync(join(other, name));
    broken[5] ^= 1;
    const again = open({}, withFile(name, broken));
    expect(ids(again)).toEqual(['id-1']);
    expect(again.stats.damagedFrames).toBe(1);
  });

  it('goes on over segments that are missing or empty', () => {
    const log = open({ segmentBytes: 100 });
    for (let i = 0; i < 5; i++) put(log, i);
    log.close();
    const names = files();
    const at = join(root, 'gap');
    mkdirSync(at);
    for (const i of [0, 3, 4]) copyFileSync(join(directory, names[i]), join(at, names[i]));
    writeFileSync(join(at, names[2]), '');
    const again = open({}, at);
    expect(ids(again)).toEqual(['id-0', 'id-3', 'id-4']);
    expect(again.stats.damagedFrames).toBe(2);
  });

  it('begins a cursor that cannot be read again', () => {
    const log = open();
    const reader = log.reader('r');
    put(log, 0);
    reader.read();
    reader.acknowledge();
    put(log, 1);
    log.close();
    writeFileSync(join(directory, 'cursors', 'r.json'), '{"ne');
    expect(ids(open(), 'r')).toEqual(['id-0', 'id-1']);
  });
});
