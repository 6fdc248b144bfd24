// TCP events from BPF, in a network namespace of its own, through the command that users call.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, it, type TestContext, vi } from 'vitest';
import { type BpfLink, BpfProgram } from '../../src/system/bpf/bpf.ts';
import { BpfSource } from '../../src/tcp-state/bpf/source.ts';
import { mountPoint } from '../../src/tcp-state/containers.ts';
import type { TcpEvent } from '../../src/tcp-state/event.ts';
import type { TcpStateFilter } from '../../src/tcp-state/filter.ts';
import type { RecordKind } from '../../src/tcp-state/lifecycle.ts';
import { parseCgroups, parseNetworks, parsePorts, parseStates } from '../../src/tcp-state/parse-filter.ts';
import { STATE_NAMES } from '../../src/tcp-state/states.ts';
import { leftOf, objectsOf } from '../kit/kernel-objects.ts';
import { LAUNCHER } from '../kit/program.ts';
import { PROJECT } from '../kit/shared.ts';
import { documentsOf, isListening, linesOf, multiset, Namespace, unprivileged, watch, whyNot } from './kit.ts';

const usable = whyNot === undefined ? await new BpfSource().probe() : { usable: false, detail: whyNot };
const namespace = usable.usable ? new Namespace('bpf') : undefined;
afterAll(() => namespace?.[Symbol.dispose]());

function here(context: TestContext): Namespace {
  return namespace ?? context.skip(usable.detail);
}
const only = ({ inode }: Namespace, ...words: string[]) => ['--event', 'bpf', '--netns', String(inode), ...words];
const seen = (net: Namespace, during: () => void | Promise<void>, kinds?: RecordKind[], filter: TcpStateFilter = {}) =>
  documentsOf(new BpfSource(), { namespaces: [net.inode], ...filter }, during, kinds);

it('tells ten changes of state for a connection, and who made them', async (context) => {
  const net = here(context);
  const { documents, code, stderr } = await watch(only(net), () => void net.traffic('short', 50));
  expect(code).toBe(130);
  expect(stderr).toContain('Nothing was lost.');
  const changes = documents.filter(({ event }) => event.action === 'state');
  expect(changes).toHaveLength(50 * 10 + 2);
  expect(multiset(documents.map(({ event }) => event.action))).toEqual({
    accept: 50,
    close: 100,
    connect: 50,
    state: 502,
  });
  expect(documents.map(({ event }) => event.sequence)).toEqual(documents.map((_, i) => i + 1));
  for (const { source, destination, event, network, process: owner, netscribe } of documents) {
    expect(netscribe.netns).toBe(net.inode);
    expect(owner?.name).toBe('python3');
    if (event.action !== 'close') continue;
    expect([source?.bytes, destination?.bytes, destination?.port]).toEqual([100, 300, 9000]);
    expect(event.duration).toBeGreaterThan(0);
    expect(network.community_id).toMatch(/^1:/);
  }
});

it('tells how long a connection was in each state, and its counters', async (context) => {
  const net = here(context);
  const kinds: RecordKind[] = ['state', 'close', 'retransmit'];
  const documents = await seen(net, () => void net.traffic('short', 5, 9000, 65534), kinds);
  const inStates = new Map<string, number>();
  // None, unless the machine had no time for an acknowledgment.
  const sentAgain = new Map<string, number>();
  for (const { event, netscribe } of documents) {
    const { id, state_duration: ns = 0 } = netscribe.tcp;
    if (event.action === 'state') inStates.set(id!, (inStates.get(id!) ?? 0) + ns);
    if (event.action === 'retransmit') sentAgain.set(id!, (sentAgain.get(id!) ?? 0) + 1);
  }
  const closed = documents.filter(({ event }) => event.action === 'close');
  expect(closed).toHaveLength(10);
  for (const { event, user, netscribe } of closed) {
    const { id, rtt, min_rtt: least, retransmissions } = netscribe.tcp;
    expect(event.duration).toBe(inStates.get(id!));
    expect([user, retransmissions]).toEqual([{ id: '65534' }, sentAgain.get(id!) ?? 0]);
    expect(rtt).toBeGreaterThan(0);
    expect(least).toBeGreaterThan(0);
  }
});

