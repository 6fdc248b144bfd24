// A store of which somebody removed a file, as its user meets it.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { openStore } from '../../src/store/store.ts';
import { MAIN } from '../kit/program.ts';
import { flowBatch, START } from '../store/rollup/flow-kit.ts';

const folder = mkdtempSync(join(tmpdir(), 'netscribe-cli-unreadable-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function netscribe(...words: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...words], {
    cwd: folder,
    env: { ...process.env, TZ: 'UTC', XDG_CONFIG_HOME: folder },
    encoding: 'utf8',
  });
  return { code: status, out: stdout, err: stderr };
}

it('is asked and repaired', async () => {
  const store = openStore(join(folder, 's'), { sync: false });
  for (const minute of [0, 1]) {
    await store.append(flowBatch(minute, 100, START + minute * 60, START + minute * 60 + 59));
    store.rotate();
  }
  const [{ path, minTime, maxTime }] = store.manifest.segments;
  store.close();
  rmSync(join(folder, 's', path));
  const told =
    `netscribe: s/${path} is not there: the answer lacks 100 records of flow, from ${minTime} to ${maxTime}\n` +
    "netscribe: 'netscribe store repair --store s' takes what is gone out of the store\n";

  const sql = ['sql', '--store', 's', '-e', 'csv', 'select count(*) n from flow'];
  const n = 'n\r\n100\r\n';
  expect(netscribe(...sql)).toEqual({ code: 3, out: n, err: told });
  expect(netscribe('query', '--store', 's', '-e', 'csv', 'proto', '--sum')).toMatchObject({ code: 3, err: told });
  expect(netscribe('store', 'repair', '--store', 's').out).toContain('100 rows lost of flow');
  expect(netscribe(...sql)).toEqual({ code: 0, out: n, err: '' });
});
