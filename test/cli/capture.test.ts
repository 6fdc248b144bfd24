// `netscribe capture` and the commands around it as scripts meet them: exit codes, what a damaged file leaves, pipes that are closed,
// signals, and words that nobody knows.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { netscribe as inOneProcess } from '../kit/commands.ts';
import { MAIN } from '../kit/program.ts';
import { PROJECT } from '../kit/shared.ts';

const FIRST_LOOK = `${PROJECT}examples/first-look.pcap`;
const folder = mkdtempSync(join(tmpdir(), 'netscribe-cli-capture-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const whole = readFileSync(FIRST_LOOK);

/** Where the record of each packet begins, and at last the end. */
const starts: number[] = [24];
while (starts.at(-1)! < whole.length) starts.push(starts.at(-1)! + 16 + whole.readUInt32LE(starts.at(-1)! + 8));
const BROKEN = 201;

const netscribe = (words: readonly string[], input?: Uint8Array) => inOneProcess(words, { cwd: folder, input });
const counts = (err: string) => JSON.parse(err.split('\n').find((line) => line.startsWith('{"packets"'))!);
const endOf = (child: ChildProcess) =>
  new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)));

describe('a file that breaks off', () => {
  const before = () =>
    netscribe(['capture', '-q', '--json', '--records', 'flow,dns,http', '-r', FIRST_LOOK, '-c', '200']);
  let expected = '';
  beforeAll(async () => {
    // 200 packets, then the middle of the next one.
    writeFileSync(join(folder, 'cut.pcap'), whole.subarray(0, starts[BROKEN - 1] + 30));
    const wrong = Buffer.from(whole);
    wrong.writeUInt32LE(0x7fffffff, starts[BROKEN - 1] + 8);
    writeFileSync(join(folder, 'wrong.pcap'), wrong);
    expected = (await before()).out;
  });

  it.each([
    ['cut.pcap', true],
    ['wrong.pcap', false],
  ])('%s gives everything before, and says where', async (file, cutAtEnd) => {
    const words = ['capture', '--json', '--records', 'flow,dns,http', '--summary', 'json', '-q', '-r', file];
    const { code, out, err } = await netscribe(words);
    expect(code).toBe(3);
    expect(out).toBe(expected);
    expect(err).toContain(`netscribe: ${file} is damaged at packet ${BROKEN}, offset ${starts[BROKEN - 1]}: `);
    expect(counts(err)).toMatchObject({
      packets: BROKEN - 1,
      damaged: { file, packet: BROKEN, offset: starts[BROKEN - 1], cutAtEnd },
    });
    // A file that is still being written ends like this; one that is wrong does not.
    expect((await netscribe(['capture', '-q', '--to', 'null:', '--cut-ok', '-r', file])).code).toBe(cutAtEnd ? 0 : 3);
  });
});

describe('whoever reads', () => {
  it('may go when it has enough', async () => {
    const child = spawn(process.execPath, [MAIN, 'capture', '-q', '--json', '-r', FIRST_LOOK]);
    child.stdout.destroy();
    let said = '';
    child.stderr.on('data', (part) => (said += part));
    expect([await endOf(child), said]).toEqual([0, '']);
  });

  it('of the summary may go: the job is done all the same, and the exit code is that of the job', async () => {
    const child = spawn(process.execPath, [MAIN, 'capture', '--to', 'ndjson:unheard', '-r', 'cut.pcap'], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child.stderr.destroy();
    expect(await endOf(child)).toBe(3);
    expect(readFileSync(join(folder, 'unheard/flow.ndjson'), 'utf8')).toMatch(/\}\n$/);
  });
});

describe('input', () => {
  it('is files by name, a folder, standard input; a filter is said with -f or as the last words', async () => {
    const icmp = async (words: readonly string[], input?: Uint8Array) =>
      (await netscribe(['capture', '-q', '--json', '--records', 'icmp', ...words], input)).out;
    const all = await icmp(['-r', FIRST_LOOK, '-f', 'icmp']);
    expect(all.split('\n').length).toBe(12);
    expect(await icmp([FIRST_LOOK, 'icmp'])).toBe(all);
    expect(await icmp(['-r', '-', 'icmp'], whole)).toBe(all);
  });

  it('is no terminal', () => {
    const inTerminal = 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))';
    const words = [process.execPath, MAIN, 'capture', '--json', '-r', '-'];
    const { status, stdout } = spawnSync('python3', ['-c', inTerminal, ...words], { encoding: 'utf8', input: '' });
    expect([status, stdout]).toEqual([
      1,
      expect.stringContaining('standard input is a terminal: pipe a capture into it'),
    ]);
  });

  it('may be quiet: what is ready comes out meanwhile, signals are heard, and the end is a whole one', async () => {
    const child = spawn(process.execPath, [MAIN, 'capture', '--json', '--records', 'dns,flow', '-r', '-']);
    let out = '';
    let err = '';
    let asked = false;
    let ended = false;
    child.stdout.on('data', (part) => {
      out += part;
      // Four of the 45 wait for their answers until the end.
      if (!asked && out.split('"dataset":"dns"').length > 41) asked = child.kill('SIGUSR2');
    });
    child.stderr.on('data', (part) => {
      err += part;
      if (!ended && err.includes('so far\n')) ended = child.kill('SIGINT');
    });
    child.stdin.write(whole);
    expect(await endOf(child)).toBe(130);
    expect(err).toContain('netscribe: 448 packets, 127 kB so far');
    expect(out).toBe((await netscribe(['capture', '-q', '--json', '--records', 'dns,flow', '-r', FIRST_LOOK])).out);
  });
});