it('tells what was sent again, and what was thrown away and why', async (context) => {
  const net = here(context);
  const kinds: RecordKind[] = ['retransmit', 'synack-retransmit', 'drops', 'close'];
  const documents = await seen(net, () => void net.traffic('deaf'), kinds);
  const of = (kind: string) => documents.filter(({ event }) => event.action === kind);
  const states = of('retransmit').map(({ netscribe }) => netscribe.tcp.new_state);
  // Data, and a SYN.
  expect(new Set(states)).toEqual(new Set(['ESTABLISHED', 'SYN-SENT']));
  expect(of('synack-retransmit').length).toBeGreaterThanOrEqual(1);
  for (const { destination, netscribe } of of('synack-retransmit')) {
    expect([destination?.port, netscribe.tcp.role]).toEqual([9000, 'server']);
  }
  // Those of the whole machine: at least the data, and the answer to the SYN.
  const thrown = of('drops').reduce((sum, { netscribe }) => sum + (netscribe.tcp.drops?.socket_filter ?? 0), 0);
  expect(thrown).toBeGreaterThanOrEqual(2);
  const again = of('close').map(({ netscribe }) => netscribe.tcp.retransmissions!);
  expect(again.filter((n) => n > 0).length).toBeGreaterThanOrEqual(2);
});

it('writes down what was lost', async (context) => {
  const net = here(context);
  const filter = { namespaces: [net.inode] };
  const documents = await documentsOf(new BpfSource({ ringBytes: 4096 }), filter, () => void net.traffic('short', 50), [
    'state',
    'lost',
  ]);
  const lost = documents.filter(({ event }) => event.action === 'lost');
  expect(lost).toHaveLength(1);
  expect(lost[0].netscribe.tcp.count! + documents.length - 1).toBe(502);
});

it('tells IPv6 as it tells IPv4', async (context) => {
  const net = here(context);
  const both = () => {
    net.traffic('short6', 5);
    net.traffic('short', 5);
  };
  const documents = await seen(net, both, ['state', 'close'], { family: 6 });
  expect(documents.filter(({ event }) => event.action === 'state')).toHaveLength(52);
  for (const { network } of documents) expect(network.type).toBe('ipv6');
  const closed = documents.filter(({ event }) => event.action === 'close');
  expect(closed.map(({ source, destination }) => [source?.ip, destination?.ip])).toEqual(
    new Array(10).fill(['::1', '::1']),
  );
});

it('tells connections that were refused, reset, timed out and half closed', async (context) => {
  const net = here(context);
  const kinds: RecordKind[] = ['fail', 'close', 'error', 'reset-sent', 'reset-received', 'retransmit'];
  const refused = await seen(net, () => void net.traffic('refused', 3), kinds);
  expect(multiset(refused.map(({ event, error }) => `${event.action} ${error?.code ?? event.reason ?? ''}`))).toEqual({
    'error ECONNREFUSED': 3,
    'fail ECONNREFUSED': 3,
    'reset-received ': 3,
    'reset-sent no_socket': 3,
  });
  // A reset that answers a segment without a socket is about the same connection.
  expect(new Set(refused.map(({ network }) => network.community_id)).size).toBe(3);

  const reset = await seen(net, () => void net.traffic('reset', 3), kinds);
  const told = multiset(reset.map(({ event, error }) => `${event.action} ${error?.code ?? event.reason}`));
  expect(told).toMatchObject({ 'close ECONNRESET': 3, 'close aborted': 3 });
  // The kernel may report it to the side that aborted, too.
  expect(told['error ECONNRESET']).toBeGreaterThanOrEqual(3);

  let errno = '';
  const timedOut = await seen(
    net,
    () => {
      errno = net.traffic('timed-out').trim();
    },
    kinds,
  );
  expect(errno).toBe('110');
  const failed = timedOut.filter(({ event }) => event.action === 'fail');
  expect(failed.map(({ error, destination }) => [error?.code, destination?.ip])).toEqual([
    ['ETIMEDOUT', '203.0.113.7'],
  ]);

  const half = await seen(net, () => void net.traffic('half-closed', 3), kinds);
  expect(half.map(({ event, source, destination }) => [event.action, source?.bytes, destination?.bytes])).toEqual(
    new Array(6).fill(['close', 0, 5000]),
  );
});

