// The daemon on real interfaces: what it captures, stores, answers, and how it is reconfigured and ended.

import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { netscribe } from '../kit/commands.ts';
import { DaemonKit } from '../kit/daemon.ts';
import { noNamespaces, Program } from '../kit/namespace.ts';
import { icmpFrame, udpFrame } from '../kit/packets.ts';
import { MAIN } from '../kit/program.ts';
import { unless } from '../kit/unless.ts';
import { bytes, eth } from '../wire/frames.ts';

const noPromtool =
  spawnSync('promtool', ['--version']).status === 0 ? '' : 'promtool (prometheus) is not installed here';

const udp = (n: number, from = 30_000, to = 9999): Uint8Array[] =>
  Array.from({ length: n }, (_, i) => udpFrame(from + i, to));
const udp6 = (n: number): Uint8Array[] =>
  Array.from({ length: n }, () => udpFrame(40_000, 9999, { from: '2001:db8::1', to: '2001:db8::2' }));

unless(noNamespaces).describe('netscribe run', () => {
  let kit: DaemonKit;
  beforeAll(async () => {
    kit = new DaemonKit();
    await kit.start();
  });
  afterAll(() => kit.remove());

  test('counts what comes; open flows are told, and asked together with what is stored', async () => {
    await kit.send(udp(40));
    const status = await kit.until(({ interfaces }) => interfaces.b.processed_total === 40);
    expect(status.interfaces.b).toMatchObject({
      state: 'capturing',
      error: '',
      processed_total: 40,
      dropped_total: 0,
      parsing_errors: [0, 0, 0],
    });
    const live = JSON.parse((await kit.ask('GET', '/api/flows/live?limit=7')).text);
    expect([live.total, live.flows.length]).toEqual([40, 7]);
    expect(live.flows[0]).toMatchObject({
      source: { ip: '10.0.0.1' },
      destination: { ip: '10.0.0.2', port: 9999 },
      observer: { ingress: { interface: { name: 'b' } } },
      flow: { final: false },
    });
    const question = { columns: 'dip,dport', format: 'csv' };
    const stored = (await kit.ask('POST', '/api/query', question)).text;
    const all = (await kit.ask('POST', '/api/query', { ...question, live: true })).text;
    expect(stored.trim().split('\n')).toHaveLength(1);
    expect(all).toMatch(/10\.0\.0\.2,9999,.*\b40\b/);
    expect(
      await kit.command(
        'query',
        '--live',
        '--store',
        kit.store,
        '--api',
        `unix:${kit.folder}/api`,
        'dip,dport',
        '-e',
        'csv',
      ),
    ).toBe(all);
    expect(execFileSync('ls', [kit.store], { encoding: 'utf8' })).not.toMatch(/live-/);
  });

  test('answers grow: the newest first, then all', async () => {
    const { text } = await kit.ask('POST', '/api/query/stream', { columns: 'dip,dport', live: true });
    const events = text.split('\n').filter((line) => line.startsWith('event: '));
    expect(events).toEqual(['event: finalResult']);
    expect(text).toContain('10.0.0.2');
    const wrong = await kit.ask('POST', '/api/query/stream', { condition: 'dport = = 3' });
    expect(wrong.text).toContain('event: queryError');
    const misspelt = await kit.ask('POST', '/api/query', { condition: 'dprt = 3' });
    expect([misspelt.status, misspelt.text]).toEqual([400, expect.stringContaining('dport')]);
  });

  test('a write-out makes records visible without ending flows', async () => {
    await kit.send(udp(1, 50_000, 53));
    await kit.until(({ interfaces }) => interfaces.b.processed_total === 41);
    expect(JSON.parse((await kit.ask('POST', '/api/writeout')).text)).toHaveProperty('rows');
    expect((await kit.status()).lastWriteout).not.toBeNull();
  });

  test('a frame of 19 bytes of IPv4 is an error of one packet', async () => {
    const before = (await kit.status()).interfaces.b;
    await kit.send([eth(0x0800, bytes('4500000500')), ...udp(1)]);
    const { interfaces } = await kit.until((s) => s.interfaces.b.processed_total === before.processed_total + 2);
    expect(interfaces.b.parsing_errors).toEqual([0, 0, 1]);
    expect(interfaces.b.state).toBe('capturing');
  });

  test('IPv6 stays IPv6 while the status is asked for all the time', async () => {
    const before = (await kit.status()).interfaces.b.processed_total;
    const sending = kit.send(udp6(100), 200);
    let asked = 0;
    let isSent = false;
    void sending.then(() => {
      isSent = true;
    });
    while (!isSent || asked < 100) {
      await kit.status();
      asked++;
    }
    const sent = await sending;
    const { interfaces } = await kit.until((s) => s.interfaces.b.processed_total === before + sent);
    expect(interfaces.b.dropped_total).toBe(0);
    const answer = await kit.ask('POST', '/api/query', { columns: 'sip,dip', live: true, format: 'csv' });
    const addresses = answer.text
      .split('\n')
      .slice(1, -1)
      .map((line) => line.split(',').slice(0, 2).join());
    expect(new Set(addresses)).toEqual(new Set(['10.0.0.1,10.0.0.2', '2001:db8::1,2001:db8::2']));
    expect(answer.text).toMatch(new RegExp(`2001:db8::1,2001:db8::2,.*\\b${sent}\\b`));
  });

  test('records are streamed as they are made, those that match', async () => {
    const lines: string[] = [];
    const token = readFileSync(join(kit.store, 'api.token'), 'utf8').trim();
    const stream = request({
      socketPath: `${kit.folder}/api`,
      path: `/api/records/stream?records=icmp&condition=${encodeURIComponent('dip = 10.0.0.2')}`,
      headers: { authorization: `Bearer ${token}` },
    });
    const [response] = (await once(stream.end(), 'response')) as [IncomingMessage];
    response.setEncoding('utf8').on('data', (text) => lines.push(text));
    const echo = (type: number, from: string, to: string) => icmpFrame(type, 0, bytes('00070001'), { from, to });
    const others = [echo(8, '10.0.0.1', '10.0.0.3'), echo(0, '10.0.0.3', '10.0.0.1')];
    await kit.send([...others, echo(8, '10.0.0.1', '10.0.0.2'), echo(0, '10.0.0.2', '10.0.0.1')]);
    await kit.until(() => lines.join('').includes('event: record'));
    stream.destroy();
    expect(lines.join('').match(/event: record/g)).toHaveLength(1);
    expect(lines.join('')).toContain('"destination":{"ip":"10.0.0.2"');
    const wrong = await kit.ask('GET', '/api/records/stream?records=dnss');
    expect([wrong.status, wrong.text]).toEqual([400, expect.stringContaining("'dnss'")]);
  });

  test('lists go along with the conditions that name them', async () => {
    const asked = { columns: 'sip', condition: 'dip in $here', live: true, lists: { here: ['10.0.0.0/8'], not: [] } };
    const here = await kit.ask('POST', '/api/query', asked);
    expect([here.status, here.text]).toEqual([200, expect.stringContaining('10.0.0.1')]);
    const elsewhere = await kit.ask('POST', '/api/query', { ...asked, lists: { here: ['192.0.2.0/24'] } });
    expect([elsewhere.status, elsewhere.text]).toEqual([200, expect.not.stringContaining('10.0.0.1')]);
    for (const lists of [undefined, { there: [] }, { ...asked.lists, 'not a name': [] }])
      expect((await kit.ask('POST', '/api/query', { ...asked, lists })).status).toBe(400);
    expect((await kit.ask('POST', '/api/records/stream', { condition: 'dip in $here', lists: {} })).status).toBe(400);
  });

  test('query --follow shows them, ends after so many, and with the daemon', async () => {
    const words = (...more: string[]) => [
      'query',
      '--follow',
      '--store',
      kit.store,
      '--api',
      `unix:${kit.folder}/api`,
      ...more,
    ];
    const program = new Program([
      process.execPath,
      MAIN,
      ...words('icmp and dip in $four', '--define', 'four=10.0.0.4', '-n', '2'),
    ]);
    const wanted = new Set<string>();
    const echo = (type: number, from: string, to: string) => icmpFrame(type, 0, bytes('00070001'), { from, to });
    // Whether it listens already shows when something comes: a pair more until two have.
    const sending = setInterval(() => {
      void kit.send([
        echo(8, '10.0.0.1', '10.0.0.3'),
        echo(0, '10.0.0.3', '10.0.0.1'),
        echo(8, '10.0.0.1', '10.0.0.4'),
        echo(0, '10.0.0.4', '10.0.0.1'),
      ]);
    }, 300);
    const { code, out } = await program.end().finally(() => clearInterval(sending));
    for (const line of out.trim().split('\n')) wanted.add(JSON.parse(line).destination.ip);
    expect([code, out.trim().split('\n').length, [...wanted]]).toEqual([0, 2, ['10.0.0.4']]);
    for (const [more, said] of [
      [['sip'], "leave out the columns 'sip'"],
      [['-e', 'csv'], 'leave out -e csv'],
      [['-f', '-1h'], 'leave out -f'],
      [['-c', 'dprt = 3'], 'dport'],
    ] as const) {
      const wrong = await netscribe(words(...more));
      expect([more, wrong.code, wrong.err]).toEqual([more, 2, expect.stringContaining(said)]);
    }
  });

  test('what it serves describes itself', async () => {
    const api = JSON.parse((await kit.ask('GET', '/openapi.json')).text);
    expect(Object.keys(api.paths)).toEqual(
      expect.arrayContaining(['/api/status', '/api/query', '/api/query/stream', '/api/records/stream', '/metrics']),
    );
  });

  unless(noPromtool).test('metrics are as promtool wants them, with goProbe’s names', async () => {
    const metrics = await kit.metrics();
    execFileSync('promtool', ['check', 'metrics'], { input: metrics });
    for (const name of [
      'packets_processed_total{iface="b"}',
      'packets_dropped_total{iface="b"} 0',
      'bytes_total{iface="b",direction="inbound"}',
      'packets_total{iface="b",direction="outbound"} 0',
      'capture_issues_total{iface="b",issue_type="packet truncated"} 1',
      'flows_total{iface="b"}',
      'global_packet_buffer_usage 0',
      'manager_interfaces_capturing_total 1',
      'manager_rotation_duration_seconds_bucket{le="0.001"}',
    ])
      expect(metrics).toContain(`netscribe_capture_${name}`);
    for (const name of [
      'netscribe_records_total{type="flow"}',
      'netscribe_transaction_duration_seconds_bucket{type="dns",le="0.001"}',
      'netscribe_packets_by_outcome_total{outcome="flow"}',
      'netscribe_sink_up{sink="store:',
      'netscribe_store_log_bytes',
      'netscribe_capture_event_loop_delay_seconds',
      'nodejs_eventloop_lag_seconds',
      'process_cpu_user_seconds_total',
    ])
      expect(metrics).toContain(name);
  });

  test('a reload says what changed, from the file and by signal', async () => {
    const { program } = kit;
    kit.ns.pair('c', 'd');
    const capture = { interfaces: { b: { promisc: true }, '/^[cd]$/': null }, records: ['flow', 'transactions'] };
    kit.config = { ...kit.config, capture, flows: { interval: '30m', timeout: '1h' } };
    kit.writeConfig();
    const said = await kit.command('config', 'reload', '-c', kit.file);
    expect(said.trim().split('\n')).toEqual(['enabled c', 'enabled d', 'updated b', 'flows.interval: 0 → 1800']);
    expect(await kit.command('config', '-c', kit.file)).toMatch(/promisc: true/);
    await kit.send(udp(5), 1, 'c');
    await kit.until(({ interfaces }) => interfaces.d.processed_total === 5 && interfaces.c.totals.packetsSent === 5);

    kit.config = { ...kit.config, capture: { ...capture, interfaces: { b: { promisc: true }, d: { disable: true } } } };
    kit.writeConfig();
    const before = program!.err.length;
    program!.child.kill('SIGHUP');
    await program!.until(() => program!.err.slice(before).includes('disabled'));
    const status = await kit.until(({ interfaces }) => interfaces.d.state === 'disabled');
    expect(Object.keys(status.interfaces)).toEqual(['b', 'd']);

    kit.config = { ...kit.config, capture: { interfaces: { b: { promisk: true } } } };
    kit.writeConfig();
    program!.child.kill('SIGHUP');
    await program!.until(() => program!.err.includes('nothing has changed'));
    expect(program!.err).toContain('capture.interfaces.b');
    expect((await kit.status()).interfaces.b.state).toBe('capturing');
  });

  test('a second daemon on the same store is refused', async () => {
    kit.config = { ...kit.config, capture: { interfaces: { b: null } }, api: { address: `unix:${kit.folder}/api2` } };
    kit.writeConfig();
    const { code, err } = await kit.ns.netscribe(['run', '-c', kit.file]).end();
    expect([code, err]).toEqual([5, expect.stringMatching(/is being written by process \d+/)]);
  });

  test('the status is for people too', async () => {
    const said = await kit.command('status', '--api', `unix:${kit.folder}/api`, '--token', `${kit.store}/api.token`);
    expect(said).toMatch(/interface +state +received/);
    expect(said).toMatch(/b +capturing/);
    await expect(kit.command('status', '--api', 'unix:/nowhere', '--token', `${kit.store}/api.token`)).rejects.toThrow(
      /no daemon answers at unix:\/nowhere/,
    );
  });

  test('SIGTERM: everything is written, the exit code tells', async () => {
    await kit.send(udp(3, 20_000, 7777));
    await kit.until(({ interfaces }) => interfaces.b.received_total > 20_000);
    const { code, err } = await kit.stop();
    expect([code, err]).toEqual([128 + 15, expect.any(String)]);
    const rows = await kit.command('query', '--store', kit.store, 'dport', '-c', 'dport = 7777', '-e', 'csv');
    expect(rows).toMatch(/7777,.*\b3\b/);
  });
});

