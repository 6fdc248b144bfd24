// `netscribe query` as a user calls it: its output, its exit code.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { netscribe, printedBy } from '../kit/commands.ts';
import { MAIN } from '../kit/program.ts';
import { PROJECT } from '../kit/shared.ts';
import { twoInterfaces } from '../kit/two-interfaces.ts';

const folder = mkdtempSync(join(tmpdir(), 'netscribe-cli-query-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const CAPTURE = join(folder, 'two.pcapng');
writeFileSync(CAPTURE, twoInterfaces());
const FIRST_LOOK = `${PROJECT}examples/first-look.pcap`;
/** The same, read once. */
const STORE = join(folder, 'store');
beforeAll(() => printedBy(['capture', '-q', '-r', FIRST_LOOK, '--to', `store:${STORE}`]));

const query = (...words: string[]) =>
  netscribe(['query', ...words], { cwd: folder, env: { TZ: 'UTC', XDG_CONFIG_HOME: folder } });

describe('interfaces of a capture', () => {
  it('each has its own sums', () => {
    const own = [MAIN, 'query', '-r', CAPTURE, 'list', '-e', 'csv'];
    const { stdout: out, status: code } = spawnSync(process.execPath, own, { encoding: 'utf8' });
    expect(out.split('\r\n').map((line) => line.split(',').slice(0, 4).join(','))).toEqual([
      'iface,flows,packets,bytes',
      'eth0,1,3,198',
      'wan0,1,1,66',
      ',1,1,43',
      '',
    ]);
    expect(code).toBe(0);
  });

  it('-i chooses, of transactions too', async () => {
    expect((await query('-r', CAPTURE, '-i', 'wan0', 'sip', '--sum', '-e', 'csv')).out).toBe(
      'sip,packets,bytes\r\n10.0.0.1,1,66\r\n',
    );
    const { out } = await query('-r', CAPTURE, '-i', '/eth./', 'dns', 'iface,status', '-e', 'csv');
    const [, ...rows] = out.split('\r\n');
    // The question came twice: the first of them has no answer of its own.
    expect(rows).toEqual(['eth0,Error,1,1,,', 'eth0,OK,1,0,1000000000,1000000000', '']);
  });
});

describe('a capture answers as the store does that it was read into', () => {
  it.each([
    [['network.protocol,dport']],
    [['talk_conv', 'tls']],
    [['sip', 'network.protocol = dns']],
    [['flow', '--rows', '-n', '3']],
    [['flow', '"tls"']],
    [['talk_conv']],
    [['dns.question.name,status', '-s', 'count']],
    [['"Request was received"']],
    [['tcp-audit']],
  ])('%j', async (words) => {
    const answer = await query('-r', FIRST_LOOK, ...words, '-e', 'csv', '--no-sums');
    expect(answer).toEqual(await query('--store', STORE, ...words, '-e', 'csv', '--no-sums'));
    expect(answer.code).toBe(0);
    expect(answer.out.split('\r\n').length > 2).toBe(words[0] !== 'tcp-audit');
  });
});

describe('stored queries', () => {
  it('are kept by name, asked again, changed by options and told apart from what is not there', async () => {
    const kept = await query('-r', FIRST_LOOK, 'proto', 'dport = 53', '-e', 'csv', '--sum', '--save', 'names');
    expect(kept.err).toContain('kept in');
    expect(JSON.parse(readFileSync(join(folder, 'netscribe/queries/names.json'), 'utf8'))).toMatchObject({
      query: 'proto',
      condition: 'dport = 53',
      sum: true,
      format: 'csv',
    });
    expect((await query('--saved')).out).toBe('names\n');
    expect((await query('-r', FIRST_LOOK, '--stored-query', 'names', '-e', 'ndjson', '-n', '1')).out).toMatch(
      /^\{"proto":"udp"/,
    );
    const wrong = await query('--stored-query', 'nmaes');
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining("did you mean 'names'?")]);
  });

  it('come from standard input with goQuery’s arguments', async () => {
    const text = '{"query":"apps_port","ifaces":"any","sum":true,"sort_by":"packets","num_results":1,"format":"csv"}';
    const { out } = await netscribe(['query', '--store', STORE, '--stored-query', '-'], { cwd: folder, input: text });
    expect(out.split('\r\n')[0]).toBe('iface,dport,proto,packets,bytes');
    expect(out.split('\r\n').length).toBe(3);
  });
});

describe('lists', () => {
  const sources = async (condition: string, ...more: string[]) => {
    const { code, out, err } = await query('--store', STORE, 'sip', condition, '-s', 'sip', '-a', '-e', 'csv', ...more);
    const [, ...rows] = out.split('\r\n').map((line) => line.split(',')[0]);
    return code === 0 ? rows.slice(0, -1) : [code, err];
  };
  it('are files of a folder, an entry a line, and what --define says', async () => {
    const lists = join(folder, 'netscribe/lists');
    mkdirSync(lists, { recursive: true });
    writeFileSync(join(lists, 'lab.txt'), '# who asks\n192.0.2.0/24   # by IPv4\r\n\n2001:db8:1::/48');
    writeFileSync(join(lists, 'other.txt'), '192.0.2.1');
    expect(await sources('sip in $lab')).toEqual(['192.0.2.100', '2001:db8:1::10']);
    expect(await sources('sip not in $lab and dport in $dhcp', '--define', 'dhcp=66-68, 547')).toEqual(['0.0.0.0']);
    expect(await sources('sip in $here', '--define', `here=@${join(lists, 'lab.txt')}`)).toHaveLength(2);
    expect(await sources('sip in $lba')).toEqual([
      2,
      expect.stringMatching(/no list named \$lba\nthere are \$lab, \$other\n/),
    ]);
  });
  it.each([
    ['nofile=@nofile', 'the list nofile cannot be read'],
    ['../x=1', 'write it as internal='],
    ['x', 'write it as internal='],
  ])('--define %s', async (list, message) =>
    expect(await query('sip', '--define', list)).toMatchObject({ code: 2, err: expect.stringContaining(message) }),
  );
});

it('what was asked can be kept, and what it cost be told', async () => {
  const { out, err } = await query(
    '--store',
    STORE,
    'proto',
    'dport = 53',
    '-e',
    'ndjson',
    '--query-log',
    'asked.log',
    '--stats',
  );
  await query('--store', STORE, 'sip', '--query-log', 'asked.log');
  expect(out).toMatch(/^\{"proto":"udp"/);
  expect(err).toMatch(/\d+ segments? with \d+ records in \d+ bytes/);
  const lines = readFileSync(join(folder, 'asked.log'), 'utf8').trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { columns: 'proto', condition: 'dport = 53' },
    { columns: 'sip' },
  ]);
});