describe('a checksum that is wrong', () => {
  const outcomes = async (setting: string) => {
    const { code, err } = await netscribe([
      ...['capture', '-q', '--summary', 'json', '--to', 'null:', '--set', `checksums=${setting}`],
      ...['-r', join(folder, 'sum.pcap')],
    ]);
    expect(code).toBe(0);
    const { outcomes, loss } = counts(err);
    return [
      outcomes.flow,
      outcomes.bad_checksum,
      Object.entries(loss).some(([name, n]) => /checksum/i.test(name) && n === 1),
    ];
  };
  it('is counted, and a reason to drop only where it is said', async () => {
    const changed = Buffer.from(whole);
    // The last byte of the first UDP datagram.
    const udp = starts.findIndex((at) => whole.readUInt16BE(at + 16 + 12) === 0x0800 && whole[at + 16 + 23] === 17);
    changed[starts[udp + 1] - 1] ^= 0xff;
    writeFileSync(join(folder, 'sum.pcap'), changed);
    expect({ ignore: await outcomes('ignore'), count: await outcomes('count'), drop: await outcomes('drop') }).toEqual({
      ignore: [446, 0, false],
      count: [446, 0, true],
      drop: [445, 1, true],
    });
  });
});

describe('an unknown word gets the nearest right one', () => {
  it.each([
    ['captur', "there is no command 'captur': did you mean 'capture'?"],
    ['help qeury', "there is no command 'qeury': did you mean 'query'?"],
  ])('netscribe %s', async (words, message) => {
    const { code, err } = await netscribe(words.split(' '));
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
  });

  it.each([
    ['capture -r FILE --to null: --sumary json', "did you mean '--summary'?"],
    ['capture -r FILE --to null: --records dnss', "there is no record 'dnss': did you mean 'dns'?"],
    ['capture -r FILE --to null: --internal-networks privat', "'privat' is no network: write 10.0.0.0/8"],
    ['capture -r FILE --to null: --decode-as tcp.port==81,htp', "did you mean 'http'?"],
    ['capture -r FILE --to null: --decode-as udp.port==53,http', 'http goes over tcp, not over udp'],
    ['capture -r FILE --to null: --decode-as tcp.port==65536,http', 'write it as tcp.port==8081,http'],
    ['capture -r FILE --to null: --set protocols.dsn.ports=53', "did you mean 'dns'?"],
    ['capture -r FILE --to null: --set protocols.dns.include_additional=true', "did you mean 'include_additionals'?"],
    ['capture -r FILE --to null: --interval 5x', '--interval wants a time such as 30s, 5m or 1h'],
    ['capture', 'nothing to read: name a capture file with -r FILE'],
    ['records htpp', "there is no record 'htpp': did you mean 'http'?"],
    ['sql -e jsno select', "did you mean 'json'?"],
    ['sql --timeout soon select', '--timeout wants a whole number'],
  ])('%s', async (words, message) => {
    const { code, err } = await netscribe(words.replace('FILE', FIRST_LOOK).split(' '));
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
  });
});

it('the store can be asked in SQL; a wrong name gets the nearest right one', async () => {
  expect((await netscribe(['capture', '-q', '-r', FIRST_LOOK])).code).toBe(0);
  const sql = (...words: string[]) => netscribe(['sql', ...words]);
  expect(
    await sql('select count(*) n, sum(source_packets + destination_packets) p from flow', '-e', 'csv'),
  ).toMatchObject({
    code: 0,
    out: 'n,p\r\n74,446\r\n',
    err: '',
  });
  const { code, err } = await sql('select 1 from flwo');
  expect([code, err]).toEqual([2, expect.stringContaining('Did you mean "flow"')]);
});

describe('network.direction', () => {
  const directions = async (...words: string[]) => {
    const { out, code } = await netscribe([
      'capture',
      '-q',
      '--json',
      '-r',
      FIRST_LOOK,
      '--records',
      'flow,dns',
      ...words,
    ]);
    expect(code).toBe(0);
    const found = new Map<string, Set<string>>();
    for (const line of out.trim().split('\n')) {
      const { source, network, type } = JSON.parse(line);
      const key = `${type} from ${source.ip}`;
      found.set(key, (found.get(key) ?? new Set()).add(network.direction));
    }
    return found;
  };

  it('is unknown until the internal networks are told', async () => {
    expect(new Set([...(await directions()).values()].flatMap((some) => [...some]))).toEqual(new Set(['unknown']));
  });

  it.each([['1'], ['2']])('follows them in flows and transactions, with %s analysing threads', async (workers) => {
    const found = await directions('--workers', workers, '--internal-networks', '192.0.2.0/24, 2001:db8:1::/48');
    expect(found.get('dns from 192.0.2.100')).toEqual(new Set(['internal', 'outbound']));
    expect(found.get('flow from 192.0.2.100')).toEqual(new Set(['internal', 'outbound']));
    expect(found.get('flow from 0.0.0.0')).toEqual(new Set(['external']));
  });
});