it('tells MPTCP connections, and their subflows as TCP', async (context) => {
  const net = here(context);
  const documents = await seen(net, () => void net.traffic('mptcp', 2), ['state', 'close']);
  const protocols = multiset(
    documents.filter(({ event }) => event.action === 'close').map((d) => d.netscribe.tcp.protocol),
  );
  expect(protocols.tcp).toBeGreaterThanOrEqual(4);
  expect(protocols.mptcp).toBeGreaterThanOrEqual(2);
});

it('names the owner, whoever is on the CPU', async (context) => {
  const net = here(context);
  let said = '';
  const documents = await seen(net, () => {
    said = net.traffic('two-processes', 100);
  });
  const pids = Object.fromEntries(
    said
      .trim()
      .split('\n')
      .map((line) => line.split(' ')),
  ) as Record<string, string>;
  const wrong = documents.filter(
    ({ process: owner, netscribe }) =>
      owner?.pid !== Number(netscribe.tcp.role === 'client' ? pids.client : pids.server),
  );
  expect(documents.length).toBeGreaterThan(1000);
  expect(wrong).toEqual([]);
  // The test would prove nothing if the two were always the same.
  expect(documents.some(({ process: owner, netscribe }) => netscribe.tcp.on_cpu?.pid !== owner?.pid)).toBe(true);
});

it('counts what the ring has no room for', async (context) => {
  const net = here(context);
  const source = new BpfSource({ ringBytes: 4096 });
  await source.start({ namespaces: [net.inode], kinds: new Set(['state']) });
  try {
    net.traffic('short', 100);
    let delivered = 0;
    let lost = 0;
    source.drain(
      100_000,
      (event) => {
        if (event.kind === 'lost') lost += event.count!;
        else delivered++;
      },
      true,
    );
    expect(lost).toBeGreaterThan(0);
    expect(delivered + lost).toBe(1002);
    expect(source.stats()).toEqual({ produced: 1002, delivered, lost });
  } finally {
    source.close();
  }
});

it('tells what happens while something else is looked at on the same CPU', async (context) => {
  if (availableParallelism() < 2) return context.skip('needs two CPUs');
  const net = here(context);
  const connections = 500;
  const source = new BpfSource({ ringBytes: 64 * 1024 * 1024 });
  await source.start({ namespaces: [net.inode], kinds: new Set(['state']) });
  try {
    let made = 0;
    // The first of the two programs missed some: the second one has to tell them.
    for (let round = 0; round < 20 && source.object!.program('on_state').runs().misses === 0; round++) {
      made += connections * 10 + 2 + Number(net.traffic('interrupted', connections)) * 2;
    }
    // Two processors must meet in the middle of a program of some 100 ns: where others want them too, it may never happen.
    if (source.object!.program('on_state').runs().misses === 0) return context.skip('nothing was missed in 20 rounds');
    const kinds: string[] = [];
    const note = ({ kind }: TcpEvent) => void kinds.push(kind);
    // The last segments are handled on another CPU, after whoever sent them has gone.
    for (let idle = 0; idle < 400 && kinds.length < made; ) {
      const before = kinds.length;
      if (source.drain(4096, note) < 4096) await sleep(25);
      idle = kinds.length > before ? 0 : idle + 1;
    }
    while (source.drain(4096, note, true) >= 4096);
    expect(multiset(kinds)).toEqual({ state: made });
    expect(source.stats()).toEqual({ produced: made, delivered: made, lost: 0 });
  } finally {
    source.close();
  }
});

