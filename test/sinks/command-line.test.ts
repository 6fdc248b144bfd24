// Sinks as users meet them: words in, files and messages out.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { netscribe } from '../kit/commands.ts';
import { LAUNCHER } from '../kit/program.ts';
import { PROJECT } from '../kit/shared.ts';

const CAPTURE = join(PROJECT, 'examples/first-look.pcap');
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'netscribe-sinks-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function run(words: string): Promise<{ status: number; said: string; stdout: Buffer }> {
  const all = ['capture', '-r', CAPTURE, ...words.split(' ').filter((w) => w !== '')];
  const { code, err, bytes } = await netscribe(all, { cwd: folder });
  return { status: code, said: err, stdout: Buffer.from(bytes) };
}

describe('capture -w', () => {
  it('writes packets and nothing else', async () => {
    const { status, said } = await run('-w all.pcap');
    expect({ status, files: readdirSync(folder) }).toEqual({ status: 0, files: ['all.pcap'] });
    expect(said).toContain('448 packets');
    expect(said).toContain('Packets were written as they are, not decoded.');
    expect(said).toContain('Packets went to all.pcap.');
    rmSync(join(folder, 'all.pcap'));
  });
  it('- is standard output, where packets are the only thing', () => {
    const words = [LAUNCHER, 'capture', '-r', CAPTURE, '-q', '-w', '-', '-c', '3'];
    const { status, stdout, stderr } = spawnSync(process.execPath, words, { cwd: folder });
    expect({ status, said: stderr.toString(), magic: stdout.readUInt32LE(0), first: stdout.readUInt32LE(24) }).toEqual({
      status: 0,
      said: '',
      magic: 0xa1b23c4d,
      first: 1_795_258_216,
    });
  });
  it.each([
    ['-w x.pcap --records dns', 2, '--records has nowhere to go'],
    ['-w - --json', 2, 'standard output can take one of ndjson:- and -w -'],
    ['-C 1', 2, '-C goes with -w FILE'],
    ['-w x.pcap -W 2', 2, '-W counts the files of -C or -G'],
    ['-w x.pcap -C 1x', 2, '-C wants millions of bytes, or a size such as 500k, 10m, 1g'],
    ['-w x.pcap -G 0', 2, '-G wants a whole number from 1'],
    ['-w - -G 1', 2, '-G cuts files, and -w - writes to standard output'],
    ['-w x.pcap.gz', 2, 'compress them with -w - | gzip > x.pcap.gz'],
    ['-w x.pcap --snaplenn 60', 2, "did you mean '--snaplen'?"],
    [`-w ${CAPTURE}`, 5, 'is also being read: write to another file'],
    ['-w no/such.pcap', 5, 'cannot write no/such.pcap: the folder no does not exist'],
  ])('%s: exit code %i', async (words, status, message) => {
    const result = await run(words);
    expect(result.said).toContain(message);
    expect(result.status).toBe(status);
    expect(existsSync(join(folder, 'x.pcap'))).toBe(false);
  });
});

describe('capture --to', () => {
  it.each([
    ['cvs:out', 2, "there is no sink 'cvs:out': did you mean 'csv:-' or 'csv:DIR'? (there are ndjson:-"],
    ['stor', 2, "there is no sink 'stor': did you mean 'store:DIR'?"],
    ['no-such-package', 2, "there is no package 'no-such-package' to load as a sink"],
    ['./nothing.js', 2, 'the sink ./nothing.js is not there'],
    ['csv:-', 2, 'csv:- holds one kind of record, and there are'],
    ['csv:', 2, "csv needs a place: 'csv:-' for standard output, 'csv:DIR' for a folder"],
    ['parquet:out?rows=x', 2, "parquet's option rows wants a number"],
    ['postgres://localhost/net?sslmod=require', 2, "postgres has no option 'sslmod'"],
    ['csv:file', 5, 'cannot make the folder file'],
    ['csv:/proc/no --records flow', 5, 'cannot make the folder /proc/no'],
  ])('%s: exit code %i', async (sink, status, message) => {
    writeFileSync(join(folder, 'file'), '');
    const result = await run(`--to ${sink}`);
    expect(result.said).toContain(message);
    expect(result.status).toBe(status);
  });

  it('csv:- is a table of one record type', async () => {
    const { status, stdout } = await run('-q --records icmp --to csv:-');
    const lines = stdout.toString().split('\r\n');
    expect({ status, lines: lines.length, first: lines[0].slice(0, 20) }).toEqual({
      status: 0,
      lines: 29,
      first: '@timestamp,event.end',
    });
  });

  // A limit on the size of files (in blocks of 512 bytes) stands for the full disk: no privilege is needed for it.
  it.each([
    [
      '--to csv:full --to ndjson:full',
      /full\/\w+.csv: the file would be larger than the limit; what is in the file is whole \([\d,]+ bytes\)$/m,
    ],
    ['-w full.pcap', /full.pcap: the file would be larger than the limit; what is in the file is whole/],
    ['--to parquet:full-parquet', /full-parquet\/\w+.parquet.part: the file would be larger than the limit$/m],
  ])('%s leaves whole rows and packets when the disk is full', (words, message) => {
    const script = `trap '' XFSZ; ulimit -f 26; exec "$0" "$@"`;
    const args = ['-c', script, process.execPath, LAUNCHER, 'capture', '-r', CAPTURE];
    const { status, stderr } = spawnSync('sh', [...args, ...words.split(' ')], { cwd: folder, encoding: 'utf8' });
    expect(status).toBe(5);
    expect(stderr).toContain('netscribe: cannot write to ');
    expect(stderr).toMatch(message);
    if (words.includes('csv')) {
      for (const name of readdirSync(join(folder, 'full')).filter((name) => name.endsWith('.csv'))) {
        expect(readFileSync(join(folder, 'full', name), 'utf8')).toMatch(/^@timestamp,.*\r\n$/s);
      }
    } else if (words.includes('pcap')) expect(statSync(join(folder, 'full.pcap')).size).toBeLessThanOrEqual(26 * 512);
    else expect(readdirSync(join(folder, 'full-parquet'))).toEqual([]);
  });
});
