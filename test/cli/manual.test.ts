// The manual pages, as man and mandoc read them.

import { spawnSync } from 'node:child_process';
import { beforeAll, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { manualPages } from '../../src/cli/manual.ts';
import { unless } from '../kit/unless.ts';

let pages: Map<string, string>;
beforeAll(async () => {
  pages = await manualPages();
});
const has = (program: string) => spawnSync(program, ['-V']).error === undefined;
for (const program of ['mandoc', 'man']) if (!has(program)) console.warn(`SKIPPED: manual pages by ${program}`);

it('there is one of the program and one of each command', () => {
  expect([...pages.keys()]).toEqual(['netscribe.1', ...Object.keys(COMMANDS).map((name) => `netscribe-${name}.1`)]);
});

it('each has every option of its command, hidden ones too', async () => {
  for (const [name, { load }] of Object.entries(COMMANDS)) {
    const page = pages.get(`netscribe-${name}.1`)!.replaceAll('\\-', '-');
    for (const { long } of (await load()).definition().options) if (long) expect(page).toContain(long);
  }
});

unless(has('mandoc') ? '' : 'mandoc is not installed here').describe('mandoc', () => {
  it('finds nothing to warn about', () => {
    for (const [name, page] of pages) {
      const { stdout } = spawnSync('mandoc', ['-T', 'lint', '-W', 'warning'], { input: page, encoding: 'utf8' });
      // The same version gives the same page, so that there is no date.
      expect(
        stdout.split('\n').filter((line) => line !== '' && !line.includes('missing date')),
        name,
      ).toEqual([]);
    }
  });

  it('shows the examples as they are typed', () => {
    const { stdout } = spawnSync('mandoc', ['-T', 'utf8', '-O', 'width=200'], {
      input: pages.get('netscribe-query.1'),
      encoding: 'utf8',
    });
    const plain = stdout.replace(/.\u0008/g, '');
    expect(plain).toContain("netscribe query sip,dport -c 'proto = tcp' -s packets");
    expect(plain).toContain('-i, --interfaces interfaces');
  });
});
