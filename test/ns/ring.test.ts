// The ring on real interfaces: packets sent = received + dropped, exactly; flows as from a file with the same packets.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runFiles } from '../kit/engine.ts';
import { Namespace, noNamespaces, type Program, writeFrames } from '../kit/namespace.ts';
import { ip, onEthernet, tcpFrame, udpDatagram, udpFrame } from '../kit/packets.ts';
import { readPcap } from '../kit/pcap.ts';
import { capture, hasShared } from '../kit/shared.ts';
import { unless } from '../kit/unless.ts';
import { bytes, eth } from '../wire/frames.ts';

const folder = mkdtempSync(join(tmpdir(), 'netscribe-ns-'));
afterAll(() => rmSync(folder, { recursive: true }));

type Document = Record<string, never> & { type: string };

/** What a flow document says of who and how much, without the times and numbers of a run. */
function flows(out: string): string[] {
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Document)
    .filter(({ type }) => type === 'flow')
    .map((flow) => {
      const { source, destination, network, netscribe } = flow as never as Record<string, Record<string, unknown>>;
      return JSON.stringify({ source, destination, network, tunnel: netscribe.tunnel });
    })
    .sort();
}

const summaryOf = (err: string) => JSON.parse(err.trim().split('\n').at(-1)!) as Summary;
interface Summary {
  packets: number;
  bytes: number;
  outcomes: Record<string, number>;
  loss: { kernel: number };
  live: { received: number; dropped: number; ringHighWater: number };
}

