// A store of which somebody removed a file, as its user meets it.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { openStore } from '../../src/store/store.ts';
import { netscribe } from '../kit/commands.ts';
import { flowBatch, START } from '../store/rollup/flow-kit.ts';

const folder = mkdtempSync(join(tmpdir(), 'netscribe-cli-unreadable-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ask = (...words: string[]) => netscribe(words, { cwd: folder, env: { TZ: 'UTC', XDG_CONFIG_HOME: folder } });

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
    "netscribe: 'netscribe store repair --store s' takes what is gone out of the store, and keeps what is left of damaged files\n";

  const sql = ['sql', '--store', 's', '-e', 'csv', 'select count(*) n from flow'];
  const n = 'n\r\n100\r\n';
  expect(await ask(...sql)).toMatchObject({ code: 3, out: n, err: told });
  expect(await ask('query', '--store', 's', '-e', 'csv', 'proto', '--sum')).toMatchObject({ code: 3, err: told });
  expect((await ask('store', 'repair', '--store', 's')).out).toContain('100 rows lost of flow');
  expect(await ask(...sql)).toMatchObject({ code: 0, out: n, err: '' });
});
