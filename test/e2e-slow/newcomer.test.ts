// The newcomer's first minute, as it happens elsewhere: a fresh copy of the tracked files, `npm start`, `npx netscribe`; and the
// packed tarball, installed into an empty project. Needs npm and its registry.

import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PROJECT } from '../kit/shared.ts';
import { unless } from '../kit/unless.ts';

const INSTALL_TIMEOUT_MS = 180_000;

// As a user has it: without the project's own tools on the PATH, and without what npm and vitest say to their children.
const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_|VITEST|TEST$|INIT_CWD)/i.test(name)),
);
env.PATH = (process.env.PATH ?? '')
  .split(delimiter)
  .filter((folder) => !folder.includes('node_modules'))
  .join(delimiter);

function run(cwd: string, command: string, ...words: string[]) {
  const result = spawnSync(command, words, {
    cwd,
    env,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    timeout: INSTALL_TIMEOUT_MS,
  });
  return { ...result, why: `${command} ${words.join(' ')}\n${result.stdout}\n${result.stderr}\n${result.error ?? ''}` };
}

const tracked = run(PROJECT, 'git', 'ls-files', '-z').stdout?.split('\0').filter(Boolean) ?? [];
const noClone = tracked.length === 0 ? 'this is no clone' : '';
let base = '';
let clone = '';
beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'netscribe-newcomer-'));
  clone = join(base, 'clone');
  for (const file of tracked) {
    if (!existsSync(join(PROJECT, file))) continue;
    mkdirSync(dirname(join(clone, file)), { recursive: true });
    copyFileSync(join(PROJECT, file), join(clone, file));
  }
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

unless(noClone).describe('a newcomer', { timeout: 2 * INSTALL_TIMEOUT_MS }, () => {
  it('types npm start in a fresh clone and gets a summary and three commands', () => {
    const first = run(clone, 'npm', 'start');
    expect(first.status, first.why).toBe(0);
    expect(first.stderr).toContain('Installing dependencies');
    expect(first.stdout + first.stderr).toMatch(/448/);
    expect(
      (first.stdout + first.stderr).match(/netscribe (capture|query|records|sql)\b/g)?.length,
      first.why,
    ).toBeGreaterThanOrEqual(3);
    const second = run(clone, 'npm', 'start');
    expect(second.status, second.why).toBe(0);
    expect(second.stderr).not.toContain('Installing dependencies');
  });

  it('pipes records out of npx netscribe, the same each time', () => {
    const words = ['netscribe', 'capture', '-r', 'examples/first-look.pcap', '--json', '-q'];
    const first = run(clone, 'npx', ...words);
    expect(first.status, first.why).toBe(0);
    const documents = first.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect([...new Set(documents.map((document) => document.event.dataset))]).toEqual(
      expect.arrayContaining(['flow', 'dns', 'http', 'icmp', 'tls', 'dhcpv4', 'loss']),
    );
    expect(run(clone, 'npx', ...words).stdout === first.stdout).toBe(true);
  });

  it('packs a tarball that installs elsewhere and runs there', () => {
    const packed = run(clone, 'npm', 'pack', '--pack-destination', base);
    expect(packed.status, packed.why).toBe(0);
    const tarball = readdirSync(base).find((file) => file.endsWith('.tgz')) as string;
    const elsewhere = join(base, 'elsewhere');
    mkdirSync(elsewhere);
    writeFileSync(join(elsewhere, 'package.json'), '{"private":true}');
    const installed = run(
      elsewhere,
      'npm',
      'install',
      '--no-audit',
      '--no-fund',
      '--ignore-scripts',
      join(base, tarball),
    );
    expect(installed.status, installed.why).toBe(0);
    const program = join(elsewhere, 'node_modules', '.bin', 'netscribe');
    const version = run(elsewhere, program, '--version');
    expect(version.status, version.why).toBe(0);
    expect(version.stdout.trim()).toMatch(/\d+\.\d+\.\d+/);
    const capture = join(clone, 'examples', 'first-look.pcap');
    const there = run(elsewhere, program, 'capture', '-r', capture, '--json', '-q');
    expect(there.status, there.why).toBe(0);
    const here = run(clone, 'npx', 'netscribe', 'capture', '-r', capture, '--json', '-q');
    expect(there.stdout === here.stdout, 'the published program writes other bytes than the clone').toBe(true);
    // The store runs in a worker thread, which the bundled program must find too.
    const stored = run(elsewhere, program, 'capture', '-r', capture);
    expect(stored.status, stored.why).toBe(0);
  });
});