unless(noNamespaces).describe('the ring', () => {
  let ns: Namespace;
  beforeAll(() => {
    ns = new Namespace();
  });
  afterAll(() => ns.remove());

  async function live(...words: string[]): Promise<Program> {
    // No report in the middle, when the clock on the wall passes five minutes.
    const quiet = ['--interval', '0'];
    const program = ns.netscribe(['capture', '-B', '8192', '--json', '--summary', 'json', ...quiet, ...words]);
    await program.until(() => program.err.includes('listening'));
    return program;
  }

  /** Sends a file and compares with reading it. */
  async function compare(file: string, times = 1, ...words: string[]): Promise<Summary> {
    const program = await live('-i', 'b', '--records', 'flow,loss', ...words);
    const sent = await ns.send('a', file, times);
    const { code, out, err } = await program.interrupt();
    expect(code).toBe(0);
    const summary = summaryOf(err);
    expect(summary.live.received).toBe(sent);
    expect(summary.packets + summary.live.dropped).toBe(sent);
    expect(Object.values(summary.outcomes).reduce((a, b) => a + b)).toBe(summary.packets);
    if (times === 1) {
      const read = await runFiles([file], { records: ['flow', 'loss'] });
      expect(flows(out)).toEqual(flows(read.text));
    }
    return summary;
  }

  test('small, large, tagged, IPv6, fragmented and broken packets', async () => {
    const big = new Uint8Array(6000).fill(65);
    const whole = udpDatagram(7, 8, new Uint8Array(2992));
    const frames = [
      tcpFrame(40000, 80, { flags: 'S', seq: 1 }),
      tcpFrame(80, 40000, { from: '10.0.0.2', to: '10.0.0.1', flags: 'SA', seq: 9, ack: 2 }),
      tcpFrame(40000, 80, { flags: 'A', seq: 2, ack: 10, payload: 'GET / HTTP/1.1\r\n\r\n' }),
      tcpFrame(40000, 80, { flags: 'AP', seq: 20, ack: 10, payload: big }),
      udpFrame(1, 2, { payload: 'x' }),
      udpFrame(3, 4, { from: '2001:db8::1', to: '2001:db8::2', payload: 'six' }),
      onEthernet(ip(17, udpDatagram(5, 6, 'tagged')), 7),
      onEthernet(ip(17, udpDatagram(5, 6, 'twice')), 7, 9),
      onEthernet(ip(17, whole.subarray(0, 1480), { id: 77, fragment: 0x2000 })),
      onEthernet(ip(17, whole.subarray(1480), { id: 77, fragment: 185 })),
      eth(0x0800, bytes(new Uint8Array(19).fill(0x45))),
      eth(0x0806, bytes(new Uint8Array(28))),
    ];
    const file = join(folder, 'mixed.pcap');
    writeFrames(file, frames);
    const summary = await compare(file);
    expect(summary.packets).toBe(frames.length);
    expect(summary.bytes).toBe(frames.reduce((sum, frame) => sum + frame.length, 0));
  });

  test.skipIf(!hasShared)('tunnels, tags, MPLS, fragments of real networks', async () => {
    const names = [
      'zeek__tunnels__vxlan-encapsulated-http.pcap',
      'arkime__gre-erspan-vxlan.pcap',
      'zeek__mixed-vlan-mpls.pcap',
      'suricata__exception-policy-defrag-01__ipv4frags.pcap',
      'arkime__ipv6-gtp6.pcap',
    ];
    const frames = names.flatMap((name) => {
      const pcap = readPcap(capture(name))!;
      return pcap.packets.map(({ offset, capturedLength }) => pcap.bytes.subarray(offset, offset + capturedLength));
    });
    const file = join(folder, 'real.pcap');
    writeFrames(file, frames);
    await compare(file);
    // Each thread sees both directions of an address pair, and of a tunnel: the flows are the same.
    await compare(file, 1, '--workers', '2');
  });

  test('many packets through a ring that turns many times', async () => {
    const file = join(folder, 'many.pcap');
    writeFrames(
      file,
      Array.from({ length: 1000 }, (_, i) => udpFrame(1000 + i, 53, { payload: new Uint8Array(900) })),
    );
    const summary = await compare(file, 150);
    expect(summary.live.ringHighWater).toBeGreaterThan(0);
  });

  test('a filter in the kernel, also for tags that the kernel takes out', async () => {
    const file = join(folder, 'filter.pcap');
    writeFrames(file, [
      udpFrame(1, 53),
      udpFrame(1, 54),
      onEthernet(ip(17, udpDatagram(5, 6)), 7),
      onEthernet(ip(17, udpDatagram(5, 53)), 8),
      udpFrame(1, 53, { from: '2001:db8::1', to: '2001:db8::2' }),
    ]);
    const cases = [
      ['udp port 53', 3],
      ['vlan', 2],
      ['vlan 7', 1],
      ['ip6', 1],
    ] as const;
    const captures = cases.map(([filter]) => ({ interfaces: ['b'], filter }));
    const counts = await ns.count(captures, () => ns.send('a', file));
    expect(cases.map(([filter], i) => [filter, counts[i]])).toEqual(cases);
  });

  test('-c ends after so many packets, -s keeps so many bytes', async () => {
    const file = join(folder, 'some.pcap');
    writeFrames(
      file,
      Array.from({ length: 10 }, (_, i) => udpFrame(i, 53, { payload: new Uint8Array(1000) })),
    );
    const program = await live('-i', 'b', '-c', '4', '-s', '60');
    await ns.send('a', file);
    const { code, err } = await program.end();
    expect(code).toBe(0);
    expect(summaryOf(err)).toMatchObject({ packets: 4, bytes: 4 * 1042 });
  });

  test('several interfaces, all, patterns, directions', async () => {
    const file = join(folder, 'two.pcap');
    writeFrames(file, [udpFrame(1, 53), udpFrame(2, 53)]);
    const cases = [
      [['a', 'b'], 'inout', 4],
      [['any'], 'inout', 4],
      [['any,!b'], 'inout', 2],
      [['/^[ab]$/'], 'inout', 4],
      [['/^[ab]$/,!a'], 'inout', 2],
      [['a'], 'in', 0],
      [['a'], 'out', 2],
      [['any'], 'in', 2],
      [['any'], 'out', 2],
    ] as const;
    const captures = cases.map(([interfaces, direction]) => ({ interfaces, direction }));
    const counts = await ns.count(captures, () => ns.send('a', file));
    expect(cases.map(([interfaces, direction], i) => [interfaces, direction, counts[i]])).toEqual(cases);
  });

  test('loopback counts once', async () => {
    ns.ip('addr replace 127.0.0.1/8 dev lo');
    const captures = ['lo', 'any'].map((name) => ({ interfaces: [name], filter: 'udp' }));
    const speak = "import socket; socket.socket(2, 2).sendto(b'x', ('127.0.0.1', 9))";
    expect(await ns.count(captures, () => ns.run('python3', '-c', speak))).toEqual([1, 1]);
  });

  test('an interface that goes down, up, away and comes back', async () => {
    const file = join(folder, 'one.pcap');
    writeFrames(file, [udpFrame(1, 53)]);
    ns.pair('c', 'd');
    const one = await live('-i', 'd');
    const several = await live('-i', '/^d/', '-i', 'b');
    await ns.send('c', file);
    ns.ip('link set dev d down');
    ns.ip('link set dev d up');
    await ns.send('c', file);
    ns.ip('link del dev c');
    ns.pair('c', 'd');
    for (const program of [one, several])
      await program.until(() => program.err.lastIndexOf('d is there') > program.err.indexOf('d is gone'));
    await ns.send('c', file);
    const results = await Promise.all([one.interrupt(), several.interrupt()]);
    expect(results.map(({ code, err }) => [code, summaryOf(err).packets])).toEqual([
      [0, 3],
      [0, 3],
    ]);
    ns.ip('link del dev c');
  });

  test('time passes without packets: flows end while the line is quiet', async () => {
    const file = join(folder, 'quiet.pcap');
    writeFrames(file, [udpFrame(1, 53)]);
    const program = await live('-i', 'b', '--set', 'flows.timeout=1s', '--records', 'flow');
    await ns.send('a', file);
    await program.until(() => program.out.includes('"reason":"timeout"'));
    expect((await program.interrupt()).code).toBe(0);
  });

  test('an interface that is not there is named, with those that are', async () => {
    const { code, err } = await ns.netscribe(['capture', '-i', 'eht0', '--json']).end();
    expect(code).toBe(1);
    expect(err).toMatch(/no interface 'eht0'; there are lo, .*b/);
  });

  test('CAP_NET_RAW alone is enough, and without it the missing piece is named', async () => {
    const file = join(folder, 'raw.pcap');
    writeFrames(file, [udpFrame(1, 53)]);
    const as = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--no-new-privs'];
    const words = ['capture', '-i', 'b', '--json', '--summary', 'json'];
    const able = ns.netscribe(words, [
      ...as,
      '--inh-caps=-all,+net_raw',
      '--ambient-caps=-all,+net_raw',
      '--bounding-set=-all,+net_raw',
    ]);
    await able.until(() => able.err.includes('listening'));
    await ns.send('a', file);
    const { code, err } = await able.interrupt();
    expect([code, summaryOf(err).packets]).toEqual([0, 1]);
    const unable = await ns.netscribe(words, as).end();
    expect(unable.code).toBe(4);
    expect(unable.err).toContain('CAP_NET_RAW');
  });
});
