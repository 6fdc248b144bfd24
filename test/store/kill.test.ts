// kill -9 at any moment: nothing acknowledged is lost, nothing is there twice, nothing half written stays.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openStore } from '../../src/store/store.ts';
import { valuesOf } from './batch-kit.ts';

const KILLS = 10;
const CHILD = fileURLToPath(new URL('./kill-child.ts', import.meta.url));

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'netscribe-kill-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Runs the child until it has written `lines` lines and a little longer; returns what it said. */
async function runAndKill(from: number, lines: number, extraMs: number): Promise<string[]> {
  const child = spawn(process.execPath, [CHILD, directory, String(from)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  let isKilled = false;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    if (!isKilled && out.split('\n').length > lines) {
      isKilled = true;
      setTimeout(() => child.kill('SIGKILL'), extraMs);
    }
  });
  const [, signal] = await once(child, 'close');
  expect(signal).toBe('SIGKILL');
  return out.split('\n').slice(0, -1);
}

it('survives kill -9', async () => {
  let next = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const said = await runAndKill(next, 1 + ((kill * 13) % 29), kill % 4);
    const numbers = (word: string) =>
      said.filter((line) => line.startsWith(`${word} `)).map((line) => Number(line.slice(word.length + 1)));
    const acknowledged = numbers('live').at(-1)!;
    const store = openStore(directory);
    store.rotate();
    const live = valuesOf(store, 'live');
    // What was on its way when the child was killed may be there, whole.
    expect([acknowledged, acknowledged + 1]).toContain(live.at(-1));
    expect(live).toEqual(Array.from({ length: live.length }, (_, i) => i));
    const imports = valuesOf(store, 'import');
    expect(new Set(imports).size).toBeLessThanOrEqual(1);
    expect([0, 4]).toContain(imports.length);
    expect(imports[0] ?? -1).toBeGreaterThanOrEqual(numbers('import').at(-1) ?? -1);
    const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.parquet'),
    );
    expect(files.sort()).toEqual(store.manifest.segments.map(({ path }) => path).sort());
    store.close();
    next = live.length;
  }
}, 60_000);