it('counts as lost what no program was run for, by what sockets do next', async (context) => {
  const net = here(context);
  const attach = vi.spyOn(BpfProgram.prototype, 'attach');
  const source = new BpfSource();
  try {
    await source.start({ namespaces: [net.inode], kinds: new Set(['state']) });
    const programs = attach.mock.contexts as BpfProgram[];
    const links = attach.mock.results.map(({ value }) => value as BpfLink);
    expect(programs.map(({ name }) => name)).toEqual(['on_state', 'on_state_missed']);
    const connection = net.start('in-steps');
    const line = linesOf(connection);
    expect(await line()).toBe('open');
    for (const link of links.splice(0)) link.close();
    connection.stdin!.write('\n');
    expect(await line()).toBe('half closed');
    for (const program of [...programs]) links.push(program.attach());
    connection.stdin!.end('\n');
    expect(await line()).toBe('closed');
    const told: string[] = [];
    let lost = 0;
    const tell = (event: TcpEvent) => {
      if (event.kind === 'lost') lost += event.count!;
      else
        told.push(
          `${STATE_NAMES[event.oldState]} ${STATE_NAMES[event.newState]} ${event.role} ${event.stateNs !== undefined}`,
        );
    };
    source.drain(4096, tell, true);
    for (const link of links) link.close();
    expect(multiset(told)).toEqual({
      'CLOSED LISTEN unknown false': 1,
      'CLOSED SYN-SENT client false': 1,
      'SYN-SENT ESTABLISHED client true': 1,
      'LISTEN SYN-RECEIVED server false': 1,
      'SYN-RECEIVED ESTABLISHED server true': 1,
      // How long it was in that state is not known.
      'FIN-WAIT-2 FIN-WAIT-2 client false': 1,
      'FIN-WAIT-2 CLOSED client true': 1,
      'CLOSE-WAIT LAST-ACK server false': 1,
      'LAST-ACK CLOSED server true': 1,
      'LISTEN CLOSED unknown true': 1,
    });
    // What both sides did meanwhile.
    expect(lost).toBe(2);
    expect(source.stats()).toEqual({ produced: 12, delivered: 10, lost: 2 });
  } finally {
    source.close();
    attach.mockRestore();
  }
});

it('shows what was there before, with its owner', async (context) => {
  const net = here(context);
  const holder = net.start('hold');
  const [pid, port] = (await linesOf(holder)()).split(' ').map(Number);
  const end = async () => {
    holder.stdin!.end();
    await new Promise((resolve) => holder.once('close', resolve));
  };
  const documents = await seen(net, end, ['snapshot', 'close']);
  const there = documents.filter(({ event }) => event.action === 'snapshot');
  expect(multiset(there.map((d) => d.netscribe.tcp.new_state))).toEqual({ ESTABLISHED: 2, LISTEN: 1 });
  for (const { process: owner, netscribe } of there) {
    expect([owner?.pid, owner?.name, netscribe.tcp.attribution]).toEqual([pid, 'python3', 'descriptor']);
  }
  expect(there.some(({ source }) => source?.port === port)).toBe(true);
  const ids = new Set(there.map((d) => d.netscribe.tcp.id));
  expect(documents.filter(({ event }) => event.action === 'close').every((d) => ids.has(d.netscribe.tcp.id))).toBe(
    true,
  );
});

it('filters in the kernel', async (context) => {
  const net = here(context);
  const expected: [TcpStateFilter, Record<string, number>][] = [
    [{ ports: parsePorts('9001') }, { fail: 3 }],
    [{ localPorts: parsePorts('9000') }, { close: 3 }],
    [{ remotePorts: parsePorts('9001-9100,9000') }, { close: 3, fail: 3 }],
    [{ networks: parseNetworks('10.0.0.0/8,127.0.0.0/8') }, { close: 6, fail: 3 }],
    [{ networks: parseNetworks('10.0.0.0/8') }, {}],
    [{ states: parseStates('syn-sent') }, { fail: 3 }],
    [
      { commands: ['python3'], uids: [0] },
      { close: 6, fail: 3 },
    ],
    [{ commands: ['curl'] }, {}],
    [{ pids: [1] }, {}],
    [{ cgroups: parseCgroups('/') }, { close: 6, fail: 3 }],
    [{ cgroups: [2 ** 40] }, {}],
  ];
  // All at once: each is begun while those before it listen already.
  const begin = async (i: number): Promise<void> => {
    if (i === expected.length) {
      net.traffic('short', 3);
      net.traffic('refused', 3);
      return;
    }
    const [filter, counts] = expected[i];
    const source = new BpfSource({ ringBytes: 64 * 1024 });
    const asked = { namespaces: [net.inode], ...filter };
    const documents = await documentsOf(source, asked, () => begin(i + 1), ['close', 'fail']);
    expect(multiset(documents.map(({ event }) => event.action)), JSON.stringify(filter)).toEqual(counts);
  };
  await begin(0);
});

it('filters what happens in a state by that state', async (context) => {
  const net = here(context);
  const told = async (state: string) => {
    const kinds: RecordKind[] = ['state', 'reset-sent', 'reset-received', 'error'];
    const documents = await seen(net, () => void net.traffic('reset', 2), kinds, { states: parseStates(state) });
    return documents.map(({ netscribe: { tcp } }) => [tcp.old_state, tcp.new_state]);
  };
  expect(await told('fin-wait-2')).toEqual([]);
  const established = await told('established');
  expect(established.length).toBeGreaterThan(0);
  expect(established.filter((states) => !states.includes('ESTABLISHED'))).toEqual([]);
});

