// A store of which somebody removed a file, as its user meets it.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readManifest } from '../../src/store/manifest.ts';
import { MAIN } from '../kit/program.ts';
import { PROJECT } from '../kit/shared.ts';

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

it('is asked, checked and repaired', () => {
  netscribe('capture', '-r', `${PROJECT}examples/first-look.pcap`, '--to', 'store:s');
  const segments = readManifest(join(folder, 's')).segments.filter(({ type }) => type === 'dns');
  const rows = segments.reduce((sum, segment) => sum + segment.rows, 0);
  const [gone] = segments;
  const left = String(rows - gone.rows);
  rmSync(join(folder, 's', gone.path));

  for (const words of [
    ['sql', '--store', 's', '-e', 'csv', 'select count(*) n from dns'],
    ['query', '--store', 's', '-e', 'csv', 'dns', 'status', '--sum'],
  ]) {
    const { code, out, err } = netscribe(...words);
    const [first, last, ...rest] = err.trim().split('\n');
    expect(first).toMatch(`netscribe: s/${gone.path} is not there: the answer lacks ${gone.rows} records of dns, from`);
    expect(last).toBe("netscribe: 'netscribe store repair --store s' takes what is gone out of the store");
    expect(rest).toEqual([]);
    expect(code).toBe(3);
    if (words[0] === 'sql') expect(out).toBe(`n\r\n${left}\r\n`);
  }

  const checked = netscribe('store', 'check', '--store', 's');
  expect(checked.out).toContain(`${gone.path} is not there: ${gone.rows} rows`);
  expect(checked.code).toBe(1);
  expect(netscribe('store', 'repair', '--store', 's').out).toContain(`${gone.rows} rows lost of dns`);
  expect(netscribe('sql', '--store', 's', '-e', 'csv', 'select count(*) n from dns')).toEqual({
    code: 0,
    out: `n\r\n${left}\r\n`,
    err: '',
  });
});
