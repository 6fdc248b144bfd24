// What is asked for and can not be: it is refused, not left out without a word.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { netscribe, printedBy } from '../kit/commands.ts';
import { LAUNCHER } from '../kit/program.ts';
import { PROJECT } from '../kit/shared.ts';

const folder = mkdtempSync(join(tmpdir(), 'netscribe-wrong-use-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const CAPTURE = join(folder, 'traffic.pcap');
cpSync(`${PROJECT}examples/first-look.pcap`, CAPTURE);
beforeAll(() => printedBy(['capture', '-q', '-r', CAPTURE, '--to', `store:${folder}/netscribe-data`]));

const run = (words: readonly string[]) => netscribe(words, { cwd: folder });
const rows = async () => JSON.parse((await run(['store', 'info', '--json'])).out).rows;

it('records of a protocol that is switched off are told to be none', async () => {
  const off = ['capture', '-r', CAPTURE, '--to', 'null:', '--set', 'protocols.dns.enabled=false'];
  const said = '--records dns: there will be none, for its protocol is switched off';
  expect((await run([...off, '--records', 'flow,dns'])).err).toContain(said);
  expect((await run([...off, '--records', 'transactions'])).err).not.toContain(said);
});

describe('is refused with exit code 2', () => {
  it.each([
    [['capture', '-r', CAPTURE, '-f', 'udp', '-f', 'tcp'], "two filters: 'udp' and 'tcp'; join them with 'and'"],
    [['capture', '-r', CAPTURE, '-Q', 'in'], '-Q in: for live captures (-i) only'],
    [['capture', '-r', CAPTURE, '--flow-source', 'tcx'], '--flow-source tcx: for live captures'],
    [['capture', '-r', CAPTURE, '--processes'], '--processes: for live captures'],
    [['query', 'sip', '-c', 'tcp', '-c', 'udp'], "two conditions: 'tcp' and 'udp'"],
    [['query', '-r', CAPTURE, '--store', 'netscribe-data', 'sip'], '-r asks files, --store netscribe-data a store'],
    [['query', 'list', 'dport = 80'], "the list of interfaces takes interfaces, no condition: 'dport = 80'"],
    [['store', 'repair', '--dry-run'], "--dry-run goes with 'store prune', not with 'store repair'"],
    [['store', 'check', '--age', '3d'], "--age goes with 'store prune', not with 'store check'"],
    [['store', 'merge', '--json'], "--json goes with 'store info' and 'store check', not with 'store merge'"],
    [['store', 'prune', '--age', '30'], '--age 30 has no unit: write 30d for days'],
    [['store', 'prune', '--size', '50'], '--size 50 has no unit: write 50GB, or 50B for bytes'],
    [['query', 'sip', '--timeout', '30d'], "--timeout is 24d at most, not '30d'"],
    [['query', 'sip', '--resolve', '--resolve-timeout', '600h'], "--resolve-timeout is 24d at most, not '600h'"],
    [['tcp', '--poll', '30d'], "--poll is 24d at most, not '30d'"],
    [['tcp', '--port', ''], 'the list of ports is empty: name some, or leave it out'],
    [['tcp', '--command', ' , '], 'the list of commands is empty: name some, or leave it out'],
    [['run', '--set', 'store.retention.age=30', '--print-config'], 'less than a minute: write 30d for days'],
  ])('%j', async (words, message) => {
    expect(await run(words)).toMatchObject({ code: 2, out: '', err: expect.stringContaining(message) });
    expect(await rows()).toBe(177);
  });
});

it('a file that is in the store already, with other options, is told: answers count both', async () => {
  const store = ['--to', `store:${folder}/twice`];
  expect((await run(['capture', '-r', CAPTURE, ...store])).err).not.toContain('import');
  expect((await run(['capture', '-r', CAPTURE, ...store])).err).not.toContain('import');
  const told = `has another import of ${CAPTURE}, with other options or contents: answers count all of them`;
  expect((await run(['capture', '-r', CAPTURE, '--records', 'dns', ...store])).err).toContain(told);
});

it('a question to a file says where there is no room to prepare the answer', async () => {
  const asked = ['query', '-r', CAPTURE, 'sip'];
  const { code, err } = await netscribe(asked, { cwd: folder, env: { TMPDIR: join(folder, 'nowhere') } });
  expect(code).toBe(5);
  expect(err).toMatch(/^netscribe: cannot make a folder in .*nowhere: the folder does not exist; .* set TMPDIR/);
});

it('a mistake in SQL is shown in its line; a question that takes too long is no wrong usage', async () => {
  expect(await run(['sql', 'select nothing from flow'])).toMatchObject({
    code: 2,
    err: expect.stringMatching(/\n\nLINE 1: select nothing from flow\n +\^/),
  });
  const endless = 'select count(*) from range(100000000000)';
  expect(await run(['sql', '--timeout', '1', endless])).toMatchObject({
    code: 1,
    err: expect.stringContaining('the query took longer than'),
  });
});

it('--records in several parts are all of them', async () => {
  const { out } = await run(['capture', '-r', CAPTURE, '-q', '--json', '--records', 'dns', '--records', 'http']);
  const types = out.match(/"dataset":"\w+"/g) ?? [];
  expect(new Set(types)).toEqual(new Set(['"dataset":"dns"', '"dataset":"http"']));
});

it('--summary json is the last line, also of a capture that breaks off', async () => {
  const cut = join(folder, 'cut.pcap');
  writeFileSync(cut, readFileSync(CAPTURE).subarray(0, 50_000));
  const { code, err } = await run(['capture', '-r', cut, '--to', 'null:', '--summary', 'json']);
  const lines = err.trimEnd().split('\n');
  expect(code).toBe(3);
  expect(lines[0]).toContain('cut.pcap is damaged at packet 213');
  expect(JSON.parse(lines.at(-1)!)).toMatchObject({ packets: 212, damaged: { packet: 213 } });
});

it('a folder with a file whose name is no text is read, and nothing of a name moves the cursor', async () => {
  mkdirSync(join(folder, 'odd'));
  cpSync(CAPTURE, join(folder, 'odd/1.pcap'));
  writeFileSync(Buffer.from(`${folder}/odd/\xff.pcap`, 'latin1'), readFileSync(CAPTURE));
  writeFileSync(join(folder, 'odd/\x1b[31m.pcap'), readFileSync(CAPTURE).subarray(0, 50_000));
  writeFileSync(join(folder, 'odd/\x1b[31m.txt'), 'no capture');
  for (const words of [['capture', '--to', 'null:'], ['query']]) {
    const { code, err } = await run([...words, '-r', 'odd']);
    expect(code).toBe(3);
    expect(err).toContain('odd/\ufffd.pcap is damaged at packet 1, offset 0: its name is no UTF-8');
    expect(err).toContain('odd/\\x1b[31m.pcap is damaged at packet 213');
    expect(err).not.toContain('\x1b');
  }
});

it.each([
  ['--help'],
  ['--version'],
  ['query', '--help'],
  ['interfaces'],
  ['doctor', 'runtime'],
  ['run', '--print-config'],
])('%s %s says so when what it answers finds no room', (...words) => {
  const full = openSync('/dev/full', 'w');
  const stdio = ['ignore', full, 'pipe'] as const;
  const { status, stderr } = spawnSync(process.execPath, [LAUNCHER, ...words], { stdio: [...stdio], encoding: 'utf8' });
  expect(stderr).toBe('netscribe: cannot write to standard output: the disk is full\n');
  expect(status).toBe(5);
});
