// kill -9 at any moment. A dozen moments here, two hundred in test/e2e-slow/kill.test.ts.

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, it } from 'vitest';
import { killAndLook } from './kill-kit.ts';

let directory: string;
beforeEach(() => {
  // The death of a process asks nothing of the disk: in memory it is quicker.
  directory = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'netscribe-kill-'));
});
afterEach(() => {
  for (const path of [directory, `${directory}-code`]) rmSync(path, { recursive: true, force: true });
});

it('survives kill -9', async () => {
  await killAndLook(directory, 12, 1);
}, 300_000);
