// Flows counted by the kernel: the same packets and bytes per flow and direction as from a file with the same packets, in a map that
// is big enough and in one that is not.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { documents, runFiles } from '../kit/engine.ts';
import { leftOf, objectsOf } from '../kit/kernel-objects.ts';
import { Namespace, noNamespaces, writeFrames } from '../kit/namespace.ts';
import { icmpFrame, ip, onEthernet, tcpFrame, udpDatagram, udpFrame } from '../kit/packets.ts';
import { bytes, eth } from '../wire/frames.ts';

const folder = mkdtempSync(join(tmpdir(), 'netscribe-tcx-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Who, how much, on which VLAN, in either order. */
function flows(text: string): string[] {
  return documents(text)
    .filter(({ event }) => event.dataset === 'flow')
    .map(({ source, destination, network }) => {
      const end = ({ ip, port, packets, bytes }: typeof source) =>
        `${ip} ${port ?? ''}: ${packets} packets ${bytes} bytes`;
      return [`${network.transport} ${network.vlan?.id ?? ''}`, ...[end(source), end(destination)].sort()].join(', ');
    })
    .sort();
}

const whole = udpDatagram(7, 8, new Uint8Array(2992));
const FRAMES = [
  tcpFrame(40000, 80, { flags: 'S', seq: 1 }),
  tcpFrame(80, 40000, { from: '10.0.0.2', to: '10.0.0.1', flags: 'SA', seq: 9, ack: 2 }),
  tcpFrame(40000, 80, { flags: 'AP', seq: 2, ack: 10, payload: new Uint8Array(6000).fill(65) }),
  tcpFrame(40000, 80, { flags: 'AF', seq: 6002, ack: 10 }),
  tcpFrame(80, 40000, { from: '10.0.0.2', to: '10.0.0.1', flags: 'AF', seq: 10, ack: 6003 }),
  udpFrame(1, 2, { payload: 'x' }),
  udpFrame(3, 4, { from: '2001:db8::1', to: '2001:db8::2', payload: 'six' }),
  // Hop-by-hop options, then UDP.
  onEthernet(
    ip(0, bytes(17, 0, 1, 4, 0, 0, 0, 0, udpDatagram(3, 5, 'behind')), { from: '2001:db8::1', to: '2001:db8::2' }),
  ),
  onEthernet(ip(17, udpDatagram(5, 6, 'tagged')), 7),
  onEthernet(ip(17, udpDatagram(5, 6, 'twice')), 7, 9),
  onEthernet(ip(17, whole.subarray(0, 1480), { id: 77, fragment: 0x2000 })),
  onEthernet(ip(17, whole.subarray(1480), { id: 77, fragment: 185 })),
  icmpFrame(8, 0, bytes(0, 1, 0, 1)),
  eth(0x0800, bytes(new Uint8Array(19).fill(0x45))),
  eth(0x0806, bytes(new Uint8Array(28))),
];

/** Everything as JSON, and no report in the middle, when the clock on the wall passes five minutes. */
const TOLD = ['--records', 'flow,loss', '--json', '--summary', 'json', '--interval', '0'];

interface Summary {
  packets: number;
  bytes: number;
  outcomes: Record<string, number>;
  loss: Record<string, number>;
}

unless(noNamespaces).describe('flows counted by the kernel', () => {
  let ns: Namespace;
  beforeAll(() => {
    ns = new Namespace();
  });
  afterAll(() => ns.remove());

  async function count(name: string, file: string, times = 1, ...more: string[]) {
    const words = ['capture', '-i', name, '--flow-source', 'tcx', ...TOLD];
    const program = ns.netscribe([...words, ...more]);
    await program.until(() => program.err.includes('listening'));
    const sent = await ns.send('a', file, times);
    const { code, out, err } = await program.interrupt();
    expect([code, err]).toEqual([0, expect.any(String)]);
    return { sent, out, summary: JSON.parse(err.trim().split('\n').at(-1)!) as Summary };
  }

  test.each(['a', 'b'])('all kinds of packets, seen at %s', async (name) => {
    const file = join(folder, 'mixed.pcap');
    writeFrames(file, FRAMES);
    const { out, summary } = await count(name, file);
    const read = await runFiles([file], { records: ['flow', 'loss'] });
    expect(flows(out)).toEqual(flows(read.text));
    expect(summary).toMatchObject({
      packets: FRAMES.length,
      bytes: FRAMES.reduce((sum, frame) => sum + frame.length, 0),
      outcomes: { flow: FRAMES.length - 2, no_ip: 1, malformed: 1 },
    });
    const tcp = documents(out).find(({ network }) => network?.transport === 'tcp')!;
    expect(tcp).toMatchObject({
      source: { port: 40000 },
      netscribe: { flow: { reason: 'fin', initiator: 'certain' } },
    });
    expect(tcp.observer).toEqual({ ingress: { interface: { name } } });
  });

  test('attached by clsact, as before Linux 6.6, it is the same, and nothing stays behind', async () => {
    const file = join(folder, 'attached.pcap');
    writeFrames(file, FRAMES);
    const countedBy = async (way: string): Promise<unknown> => {
      const script = ns.script('count-flows.ts', 'b', way);
      await script.until(() => script.out.includes('open'));
      await ns.send('a', file, 3);
      const counted = JSON.parse(await script.ask('count'));
      expect(await script.end()).toMatchObject({ code: 0, err: '' });
      return counted;
    };
    const counted = await countedBy('clsact');
    expect(counted).toEqual(await countedBy('tcx'));
    expect(counted).toMatchObject({ noIp: { packets: 3 }, broken: { packets: 3 } });
    expect(ns.run('tc', 'filter', 'show', 'dev', 'b', 'ingress')).toBe('');
    expect(ns.run('tc', 'filter', 'show', 'dev', 'b', 'egress')).toBe('');
  });

  test('who began is the same as from packets, whatever the ports say', async () => {
    const file = join(folder, 'orientation.pcap');
    const both = (n: number, one: number, other: number) => {
      const ends = [`10.0.1.${n}`, `10.0.2.${n}`];
      const [from, to] = n % 2 === 0 ? ends : ends.reverse();
      return [udpFrame(one, other, { from, to }), udpFrame(other, one, { from: to, to: from })];
    };
    const numbers = Array.from({ length: 60 }, (_, i) => i + 1);
    writeFrames(
      file,
      numbers.flatMap((n) => [
        // NTP and IKE: nothing but the order tells.
        ...both(n, 123, 123),
        ...both(n, 500, 500),
        ...both(n, 53, 40_000),
        ...both(n, 7000, 6000),
        tcpFrame(179, 179, { from: `10.0.3.${n}`, to: `10.0.2.${n}`, flags: 'S', seq: 1 }),
        tcpFrame(179, 179, { from: `10.0.2.${n}`, to: `10.0.3.${n}`, flags: 'SA', seq: 9, ack: 2 }),
      ]),
    );
    const oriented = (text: string) =>
      documents(text)
        .filter(({ event }) => event.dataset === 'flow')
        .map(
          ({ source, destination, network, netscribe }) =>
            `${network.transport} ${source.ip}:${source.port} > ${destination.ip}:${destination.port} ${(netscribe.flow as { initiator: string }).initiator}`,
        )
        .sort();
    const ring = ns.netscribe(['capture', '-i', 'b', '--flow-source', 'ring', ...TOLD]);
    await ring.until(() => ring.err.includes('listening'));
    const { out } = await count('b', file);
    const fromRing = oriented((await ring.interrupt()).out);
    expect(fromRing).toHaveLength(5 * numbers.length);
    expect(oriented(out)).toEqual(fromRing);
  });

  test('more flows than the map has room for', async () => {
    const file = join(folder, 'many.pcap');
    writeFrames(
      file,
      Array.from({ length: 5000 }, (_, i) => udpFrame(1024 + i, 53)),
    );
    const { sent, out, summary } = await count('b', file, 2, '--set', 'flows.kernel_entries=1024');
    expect(summary.packets).toBe(sent);
    expect(summary.loss).toMatchObject({ kernel: 0 });
    expect(summary.loss['flows.kernel_map_full']).toBeGreaterThan(0);
    const counted = documents(out).filter(({ event }) => event.dataset === 'flow');
    expect(counted.reduce((sum, { network }) => sum + network.packets, 0)).toBe(sent);
    expect(counted).toHaveLength(5000);
  });

  test('what the kernel joins or has not cut yet counts as the packets on the wire, in the kernel and through the ring', async () => {
    ns.ip('link set dev lo mtu 1500');
    ns.ip('addr replace 127.0.0.1/8 dev lo');
    const words = ['capture', '-i', 'lo', '-B', '8192', ...TOLD];
    const programs = [ns.netscribe(words), ns.netscribe([...words, '--flow-source', 'tcx'])];
    for (const program of programs) await program.until(() => program.err.includes('listening'));
    const sent = BULK_BYTES + Number(ns.run('python3', '-c', BULK));
    const ends = await Promise.all(programs.map((program) => program.interrupt()));
    const [ring, tcx] = ends.map(({ out }) => documents(out).find(({ network }) => network?.transport === 'tcp')!);
    const figures = ({ source, destination }: typeof ring) =>
      [source, destination].map(({ packets, bytes }) => [packets, bytes]);
    expect(figures(tcx)).toEqual(figures(ring));
    // 1448 bytes fit a packet; each has Ethernet, IP and TCP with a time stamp: 66 bytes. SYN and FIN have a few more.
    const { packets, bytes } = ring.source;
    expect(packets).toBeGreaterThanOrEqual(Math.ceil(BULK_BYTES / 1448));
    expect(bytes - sent - packets * 66).toBeGreaterThanOrEqual(0);
    expect(bytes - sent - packets * 66).toBeLessThan(16);
  });

  test('three capabilities are enough for an ordinary user; without one of them the missing piece is named', async () => {
    const file = join(folder, 'ordinary.pcap');
    writeFrames(file, [udpFrame(1, 53)]);
    const words = ['capture', '-i', 'b', '--flow-source', 'tcx', ...TOLD];
    const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--no-new-privs'];
    const having = (...names: string[]) => {
      const all = `-all,${names.map((name) => `+${name}`).join()}`;
      return [...nobody, `--inh-caps=${all}`, `--ambient-caps=${all}`, `--bounding-set=${all}`];
    };
    const able = ns.netscribe(words, having('bpf', 'perfmon', 'net_admin'));
    await able.until(() => able.err.includes('listening'));
    await ns.send('a', file);
    const { code, err } = await able.interrupt();
    expect([code, JSON.parse(err.trim().split('\n').at(-1)!).packets]).toEqual([0, 1]);
    const unable = await ns.netscribe(words, having('bpf', 'perfmon')).end();
    expect([unable.code, unable.err]).toEqual([4, expect.stringContaining('CAP_NET_ADMIN')]);
    const doctor = await ns.netscribe(['doctor', 'tcx'], nobody).end();
    expect([doctor.code, doctor.out]).toEqual([
      4,
      expect.stringMatching(/missing: .*CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN/),
    ]);
  });

  test('a sudden end leaves nothing at the interface', async () => {
    const program = ns.netscribe(['capture', '-i', 'b', '--flow-source', 'tcx', ...TOLD]);
    await program.until(() => program.err.includes('listening'));
    const itsOwn = await objectsOf(program.child.pid!);
    expect(itsOwn).toContainEqual(expect.stringMatching(/ count_ethernet$/));
    program.child.kill('SIGKILL');
    await program.end();
    // A link holds its program: when this is gone, that is.
    expect(await leftOf(itsOwn)).toEqual([]);
  });
});

const BULK_BYTES = 3_000_000;
/** Prints how many bytes of it were sent again (tcpi_bytes_retrans of linux/tcp.h): on a busy machine acknowledgments come late. */
const BULK = `
import socket, struct, threading
server = socket.create_server(('127.0.0.1', 0))
def serve():
    peer, _ = server.accept()
    while peer.recv(1 << 20): pass
    peer.close()
thread = threading.Thread(target=serve)
thread.start()
client = socket.create_connection(server.getsockname())
client.sendall(b'x' * ${BULK_BYTES})
client.shutdown(socket.SHUT_WR)
client.recv(1)
print(struct.unpack_from('Q', client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256), 208)[0])
client.close()
thread.join()
`;

import { unless } from '../kit/unless.ts';