it('says who began only where a segment without a socket tells', async (context) => {
  const net = here(context);
  const late = await seen(net, () => void net.traffic('late'), ['reset-sent']);
  expect(late.map(({ event, network, netscribe: { tcp } }) => [event.reason, tcp.role, network.direction])).toEqual([
    ['no_socket', 'unknown', 'unknown'],
  ]);
  // The lower port is taken to be the server's.
  expect(late[0].destination?.port).toBe(9000);
  const refused = await seen(net, () => void net.traffic('refused'), ['reset-sent']);
  expect(refused.map(({ netscribe: { tcp } }) => tcp.role)).toEqual(['server']);
});

it('works without privileges but CAP_BPF and CAP_PERFMON, and says so without', async (context) => {
  const net = here(context);
  const { documents, code } = await watch(
    only(net, '--kinds', 'close'),
    () => void net.traffic('short', 3),
    'SIGTERM',
    unprivileged('bpf', 'perfmon'),
  );
  expect(code).toBe(143);
  expect(documents).toHaveLength(6);
  const refused = await watch(only(net), () => undefined, 'SIGTERM', unprivileged('bpf'));
  expect(refused.code).toBe(4);
  expect(refused.stderr).toMatch(/CAP_BPF and CAP_PERFMON/);
});

it('names the container by its cgroup', async (context) => {
  const net = here(context);
  const root = mountPoint();
  if (root === undefined) return context.skip('cgroup2 is not mounted here');
  // As systemd and Docker name it.
  const id = 'c0ffee'.padEnd(64, '0');
  const name = `netscribe-test-${process.pid}/docker-${id}.scope`;
  try {
    mkdirSync(`${root}/${name}`, { recursive: true });
  } catch (error) {
    return context.skip(`no cgroup can be made here: ${(error as Error).message}`);
  }
  try {
    const { documents } = await watch(only(net, '--kinds', 'close'), () => {
      // First the cgroup: in the namespace its tree is out of sight.
      const join = `echo $$ > ${root}/${name}/cgroup.procs && exec "$@"`;
      const words = ['ip', 'netns', 'exec', net.name, 'python3', `${PROJECT}test/tcp-state/traffic.py`, 'short', '2'];
      expect(spawnSync('sh', ['-c', join, '-', ...words], { encoding: 'utf8' })).toMatchObject({
        status: 0,
        stderr: '',
      });
    });
    expect(documents).toHaveLength(4);
    for (const document of documents) {
      expect(document).toMatchObject({ container: { id }, netscribe: { cgroup: { path: `/${name}` } } });
    }
  } finally {
    rmdirSync(`${root}/${name}`);
    rmdirSync(`${root}/netscribe-test-${process.pid}`);
  }
});

it("speaks tcp-audit's language", async (context) => {
  const net = here(context);
  const { documents } = await watch(only(net, '--layout', 'tcp-audit'), () => void net.traffic('short', 1));
  expect(documents).toHaveLength(12);
  const connected = documents.filter(({ old_state: old }) => old === 'SYN-SENT');
  expect(connected).toHaveLength(1);
  expect(connected[0]).toMatchObject({
    comm_on_cpu: 'python3',
    src_ip: '127.0.0.1',
    dst_ip: '127.0.0.1',
    old_state: 'SYN-SENT',
    new_state: 'ESTABLISHED',
    socket_info: { user_id: 0, state: 'CONNECTING' },
  });
});

it('leaves nothing in the kernel when it is killed', async (context) => {
  here(context);
  const words = [LAUNCHER, 'tcp', '--event', 'bpf', '--kinds', 'close', '--to', 'null:'];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'ignore', 'pipe'] });
  await isListening(child);
  const itsOwn = await objectsOf(child.pid!);
  const kinds = itsOwn.map((program) => program.replace(/^\d+ /, ''));
  expect(kinds).toEqual(expect.arrayContaining(['on_state', 'events (map)', 'lives (map)', 'produced (map)']));
  child.kill('SIGKILL');
  await once(child, 'close');
  expect(await leftOf(itsOwn)).toEqual([]);
});
