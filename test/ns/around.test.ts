// Around live capture: what there is, what is missing, and tcpdump standing in.

import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DaemonKit } from '../kit/daemon.ts';
import { Namespace, noNamespaces, writeFrames } from '../kit/namespace.ts';
import { udpFrame } from '../kit/packets.ts';
import { unless } from '../kit/unless.ts';

const folder = mkdtempSync(join(tmpdir(), 'netscribe-around-'));
chmodSync(folder, 0o755);
afterAll(() => rmSync(folder, { recursive: true }));

/** tcpdump that may capture whoever runs it; '' when that can not be had. */
function ableTcpdump(): string {
  try {
    const path = execFileSync('sh', ['-c', 'command -v tcpdump'], { encoding: 'utf8' }).trim();
    copyFileSync(path, join(folder, 'tcpdump'));
    execFileSync('setcap', ['cap_net_raw+ep', join(folder, 'tcpdump')]);
    return folder;
  } catch {
    return '';
  }
}

/** A Node that does not find koffi. */
const NO_FFI = `import { registerHooks } from 'node:module';
registerHooks({ resolve(name, context, next) { if (name === 'koffi') throw new Error('hidden'); return next(name, context); } });`;
const NO_FFI_OPTION = `NODE_OPTIONS=--import data:text/javascript,${encodeURIComponent(NO_FFI)}`;
const noTcpdump = spawnSync('tcpdump', ['--version']).status === 0 ? '' : 'tcpdump is not installed here';

const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];

unless(noNamespaces).describe('around live capture', () => {
  let ns: Namespace;
  beforeAll(() => {
    ns = new Namespace();
  });
  afterAll(() => ns.remove());

  test('interfaces', async () => {
    ns.ip('addr replace 192.0.2.1/24 dev a');
    const { code, out } = await ns.netscribe(['interfaces', '--json']).end();
    const list = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(code).toBe(0);
    expect(list.find(({ name }) => name === 'a')).toMatchObject({
      state: 'up',
      link: 'ethernet',
      kind: 'veth',
      mtu: 65535,
      addresses: ['192.0.2.1/24'],
    });
  });

  test('doctor says what is missing, and scripts hear it too', async () => {
    const able = await ns.netscribe(['doctor', 'live', 'threads', '--json']).end();
    expect([able.code, able.out.match(/"ok":true/g)?.length]).toEqual([0, 2]);
    const unable = await ns.netscribe(['doctor', 'live'], nobody).end();
    expect(unable.code).toBe(4);
    expect(unable.out).toMatch(/^no .*live[\s\S]*missing: .*CAP_NET_RAW/);
  });

  const able = noNamespaces === '' ? ableTcpdump() : '';
  const noAble = able === '' ? 'tcpdump or setcap (libcap2-bin) is not installed here' : '';
  unless(noAble).test('tcpdump stands in where we lack the privilege', async () => {
    const file = join(folder, 'frames.pcap');
    writeFrames(file, [udpFrame(1, 53), udpFrame(2, 53), udpFrame(1, 54)]);
    const words = ['capture', '-i', 'b', '--json', '--summary', 'json', 'port 53'];
    const program = ns.netscribe(words, ['env', `PATH=${able}:${process.env.PATH}`, ...nobody]);
    await program.until(() => program.err.includes('listening'));
    expect(program.err).toMatch(/CAP_NET_RAW[\s\S]*tcpdump captures/);
    await ns.send('a', file);
    const { code, err } = await program.interrupt();
    expect([code, JSON.parse(err.trim().split('\n').at(-1)!).packets]).toEqual([0, 2]);
  });

  /** The daemon captures, is told once why it is tcpdump, and what came is in the store. */
  async function standsInForDaemon(
    before: readonly string[],
    why: RegExp,
    change: (kit: DaemonKit) => Promise<unknown>,
  ) {
    const kit = new DaemonKit({ capture: { records: ['flow'] }, workers: 2 });
    try {
      chmodSync(kit.folder, 0o777);
      const program = await kit.start(before);
      expect(program.err.match(/until then tcpdump captures/g)).toHaveLength(1);
      const { flowSource } = await kit.until(({ interfaces }) => interfaces.b?.state === 'capturing');
      expect(flowSource).toMatchObject({ used: 'tcpdump', why: expect.stringMatching(why) });
      await kit.sendUntil([udpFrame(40_000, 53)], ({ interfaces: { b } }) => b.processed_total > 0);
      await change(kit);
      expect((await kit.stop()).code).toBe(143);
      const sql = 'select distinct destination_port from flow order by 1';
      return (await kit.command('sql', '--store', kit.store, '-e', 'csv', sql)).trim().split(/\r?\n/).slice(1);
    } finally {
      await kit.remove();
    }
  }

  unless(noAble).test('tcpdump stands in for the daemon, also on a link that comes again', async () => {
    const before = ['env', `PATH=${able}:${process.env.PATH}`, ...nobody];
    const ports = await standsInForDaemon(before, /CAP_NET_RAW/, async (kit) => {
      kit.ns.ip('link del dev b');
      await kit.until(({ interfaces }) => interfaces.b === undefined);
      kit.ns.pair('a', 'b');
      await kit.sendUntil([udpFrame(40_000, 54)], ({ interfaces: { b } }) => (b?.processed_total ?? 0) > 0);
    });
    expect(ports).toEqual(['53', '54']);
  });

  unless(noTcpdump).test('tcpdump stands in for the daemon where there is no FFI', async () => {
    const ports = await standsInForDaemon(['env', NO_FFI_OPTION], /koffi/, async () => undefined);
    expect(ports).toEqual(['53']);
  });

  unless(noTcpdump).test('tcpdump stands in where there is no FFI', async () => {
    const file = join(folder, 'no-ffi.pcap');
    writeFrames(file, [udpFrame(1, 53), udpFrame(2, 53), udpFrame(1, 54)]);
    const words = ['capture', '-i', 'b', '--json', '--summary', 'json', '--interval', '0'];
    const program = ns.netscribe(words, ['env', NO_FFI_OPTION]);
    await program.until(() => program.err.includes('listening'));
    expect(program.err.match(/koffi[\s\S]*until then tcpdump captures/g)).toHaveLength(1);
    await ns.send('a', file);
    const { code, err } = await program.interrupt();
    expect([code, JSON.parse(err.trim().split('\n').at(-1)!).packets]).toEqual([0, 3]);
  });
});
