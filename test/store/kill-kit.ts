// Kills a process that writes to a store, again and again at seeded moments, and looks at what is left each time.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { checkStore } from '../../src/store/check.ts';
import { openStore } from '../../src/store/store.ts';
import { Random } from '../kit/generate/random.ts';
import { valuesOf } from './batch-kit.ts';

const CHILD = fileURLToPath(new URL('./kill-child.ts', import.meta.url));

/** Runs the child until it has written `lines` lines and a little longer; returns what it said. */
async function runAndKill(directory: string, from: number, lines: number, extraMs: number): Promise<string[]> {
  const child = spawn(process.execPath, [CHILD, directory, String(from)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // Most of a short life is compiling: what `npm test` keeps for all is kept without it, too.
    env: { NODE_COMPILE_CACHE: `${directory}-code`, ...process.env },
  });
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

/** Nothing acknowledged is lost, nothing is there twice, nothing half written stays, however often the writer is killed. */
export async function killAndLook(kills: number, seed: number): Promise<void> {
  // The death of a process asks nothing of the disk: in memory it is quicker.
  const directory = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'netscribe-kill-'));
  try {
    await killAndLookIn(directory, kills, seed);
  } finally {
    for (const path of [directory, `${directory}-code`]) rmSync(path, { recursive: true, force: true });
  }
}

async function killAndLookIn(directory: string, kills: number, seed: number): Promise<void> {
  const random = new Random(seed);
  let next = 0;
  for (let kill = 0; kill < kills; kill++) {
    const said = await runAndKill(directory, next, random.between(1, 14), random.below(5));
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
    store.close();
    expect(checkStore(directory).problems, `seed ${seed}, kill ${kill}`).toEqual([]);
    next = live.length;
  }
}