describe('errors and help', () => {
  it('a wrong condition has a caret and exit code 2', async () => {
    const { code, err } = await query('--store', STORE, 'dprt = 53');
    expect(code).toBe(2);
    expect(err).toContain('dprt = 53\n^^^^ ');
    expect(err).toContain('dprt: dport');
  });

  it.each([
    [['--frmat', 'csv'], "did you mean '--format'?"],
    [['sip', '-e', 'jsno'], "did you mean 'json'?"],
    [['sip', '-n', '1e3'], 'whole number'],
    [['sip', '-f', 'yesterday-ish'], 'is not understood'],
    [['sip', '--memory', '400'], 'percentage'],
    [['sip', '--timeout', 'soon'], '--timeout wants a time'],
    [['list', '-c', 'dport = 1'], 'takes no condition'],
    [['-q', 'any', 'sip'], 'other hosts'],
    [['sip', '--save', '../x'], 'a name has letters'],
    [['--stored-query', '/nowhere/x.json'], 'cannot be read'],
  ])('%j', async (words, message) =>
    expect(await query(...words)).toMatchObject({ code: 2, err: expect.stringContaining(message) }),
  );

  it('--explain shows the SQL with its parameters apart, and needs no store', async () => {
    const { code, out } = await query('http', 'status', 'user_agent.original = "x\'; DROP"', '--explain');
    expect(code).toBe(0);
    const [, sql] = out.split('\n\n');
    expect(sql.slice(0, sql.indexOf('$1 = '))).not.toContain('DROP');
    expect(sql).toContain(`$1 = "x'; DROP"`);
  });

  it('help fits a screen and begins with examples; all of it is longer', async () => {
    const short = (await query('--help')).out;
    expect(short.split('\n').length).toBeLessThanOrEqual(32);
    expect(Math.max(...short.split('\n').map((line) => line.length))).toBeLessThanOrEqual(110);
    expect(short.split('\n')[2]).toMatch(/^ {2}netscribe query /);
    const all = (await netscribe(['help', 'query'])).out;
    expect(all).toContain('--resolve-server');
    expect(short).not.toContain('--resolve-server');
  });
});