unless(noNamespaces).describe('privileges', () => {
  test.each([1, 2])(
    'started as root it becomes who it shall be, and threads that capture (%i) alone keep CAP_NET_RAW',
    async (workers) => {
      const kit = new DaemonKit({ workers });
      try {
        execFileSync('chmod', ['755', kit.folder]);
        mkdirSync(kit.store);
        execFileSync('chown', ['-R', 'nobody', kit.store, kit.folder]);
        kit.config = { ...kit.config, capture: { interfaces: { b: null }, user: 'nobody' } };
        const program = await kit.start();
        // `ip netns exec` becomes what it starts.
        const { pid } = program.child;
        const capabilities = readdirSync(`/proc/${pid}/task`).map((task) => {
          const status = readFileSync(`/proc/${pid}/task/${task}/status`, 'utf8');
          expect(/^Uid:\t(\d+)/m.exec(status)![1]).not.toBe('0');
          return ['CapEff', 'CapPrm'].map((set) => new RegExp(`^${set}:\\t(\\w+)`, 'm').exec(status)![1]);
        });
        const [none, netRaw] = ['0000000000000000', '0000000000002000'];
        expect(new Set(capabilities.map(([effective]) => effective))).toEqual(new Set([none, netRaw]));
        // The main thread could only take it again to start what captures.
        expect(new Set(capabilities.map(([, permitted]) => permitted))).toEqual(new Set([none, netRaw]));
        // A link that comes later is opened with what was kept.
        kit.config = { ...kit.config, capture: { interfaces: { b: null, a: null }, user: 'nobody' } };
        kit.writeConfig();
        program.child.kill('SIGHUP');
        await kit.until(({ interfaces }) => interfaces.a?.state === 'capturing');
        expect(kit.rings()).toBe(2 * workers);
        const sent = await kit.send(udp(20, 1024, 53));
        await kit.until(({ interfaces }) => interfaces.b.processed_total === sent);
        expect((await kit.stop()).code).toBe(143);
      } finally {
        await kit.remove();
      }
    },
  );

  test('without CAP_NET_RAW the interface says what is missing; with it alone an ordinary user captures', async () => {
    const kit = new DaemonKit();
    try {
      execFileSync('chown', ['-R', 'nobody', kit.folder]);
      const as = (...words: string[]) => ['setpriv', '--reuid', 'nobody', '--clear-groups', ...words];
      await kit.start(as('--inh-caps', '-all', '--bounding-set', '-all'));
      expect((await kit.status()).interfaces.b).toMatchObject({
        state: 'failed',
        error: expect.stringContaining('CAP_NET_RAW'),
      });
      await kit.stop();
      await kit.start(as('--inh-caps', '+net_raw', '--ambient-caps', '+net_raw'));
      await kit.send([udpFrame(1, 2)]);
      await kit.until(({ interfaces }) => interfaces.b.processed_total === 1);
    } finally {
      await kit.remove();
    }
  });
});
