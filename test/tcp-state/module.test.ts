// Sources of TCP events that users bring along: the example package by path and by name, and what goes wrong with others.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { LAUNCHER } from '../kit/program.ts';
import { PROJECT } from '../kit/shared.ts';
import type { Document } from './kit.ts';

const EXAMPLE = join(PROJECT, 'examples/source-replay');
const folder = mkdtempSync(join(tmpdir(), 'netscribe-source-'));
afterAll(() => rmSync(folder, { recursive: true }));
mkdirSync(join(folder, 'node_modules'));
cpSync(EXAMPLE, join(folder, 'node_modules/netscribe-source-replay'), { recursive: true });
writeFileSync(
  join(folder, 'changes.txt'),
  [
    '2026-11-26T12:00:00.000Z 10.0.0.1:50000 10.0.0.2:443 SYN-SENT ESTABLISHED',
    'nothing that makes sense',
    '2026-11-26T12:00:01.250Z 10.0.0.1:50000 10.0.0.2:443 FIN-WAIT-2 CLOSED',
    '2026-11-26T12:00:02.000Z 10.0.0.1:50001 10.0.0.2:80 FIN-WAIT-2 CLOSED',
  ].join('\n'),
);

const tcp = (...words: string[]) =>
  spawnSync(process.execPath, [LAUNCHER, 'tcp', ...words], { cwd: folder, encoding: 'utf8' });

it.each([
  ['by path', EXAMPLE],
  ['by name', 'netscribe-source-replay'],
])('runs the example %s', (_, module) => {
  const { stdout, stderr, status } = tcp('--event', `${module}?file=changes.txt`, '--port', '443', '--duration', '1s');
  const documents = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Document);
  expect(documents.map(({ event, source }) => [event.action, source?.port])).toEqual([
    ['state', 50000],
    ['connect', 50000],
    ['state', 50000],
    ['close', 50000],
  ]);
  expect(documents[2]['@timestamp']).toBe('2026-11-26T12:00:01.250000000Z');
  expect(stderr).toContain('1 events were lost');
  expect(status).toBe(0);
});

it('is also called audit', () => {
  const words = [LAUNCHER, 'audit', '--help'];
  expect(spawnSync(process.execPath, words, { encoding: 'utf8' }).stdout).toContain('netscribe tcp');
});

it('says what is wrong with a module or a name', () => {
  expect(tcp('--event', 'bfp')).toMatchObject({ status: 2, stderr: expect.stringContaining("did you mean 'bpf'?") });
  expect(tcp('--event', './none.js').stderr).toMatch(/none\.js/);
  expect(tcp('--event', EXAMPLE).stderr).toContain('it needs a file');
  writeFileSync(join(folder, 'odd.js'), 'export function create() { return { name: "odd" }; }');
  expect(tcp('--event', './odd.js').stderr).toMatch(/no function 'probe'/);
  writeFileSync(
    join(folder, 'wrong.js'),
    `export function create() { return { name: 'wrong', async probe() {}, start() {}, stats: () => ({}), close() {},
       drain(max, emit) { emit({ timeMs: 1, local: 'nowhere' }); return 1; } }; }`,
  );
  const { status, stderr } = tcp('--event', './wrong.js', '--max-errors', '2');
  expect([status, stderr]).toEqual([4, expect.stringContaining("'nowhere' is no address")]);
});
