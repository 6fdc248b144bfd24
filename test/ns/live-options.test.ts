// What a live capture asks of the kernel and hears from it: promiscuous mode, the ports that are needed, links of several kinds in one ring,
// what was dropped.

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { documents } from '../kit/engine.ts';
import { Namespace, noNamespaces, writeFrames } from '../kit/namespace.ts';
import { ip, udpDatagram, udpFrame } from '../kit/packets.ts';

const folder = mkdtempSync(join(tmpdir(), 'netscribe-live-options-'));
afterAll(() => rmSync(folder, { recursive: true }));

const noTun = existsSync('/dev/net/tun') ? '' : 'there is no /dev/net/tun here';
/** Puts an IP packet, which is given in hexadecimal, into the tunnel interface t0 as if it had come in there. */
const INTO_TUN = `
import fcntl, os, struct, sys
fd = os.open('/dev/net/tun', os.O_RDWR)
fcntl.ioctl(fd, 0x400454ca, struct.pack('16sH', b't0', 0x1001))
os.write(fd, bytes.fromhex(sys.argv[1]))
`;

import { unless } from '../kit/unless.ts';

unless(noNamespaces).describe('a live capture', () => {
  let ns: Namespace;
  beforeAll(() => {
    ns = new Namespace();
  });
  afterAll(() => ns.remove());

  const quiet = ['--json', '--summary', 'json', '--interval', '0'];
  async function live(...words: string[]) {
    const program = ns.netscribe(['capture', ...quiet, ...words]);
    await program.until(() => program.err.includes('listening'));
    return program;
  }
  const summaryOf = (err: string) => JSON.parse(err.trim().split('\n').at(-1)!);

  test('tells what comes to this machine and what goes from it', async () => {
    ns.ip('addr add 10.77.0.1/24 dev b');
    const program = await live('-i', 'b', '--records', 'flow');
    const file = join(folder, 'own.pcap');
    const ends = [
      ['10.77.0.9', '10.77.0.1'],
      ['10.77.0.1', '10.77.0.8'],
      ['10.77.0.9', '10.77.0.8'],
    ];
    writeFrames(
      file,
      ends.map(([from, to]) => udpFrame(1000, 9, { from, to })),
    );
    await ns.send('a', file);
    const { out } = await program.interrupt();
    ns.ip('addr del 10.77.0.1/24 dev b');
    const told = documents(out)
      .filter(({ destination }) => destination?.port === 9)
      .map(({ source, network }) => `${source.ip} ${(network as { direction?: string }).direction}`);
    expect(told.sort()).toEqual(['10.77.0.1 egress', '10.77.0.9 ingress', '10.77.0.9 unknown']);
  });

  test('is promiscuous unless told not to be', async () => {
    const promiscuity = () => Number(/promiscuity (\d+)/.exec(ns.ip('-d link show dev b'))![1]);
    expect(promiscuity()).toBe(0);
    const modest = await live('-i', 'b', '-p', '--records', 'flow');
    expect(promiscuity()).toBe(0);
    const usual = await live('-i', 'b', '--records', 'flow');
    expect(promiscuity()).toBe(1);
    for (const program of [modest, usual]) await program.interrupt();
    expect(promiscuity()).toBe(0);
  });

  test('without flows takes only the ports of what is asked for, and says so', async () => {
    const file = join(folder, 'ports.pcap');
    writeFrames(file, [udpFrame(4000, 53), udpFrame(4000, 54), udpFrame(53, 4000)]);
    const derived = await live('-i', 'b', '--records', 'dns');
    const all = await live('-i', 'b', '--records', 'dns', '-f', '');
    await ns.send('a', file);
    const ends = await Promise.all([derived.interrupt(), all.interrupt()]);
    expect(ends.map(({ err }) => summaryOf(err).live.received)).toEqual([2, 3]);
    expect(ends[0].err).toMatch(/only packets that these records need: port 53 or /);
  });

  unless(noTun).test('of any interface reads each packet by the kind of its link', async () => {
    ns.ip('tuntap add dev t0 mode tun');
    ns.up('t0');
    const program = await live('-i', 'any', '--records', 'flow');
    const file = join(folder, 'ethernet.pcap');
    writeFrames(file, [udpFrame(2222, 1111)]);
    const packet = Buffer.from(ip(17, udpDatagram(4444, 3333, 'no link layer'))).toString('hex');
    ns.run('python3', '-c', INTO_TUN, packet);
    await ns.send('a', file);
    ns.run('python3', '-c', INTO_TUN, packet);
    const { out, err } = await program.interrupt();
    const seen = documents(out)
      .filter(({ event }) => event.dataset === 'flow')
      .map(({ source, destination, network, observer }) => {
        const { ingress } = observer as { ingress: { interface: { name: string } } };
        return `${ingress.interface.name} ${source.port} ${destination.port} ${network.packets}`;
      });
    expect(seen.sort()).toEqual(['a 2222 1111 2', 't0 4444 3333 2']);
    expect(summaryOf(err).outcomes).toMatchObject({ flow: 4 });
  });

  test('counts what the kernel dropped, and how often the ring was full', async () => {
    const file = join(folder, 'many.pcap');
    writeFrames(
      file,
      Array.from({ length: 3000 }, (_, i) => udpFrame(1024 + i, 53, { payload: new Uint8Array(900) })),
    );
    const program = ns.netscribe(['capture', '-i', 'b', '-B', '512', '--records', 'flow,loss', ...quiet]);
    await program.until(() => program.err.includes('listening'));
    program.child.kill('SIGSTOP');
    const sent = await ns.send('a', file);
    program.child.kill('SIGCONT');
    const { out, err } = await program.interrupt();
    const { packets, live: counted, loss } = summaryOf(err);
    expect(counted.received).toBe(sent);
    expect(counted.dropped).toBeGreaterThan(0);
    expect(counted.freezes).toBeGreaterThan(0);
    expect(packets + counted.dropped).toBe(sent);
    expect(loss.kernel).toBe(counted.dropped);
    const told = documents(out).find(({ event }) => event.dataset === 'loss');
    expect(told).toMatchObject({ netscribe: { loss: { kernel_dropped: counted.dropped } } });
  });
});
