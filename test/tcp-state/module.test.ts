// Sources of TCP events that users bring along: the example package by path and by name, and what goes wrong with others.

import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { netscribe } from '../kit/commands.ts';
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

const tcp = (...words: string[]) => netscribe(['tcp', ...words], { cwd: folder });

it.each([
  ['by path', EXAMPLE],
  ['by name', 'netscribe-source-replay'],
])('runs the example %s', async (_, module) => {
  const { out, err, code } = await tcp('--event', `${module}?file=changes.txt`, '--port', '443', '--duration', '1s');
  const documents = out
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
  expect(err).toContain('1 events were lost');
  expect(code).toBe(0);
});

it('says that drops are those of the whole machine, where some sockets are asked for', async () => {
  const source = ['--event', `${EXAMPLE}?file=changes.txt`, '--duration', '100ms', '--kinds'];
  const said = 'drops are counted for the whole machine, whatever sockets are asked for';
  expect((await tcp(...source, 'drops,close', '--port', '443')).err).toContain(said);
  expect((await tcp(...source, 'drops,close')).err).not.toContain(said);
  expect((await tcp(...source, 'close', '--port', '443')).err).not.toContain(said);
});

it('stops after just so many records, though an event may be two', async () => {
  const { out } = await tcp('--event', `${EXAMPLE}?file=changes.txt`, '-c', '3', '--duration', '1s');
  const actions = out
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as Document).event.action);
  expect(actions).toEqual(['state', 'connect', 'state']);
});

it('counts what failed as errors where the store is asked', async () => {
  writeFileSync(
    join(folder, 'refused.txt'),
    [
      '2026-11-26T12:00:00.000Z 10.0.0.1:50000 10.0.0.2:443 SYN-SENT ESTABLISHED',
      '2026-11-26T12:00:01.000Z 10.0.0.1:50001 10.0.0.2:443 SYN-SENT CLOSED',
    ].join('\n'),
  );
  const store = ['--store', 'answers'];
  await tcp('--event', `${EXAMPLE}?file=refused.txt`, '--to', 'store:answers', '--duration', '1s');
  const { out } = await netscribe(['query', ...store, 'kind', '-c', 'kind in {connect, fail}', '-e', 'csv'], {
    cwd: folder,
  });
  expect(out.split('\r\n').slice(1, -1).sort()).toEqual(['connect,1,0,,', 'fail,1,1,,']);
  const listed = await netscribe(['query', ...store, 'kind = fail'], { cwd: folder });
  expect(listed.out).toContain('Shown       1 of 1 hits, 1 with errors');
});

it('is also called audit', async () => {
  expect((await netscribe(['audit', '--help'])).out).toContain('netscribe tcp');
});

it('says what is wrong with a module or a name', async () => {
  expect(await tcp('--event', 'bfp')).toMatchObject({ code: 2, err: expect.stringContaining("did you mean 'bpf'?") });
  expect((await tcp('--event', './none.js')).err).toMatch(/none\.js/);
  expect((await tcp('--event', EXAMPLE)).err).toContain('it needs a file');
  writeFileSync(join(folder, 'odd.js'), 'export function create() { return { name: "odd" }; }');
  expect((await tcp('--event', './odd.js')).err).toMatch(/no function 'probe'/);
  writeFileSync(
    join(folder, 'wrong.js'),
    `export function create() { return { name: 'wrong', async probe() {}, start() {}, stats: () => ({}), close() {},
       drain(max, emit) { emit({ timeMs: 1, local: 'nowhere' }); return 1; } }; }`,
  );
  const { code, err } = await tcp('--event', './wrong.js', '--max-errors', '2');
  expect([code, err]).toEqual([4, expect.stringContaining("'nowhere' is no address")]);
});
