// The daemon where flows are all that is asked for: the kernel counts them. Where it can not, packets come through rings, and why is said.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { DaemonKit } from '../kit/daemon.ts';
import { noNamespaces, writeFrames } from '../kit/namespace.ts';
import { udpFrame } from '../kit/packets.ts';
import { unless } from '../kit/unless.ts';

const flowsOnly = { interfaces: { b: null }, records: ['flow', 'loss'], flow_source: 'auto' };
const udp = (n: number): Uint8Array[] => Array.from({ length: n }, (_, i) => udpFrame(30_000 + i, 9999));

let kit: DaemonKit;
afterEach(() => kit.remove());

unless(noNamespaces).describe('a daemon that records flows', () => {
  test('leaves the counting to the kernel, follows links and its configuration, and loses nothing', async () => {
    kit = new DaemonKit({ capture: flowsOnly });
    kit.ns.pair('c', 'd');
    const program = await kit.start();
    expect(program.err).toContain('flows are counted by the kernel: flows are all that is asked for');
    expect(kit.rings()).toBe(0);
    await kit.send(udp(40), 3);
    const live = JSON.parse((await kit.ask('GET', '/api/flows/live?limit=7')).text);
    expect([live.total, live.flows.length]).toEqual([40, 7]);
    const status = await kit.until(({ interfaces }) => interfaces.b.processed_total === 120);
    expect(status.flowSource).toMatchObject({ used: 'tcx' });
    expect(status.interfaces.b).toMatchObject({ state: 'capturing', dropped_total: 0, flows: 40 });
    expect(status.engine).toMatchObject({ packets: 120, flows: 40 });
    const answer = await kit.ask('POST', '/api/query', { columns: 'dport', format: 'csv', live: true });
    expect(answer.text).toMatch(/^9999,.*\b120\b/m);

    const reload = async (change: Record<string, unknown>) => {
      kit.config = { ...kit.config, ...change };
      kit.writeConfig();
      return kit.ask('POST', '/api/config/reload');
    };
    const both = { ...flowsOnly, interfaces: { b: null, d: null } };
    expect(JSON.parse((await reload({ capture: both })).text).interfaces.enabled).toEqual([
      { name: 'd', success: true },
    ]);
    const limits = JSON.parse((await reload({ flows: { interval: 0, timeout: '1h', max: 100_000 } })).text);
    expect(limits.flows).toBe('began anew');
    await kit.send(udp(5), 1, 'c');
    const { documents } = await kit.ask('GET', '/api/flows/live').then(({ text }) => ({ documents: JSON.parse(text) }));
    expect(documents.total).toBe(5);
    const filtered = { ...flowsOnly, interfaces: { b: { filter: 'udp' } } };
    expect((await reload({ capture: filtered })).text).toMatch(
      /b has filter, which looks at packets: set capture.flow_source/,
    );
    expect((await reload({ capture: { ...flowsOnly, records: ['flow', 'dns'] } })).text).toMatch(/more than flows/);
    kit.ns.ip('link del dev d');
    await kit.until(({ interfaces }) => interfaces.d?.error === "there is no interface 'd' now");
    expect((await kit.status()).engine!.packets).toBe(125);
    expect((await kit.stop()).code).toBe(143);
    const sum = 'select sum(source_packets + destination_packets) from flow';
    expect(await kit.command('sql', '--store', kit.store, '-e', 'csv', sum)).toMatch(/^125\r?$/m);
  });

  test('counts that are read when their interface is gone, or has another name, are told by the name it had', async () => {
    kit = new DaemonKit({ capture: { ...flowsOnly, interfaces: { '/^b/': null } } });
    await kit.start();
    for (let i = 0; i < 2; i++) {
      await kit.send(udp(3));
      kit.ns.ip('link del dev b');
      await kit.until(({ interfaces }) => interfaces.b === undefined);
      kit.ns.pair('a', 'b');
      await kit.until(({ interfaces }) => interfaces.b?.state === 'capturing');
    }
    await kit.ask('GET', '/api/flows/live');
    kit.ns.ipAtOnce('link set dev b down', 'link set dev b name b2', 'link set dev b2 up');
    await kit.until(({ interfaces }) => interfaces.b2?.state === 'capturing');
    // The links are looked at before each reading.
    await kit.ask('GET', '/api/flows/live');
    await kit.send(udp(5));
    const answer = await kit.ask('POST', '/api/query', { columns: 'iface', format: 'csv', live: true });
    expect(answer.text.trim().split(/\r?\n/)).toEqual([
      'iface,packets_sent,packets_received,bytes_sent,bytes_received',
      'b,6,0,252,0',
      'b2,5,0,210,0',
    ]);
  });

  test('an interface that was made anew is captured when it is said to be', async () => {
    kit = new DaemonKit({ capture: flowsOnly });
    await kit.start();
    const file = join(kit.folder, 'frames.pcap');
    writeFrames(file, udp(3));
    const made = ['link add name a type veth peer name b', 'link set dev a up', 'link set dev b up'];
    for (let i = 0; i < 5; i++) {
      kit.ns.ipAtOnce('link del dev b', ...made);
      await kit.until(({ interfaces }) => interfaces.b.state === 'capturing');
      await kit.ns.sendAtOnce('b', file);
    }
    await kit.ask('GET', '/api/flows/live');
    expect((await kit.status()).interfaces.b.processed_total).toBe(15);
  });

  test('cuts at each interval while packets come: every one is in one document', async () => {
    kit = new DaemonKit({ capture: flowsOnly, flows: { interval: '1s', timeout: '1h' } });
    await kit.start();
    const FLOWS = 40;
    let sent = 0;
    // Three documents of each flow at least: packets come before, at and behind three cuts.
    for (let rows = 0; rows < 3 * FLOWS; rows = (await kit.status()).sinks[0].rows)
      sent += await kit.send(udp(FLOWS), 25, 'a', 10_000);
    expect((await kit.status()).flowSource).toMatchObject({ used: 'tcx' });
    expect((await kit.stop()).code).toBe(143);
    const sums = 'select sum(source_packets + destination_packets), count(distinct flow_id), count(*) >= 120 from flow';
    expect((await kit.command('sql', '--store', kit.store, '-e', 'csv', sums)).trim().split(/\r?\n/).at(-1)).toBe(
      `${sent},${FLOWS},true`,
    );
  });

  test('takes packets from rings where it may not ask the kernel, or a filter wants them, and says why', async () => {
    kit = new DaemonKit({ capture: flowsOnly });
    execFileSync('chown', ['-R', 'nobody', kit.folder]);
    const as = [
      'setpriv',
      '--reuid',
      'nobody',
      '--clear-groups',
      '--inh-caps',
      '+net_raw',
      '--ambient-caps',
      '+net_raw',
    ];
    const program = await kit.start(as);
    expect(program.err).toMatch(/flows are counted from packets: .*CAP_BPF/);
    await kit.send(udp(3));
    const { flowSource } = await kit.until(({ interfaces }) => interfaces.b.processed_total === 3);
    expect(flowSource).toMatchObject({ used: 'ring', why: expect.stringContaining('CAP_BPF') });
    await kit.stop();

    kit.config = { ...kit.config, capture: { ...flowsOnly, interfaces: { b: { filter: 'udp' } }, flow_source: 'tcx' } };
    kit.writeConfig();
    const { code, err } = await kit.ns.netscribe(['run', '-c', kit.file]).end();
    expect([code, err]).toEqual([4, expect.stringContaining('b has filter, which looks at packets')]);
  });
});
