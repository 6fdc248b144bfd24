// A disk that is full, read-only, or broken: a clear word, nothing acknowledged is lost, and it goes on when the disk does.

import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { encodeBatch } from '../../src/store/batch-bytes.ts';
import { checkStore } from '../../src/store/check.ts';
import { LiveService } from '../../src/store/live-service.ts';
import { readManifest } from '../../src/store/manifest.ts';
import { pruneStore } from '../../src/store/prune.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { unless } from '../kit/unless.ts';
import { makeBatch, valuesOf } from './batch-kit.ts';

const CHILD = fileURLToPath(new URL('./faults-child.ts', import.meta.url));
const BIN = fileURLToPath(new URL('../../bin/netscribe.js', import.meta.url));
const SHIM = fileURLToPath(new URL('./faults.c', import.meta.url));
const notRoot = process.getuid?.() === 0 ? '' : 'needs root: tmpfs is mounted';
const noCompiler =
  spawnSync('cc', ['--version']).status === 0 ? '' : 'needs a C compiler: the fault is put under the program';

let folder: string;
let directory: string;
let child: ChildProcess | undefined;
let lines: AsyncIterator<string>;
let reader: Interface | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'netscribe-faults-'));
  directory = join(folder, 'disk', 'store');
  mkdirSync(join(folder, 'disk'));
});
afterEach(async () => {
  reader?.close();
  if (child !== undefined && child.exitCode === null) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  spawnSync('umount', [join(folder, 'disk')]);
  rmSync(folder, { recursive: true, force: true });
});

async function start(env: NodeJS.ProcessEnv = {}): Promise<void> {
  child = spawn(process.execPath, [CHILD, directory], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  reader = createInterface({ input: child.stdout! });
  lines = reader[Symbol.asyncIterator]();
  expect(await answer()).toBe('open');
}
const answer = async (): Promise<string> => (await lines.next()).value ?? '';
async function order(line: string): Promise<string> {
  child!.stdin!.write(`${line}\n`);
  return answer();
}
async function end(): Promise<void> {
  child!.stdin!.end('end\n');
  await once(child!, 'exit');
}

/** Everything acknowledged is there, each once (four rows a batch), nothing else. */
function expectStored(acknowledged: readonly number[], maybe: readonly number[] = []): void {
  const store = openStore(directory);
  store.rotate();
  const values = valuesOf(store, 'flow');
  store.close();
  const counts = Map.groupBy(values, (value) => value);
  for (const number of acknowledged) expect(counts.get(number)?.length, `batch ${number}`).toBe(4);
  for (const [number, rows] of counts) {
    expect([...acknowledged, ...maybe], `batch ${number}`).toContain(number);
    expect(rows.length).toBe(4);
  }
  expect(checkStore(directory).problems).toEqual([]);
}

unless(notRoot).describe('a small disk', () => {
  beforeEach(() => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'netscribe-test', join(folder, 'disk')]);
  });

  it('says that it is full, keeps what it has, and goes on when there is room', async () => {
    writeFileSync(join(folder, 'disk', 'filler'), Buffer.alloc(1_000_000));
    await start();
    const acknowledged: number[] = [];
    let refused = '';
    for (let i = 0; i < 30 && refused === ''; i++) {
      const said = await order(`append ${i}`);
      if (said.startsWith('ok')) acknowledged.push(i);
      else refused = said;
    }
    expect(refused).toMatch(/ENOSPC the store at .* cannot be written: disk full; free space or choose another/);
    expect(acknowledged.length).toBeGreaterThan(3);
    expect(await order('rotate')).toMatch(/^(ok rotate|failed rotate: ENOSPC the store at .* disk full)/);
    rmSync(join(folder, 'disk', 'filler'));
    expect(await order('append 100')).toBe('ok append 100');
    expect(await order('rotate')).toBe('ok rotate');
    expect(await order('append 101')).toBe('ok append 101');
    await end();
    expectStored([...acknowledged, 100, 101], [acknowledged.length]);
  });

  it('leaves nothing behind when there is no room to open the store', () => {
    openStore(directory).close();
    fill();
    expect(() => openStore(directory)).toThrow(/cannot be written: disk full/);
    expect(checkStore(directory).problems).toEqual([]);
  });

  /** Takes every block that is left. */
  function fill(): void {
    const filler = openSync(join(folder, 'disk', 'filler'), 'w');
    const block = Buffer.alloc(4096);
    expect(() => {
      for (;;) writeSync(filler, block);
    }).toThrow('ENOSPC');
    closeSync(filler);
  }
  /** An import of one row with text that no compression makes small; each is a second younger. */
  function importText(store: Store, second: number): void {
    const writer = store.beginImport();
    writer.write(
      makeBatch('flow', [
        { name: 'timestamp', kind: 'time', values: [[1_700_000_000 + second, 0]] },
        { name: 'text', kind: 'text', values: [randomBytes(200_000).toString('base64')] },
      ]),
    );
    writer.commit(`import ${second}`);
  }

  it('can be pruned when it is full, by a command too', () => {
    const store = openStore(directory);
    for (const second of [1, 2, 3]) importText(store, second);
    store.close();
    const { segments } = readManifest(directory);
    fill();
    expect(() => openStore(directory)).toThrow(/disk full/);
    const size = String(segments[1].bytes + segments[2].bytes + 1000);
    const words = ['store', 'prune', '--store', directory, '--size', `${size}B`];
    expect(execFileSync(process.execPath, [BIN, ...words], { encoding: 'utf8' })).toContain(
      'dropped 1 record in 1 segment',
    );
    expect(readManifest(directory).segments.map(({ id }) => id)).toEqual(segments.slice(1).map(({ id }) => id));
    expect(checkStore(directory).problems).toEqual([]);
  });

  it('is not pruned behind the back of who writes', () => {
    const store = openStore(directory);
    for (const second of [1, 2]) importText(store, second);
    fill();
    expect(() => pruneStore(directory, { sizeBytes: 1 }, {})).toThrow(/disk full|is being written/);
    expect(checkStore(directory).problems).toEqual([]);
    store.close();
  });

  it('makes room for its log by what may go', async () => {
    const before = openStore(directory);
    for (const second of [1, 2]) importText(before, second);
    before.close();
    const service = new LiveService({ directory, options: { graceMs: 60_000 }, retention: { sizeBytes: 1 } });
    await service.answer({ kind: 'open' });
    const columns = makeBatch('flow', [
      { name: 'timestamp', kind: 'time', values: [[1_700_000_009, 0]] },
      { name: 'text', kind: 'text', values: [randomBytes(100_000).toString('base64')] },
    ]);
    const batch = { type: 'flow', rows: 1, bytes: encodeBatch(columns) };
    await service.answer({ kind: 'append', batch, batchId: 'a' });
    fill();
    await service.answer({ kind: 'rotate' });
    const { imports, segments } = readManifest(directory);
    expect([Object.keys(imports), segments.map(({ rows }) => rows)]).toEqual([[], [1]]);
    await service.answer({ kind: 'close' });
    expect(checkStore(directory).problems).toEqual([]);
  });

  it('says that it is read-only, and can still be read', async () => {
    const store = openStore(directory);
    store.close();
    execFileSync('mount', ['-o', 'remount,ro', join(folder, 'disk')]);
    expect(() => openStore(directory)).toThrow(/cannot be written: the file system is read-only; choose another/);
    expect(checkStore(directory).problems).toEqual([]);
    expect(openStore(directory, { readOnly: true }).manifest.segments).toEqual([]);
  });
});

unless(noCompiler).describe('a broken disk', () => {
  it.each([
    ['f', 'flush'],
    ['w', 'write'],
  ])('that fails to %s (%s) costs nothing that was acknowledged', async (kind) => {
    const shim = join(folder, 'faults.so');
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', shim, SHIM, '-ldl']);
    const fault = join(folder, 'fault');
    await start({ LD_PRELOAD: shim, NETSCRIBE_FAULT: fault, NETSCRIBE_FAULT_BELOW: directory });
    expect(await order('append 1')).toBe('ok append 1');
    writeFileSync(fault, kind);
    expect(await order('append 2')).toMatch(/^failed append 2: \w+ the store at .*(cannot be written)/);
    expect(await order('append 2')).toMatch(/^failed append 2/);
    expect(await order('rotate')).toMatch(/^failed rotate: EIO the store at .* the disk reports an error/);
    rmSync(fault);
    // The same batch again, as whoever was refused does.
    expect(await order('append 2')).toBe('ok append 2');
    expect(await order('append 3')).toBe('ok append 3');
    expect(await order('rotate')).toBe('ok rotate');
    await end();
    expectStored([1, 2, 3]);
  });
});
