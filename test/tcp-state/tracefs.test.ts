// TCP events from tracefs: the parsers alone, then the source beside real traffic in a network namespace.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, type TestContext } from 'vitest';
import { BpfSource } from '../../src/tcp-state/bpf/source.ts';
import { parseNetworks, parsePorts } from '../../src/tcp-state/parse-filter.ts';
import { parseFormat } from '../../src/tcp-state/tracefs/format.ts';
import { findTracefs } from '../../src/tcp-state/tracefs/mount.ts';
import { PageCursor } from '../../src/tcp-state/tracefs/page.ts';
import { TracefsSource } from '../../src/tcp-state/tracefs/source.ts';
import fc, { often } from '../kit/arbitrary.ts';
import { LAUNCHER } from '../kit/program.ts';
import {
  type Document,
  documentsOf,
  isListening,
  multiset,
  Namespace,
  portFor,
  unprivileged,
  watch,
  whyNot,
} from './kit.ts';

describe('a page', () => {
  const HEADER = 16;
  /** A page with a time and these 32-bit words of data. */
  const page = (time: bigint, words: number[], flags = 0) => {
    const bytes = Buffer.alloc(HEADER + words.length * 4);
    bytes.writeBigUInt64LE(time, 0);
    bytes.writeUInt32LE(((words.length * 4) | flags) >>> 0, 8);
    for (const [i, word] of words.entries()) bytes.writeUInt32LE(word >>> 0, HEADER + i * 4);
    return bytes;
  };
  const walk = (bytes: Buffer) => {
    const cursor = new PageCursor();
    cursor.begin(bytes, bytes.length, 8, HEADER);
    const seen: [time: number, length: number, first: number][] = [];
    while (cursor.next()) seen.push([cursor.time, cursor.length, cursor.view.getUint32(cursor.at, true)]);
    return seen;
  };
  const event = (delta: number, words: number) => (delta << 5) | words;

  it('has events with deltas, lengths, longer times and padding', () => {
    const words = [
      ...[event(5, 1), 11],
      ...[event(7, 2), 12, 0],
      ...[(3 << 5) | 30, 1], // time: 3 + 2^27
      ...[event(1, 0), 8, 13], // the length, itself counted, stands in a word
      ...[(2 << 5) | 29, 8, 0], // an event taken back
      ...[event(1, 1), 14],
      29, // nothing further
      event(1, 1),
    ];
    const late = 1000 + 5 + 7 + 3 + 2 ** 27 + 1;
    expect(walk(page(1000n, words))).toEqual([
      [1005, 4, 11],
      [1012, 8, 12],
      [late, 4, 13],
      [late + 3, 4, 14],
    ]);
  });

  it('says that events are missing before it', () => {
    const cursor = new PageCursor();
    const bytes = page(0n, [event(0, 1), 1], 0x80000000);
    cursor.begin(bytes, bytes.length, 8, HEADER);
    expect([cursor.missed, cursor.next(), cursor.next()]).toEqual([true, true, false]);
  });

  it('never reads outside, and always ends', () => {
    const header = fc
      .tuple(fc.nat(9), fc.constantFrom(0, 1, 2, 3, 28, 29, 30, 31))
      .map(([delta, type]) => event(delta, type));
    const word = fc.oneof(header, fc.nat(64), fc.nat(0xffffffff));
    let events = 0;
    fc.assert(
      fc.property(fc.array(word, { maxLength: 50 }), fc.nat(220), fc.nat(3), (words, length, cut) => {
        const whole = page(0n, words);
        // What it says of its length need not be so.
        whole.writeUInt32LE(length, 8);
        const bytes = whole.subarray(0, whole.length - cut);
        const cursor = new PageCursor();
        cursor.begin(bytes, bytes.length, 8, HEADER);
        for (let i = 0; cursor.next(); i++) {
          expect(cursor.at + cursor.length).toBeLessThanOrEqual(bytes.length);
          expect(i).toBeLessThan(bytes.length);
          events++;
        }
      }),
      { numRuns: often(2000) },
    );
    expect(events).toBeGreaterThan(100);
  });
});

it('reads formats: places of fields, and words for numbers', () => {
  const format = parseFormat(
    [
      'name: x',
      'ID: 77',
      'format:',
      '\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;',
      '\tfield:const void * skaddr;\toffset:8;\tsize:8;\tsigned:0;',
      '\tfield:__u8 saddr_v6[16];\toffset:42;\tsize:16;\tsigned:0;',
      'print fmt: "%s", __print_symbolic(REC->reason, { 0, "NOT_SPECIFIED" }, { 1, "NO_SOCKET" })',
    ].join('\n'),
  );
  expect(format.id).toBe(77);
  expect([...format.fields]).toEqual([
    ['common_type', { offset: 0, size: 2 }],
    ['skaddr', { offset: 8, size: 8 }],
    ['saddr_v6', { offset: 42, size: 16 }],
  ]);
  expect(format.words('reason').get(1)).toBe('NO_SOCKET');
  expect(format.words('state').size).toBe(0);
});

const tracefs = whyNot === undefined ? findTracefs(true) : { folder: undefined, detail: whyNot };
const namespace = tracefs.folder === undefined ? undefined : new Namespace('trace');
afterAll(() => namespace?.[Symbol.dispose]());
const PORT = portFor(0);
const filter = { ports: parsePorts(String(PORT)) };

function here(context: TestContext): Namespace {
  return namespace ?? context.skip(tracefs.detail);
}
const change = ({ source, destination, netscribe }: Document) =>
  `${source?.ip}:${source?.port} ${destination?.ip}:${destination?.port} ${netscribe.tcp.old_state} ${netscribe.tcp.new_state}`;
/** How connections and attempts ended, in one socket's words. */
const ends = (documents: Document[]) =>
  documents
    .filter(({ event, netscribe }) => ['close', 'fail'].includes(event.action) && netscribe.tcp.protocol === 'tcp')
    .map(({ event, error, netscribe: { tcp } }) =>
      [event.action, tcp.role, tcp.old_state, event.reason, event.outcome, error?.code].join(' '),
    );
const changes = (documents: Document[]) =>
  documents.filter(({ event, source }) => event.action === 'state' && source?.port !== undefined).map(change);

it('tells the same changes of state as BPF, ten for a connection', async (context) => {
  const net = here(context);
  const traffic = () => {
    net.traffic('short', 40, PORT);
    net.traffic('short6', 10, PORT);
    net.traffic('half-closed', 5, PORT);
    net.traffic('reset', 5, PORT);
    net.traffic('refused', 5, PORT);
    net.traffic('mptcp', 2, PORT + 2);
  };
  const chosen = { ports: parsePorts(`${PORT}-${PORT + 2}`) };
  const bpf = new BpfSource();
  const { usable } = await bpf.probe();
  let other: Document[] | undefined;
  const documents = await documentsOf(new TracefsSource(), chosen, async () => {
    if (usable) other = await documentsOf(bpf, { ...chosen, namespaces: [net.inode] }, traffic);
    else traffic();
  });
  const states = documents.filter(({ event }) => event.action === 'state');
  // Each run of the traffic has a listener too; a connection that is reset has fewer changes.
  const plain = states.filter(({ destination }) => destination?.port === PORT);
  expect(plain.length).toBe(50 * 10 + 5 * 10 + 5 * 6 + 4 * 2);
  expect(states.some(({ netscribe }) => netscribe.tcp.protocol === 'mptcp')).toBe(true);
  if (other === undefined) return;
  expect(multiset(changes(documents))).toEqual(multiset(changes(other)));
  expect(multiset(ends(documents))).toEqual(multiset(ends(other)));
});

it('takes no worker of the kernel for the owner, and names commands byte for byte', async (context) => {
  const net = here(context);
  const documents = await documentsOf(
    new TracefsSource(),
    { ports: parsePorts(String(PORT)) },
    () => {
      net.traffic('mptcp', 2, PORT);
      net.traffic('named', 1, PORT);
    },
    ['close'],
  );
  expect(multiset(documents.map((one) => String(one.process?.name).replace(/^kworker.*/, 'kworker')))).toEqual({
    python3: 8,
    'straße é\\xff': 2,
  });
});

it('knows the owner of a connection that is chosen by the port of the other side', async (context) => {
  const net = here(context);
  // The trace has neither the listener's port then, nor the one that a client has not chosen yet.
  const documents = await documentsOf(
    new TracefsSource(),
    { remotePorts: parsePorts('32768-60999'), ports: parsePorts('32768-60999') },
    () => void net.traffic('short', 3, PORT),
  );
  const accepted = documents.filter(
    ({ event, destination }) => event.action === 'accept' && destination?.port === PORT,
  );
  expect(accepted.map((one) => [one.process?.name, one.netscribe.tcp.attribution])).toEqual(
    new Array(3).fill(['python3', 'listen']),
  );
});

it('follows who owns a socket and how long it lives', async (context) => {
  const net = here(context);
  let said = '';
  const documents = await documentsOf(new TracefsSource(), filter, () => {
    said = net.traffic('two-processes', 20, PORT);
  });
  const pids = Object.fromEntries(
    said
      .trim()
      .split('\n')
      .map((line) => line.split(' ')),
  ) as Record<string, string>;
  const closed = documents.filter(({ event }) => event.action === 'close');
  expect(closed).toHaveLength(40);
  for (const { event, process: owner, netscribe } of closed) {
    expect(owner?.pid).toBe(Number(netscribe.tcp.role === 'client' ? pids.client : pids.server));
    expect(event.duration).toBeGreaterThan(0);
  }
  const times = documents.map((d) => d['@timestamp'] as string);
  expect(times).toEqual([...times].sort());
  // Times are those of the wall.
  expect(Math.abs(Date.parse(times[0]) - Date.now())).toBeLessThan(60_000);
});

it('tells refused connections with the reason and the error', async (context) => {
  const net = here(context);
  const documents = await documentsOf(
    new TracefsSource(),
    { ports: parsePorts(String(PORT + 1)) },
    () => void net.traffic('refused', 3, PORT),
    ['fail', 'error', 'reset-sent', 'reset-received'],
  );
  const told = multiset(documents.map(({ event, error }) => `${event.action} ${error?.code ?? event.reason ?? ''}`));
  expect(told).toMatchObject({ 'fail ECONNREFUSED': 3, 'reset-sent no_socket': 3, 'reset-received ': 3 });
  expect(told['error ECONNREFUSED']).toBeGreaterThanOrEqual(3);
});

it('tells what was sent again, and attempts that nobody answers', async (context) => {
  const net = here(context);
  const documents = await documentsOf(
    new TracefsSource(),
    { networks: parseNetworks('203.0.113.7,127.0.0.1'), ports: parsePorts(`${PORT},9`) },
    () => {
      net.traffic('deaf', 1, PORT);
      net.traffic('timed-out', 1, PORT);
    },
    ['retransmit', 'synack-retransmit', 'fail'],
  );
  const told = new Set(documents.map(({ event, netscribe }) => `${event.action} ${netscribe.tcp.old_state}`));
  expect(told).toEqual(
    new Set(['retransmit ESTABLISHED', 'retransmit SYN-SENT', 'synack-retransmit SYN-RECEIVED', 'fail SYN-SENT']),
  );
});

it('leaves to the kernel what can be left out by port and family', async (context) => {
  here(context);
  const source = new TracefsSource();
  await source.start({ localPorts: parsePorts('443,8000-8999'), family: 6 });
  try {
    const filter = readFileSync(`${source.folder}/events/sock/inet_sock_set_state/filter`, 'latin1');
    expect(filter.trim()).toContain('family == 10');
    expect(filter.trim()).toContain('sport == 443 || (sport >= 8000 && sport <= 8999)');
  } finally {
    source.close();
  }
});

it('counts exactly what a small buffer loses', async (context) => {
  const net = here(context);
  const source = new TracefsSource({ bufferBytes: 8 * 1024 });
  await source.start({ ...filter, kinds: new Set(['state']) });
  try {
    // Nothing that others on this machine do meanwhile, so that it can be counted.
    writeFileSync(`${source.folder}/events/sock/inet_sock_set_state/filter`, `sport == ${PORT} || dport == ${PORT}`);
    writeFileSync(`${source.folder}/trace`, '');
    net.traffic('short', 400, PORT);
    let delivered = 0;
    let lost = 0;
    let drained = 0;
    do {
      drained = source.drain(
        4096,
        (event) => {
          if (event.kind === 'lost') lost += event.count!;
          else delivered++;
        },
        true,
      );
    } while (drained >= 4096);
    expect(lost).toBeGreaterThan(0);
    expect(delivered + lost).toBe(4002);
  } finally {
    source.close();
  }
});

it('leaves no instance behind, and takes away that of a killed run', async (context) => {
  here(context);
  const instances = join(tracefs.folder!, 'instances');
  let child: ChildProcess;
  const ours = () => readdirSync(instances).filter((name) => name.startsWith(`netscribe-${child.pid}-`));
  // Whoever else begins to listen at this moment takes it away before us.
  do {
    const words = [LAUNCHER, 'tcp', '--event', 'tracefs', '--to', 'null:'];
    child = spawn(process.execPath, words, { stdio: ['ignore', 'ignore', 'pipe'] });
    await isListening(child);
    expect(ours()).toHaveLength(1);
    child.kill('SIGKILL');
    await once(child, 'close');
  } while (ours().length === 0);
  const source = new TracefsSource();
  await source.start({});
  const folder = source.folder!;
  expect(ours()).toEqual([]);
  expect(existsSync(folder)).toBe(true);
  source.close();
  expect(existsSync(folder)).toBe(false);
});

it('shows what was there before in its own network namespace, and knows who listened', async (context) => {
  here(context);
  // Not in a namespace: netlink tells of the one we are in.
  const server = createServer((socket) => socket.resume());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const before = connect(port, '127.0.0.1');
  await once(server, 'connection');
  const documents = await documentsOf(new TracefsSource(), { ports: parsePorts(String(port)) }, async () => {
    const client = connect(port, '127.0.0.1');
    await once(server, 'connection');
    client.destroy();
    before.destroy();
    server.close();
    await once(server, 'close');
  });
  const there = documents.filter(({ event }) => event.action === 'snapshot');
  expect(multiset(there.map((d) => d.netscribe.tcp.new_state))).toEqual({ ESTABLISHED: 2, LISTEN: 1 });
  expect(there.map((d) => [d.process?.pid, d.netscribe.tcp.attribution])).toEqual(
    new Array(3).fill([process.pid, 'descriptor']),
  );
  const accepted = documents.filter(({ event }) => event.action === 'accept');
  expect(accepted.map((d) => [d.process?.pid, d.netscribe.tcp.attribution])).toEqual([[process.pid, 'listen']]);
});

it('finds tracefs by its kind, wherever it is and whatever its device is called', async (context) => {
  here(context);
  const folder = mkdtempSync(join(tmpdir(), 'netscribe-mounts-'));
  const mounts = join(folder, 'mounts');
  writeFileSync(mounts, `nodev ${tracefs.folder} tracefs rw 0 0\n`);
  expect(findTracefs(false, mounts).folder).toBe(tracefs.folder);
  rmSync(folder, { recursive: true });
});

it.for([
  ['mounted elsewhere, by an odd name', 'mount -t tracefs "odd name" /mnt'],
  ['not mounted', 'true'],
])('works with tracefs %s', async ([, mount], context) => {
  const net = here(context);
  // In a view of the file system of its own, where tracefs is nowhere else.
  const change = `umount -R /sys/kernel/debug 2>/dev/null; umount -R /sys/kernel/tracing 2>/dev/null; ${mount}`;
  const { documents, stderr } = await watch(
    ['--event', 'tracefs', '--port', String(PORT), '--kinds', 'close'],
    () => void net.traffic('short', 2, PORT),
    'SIGTERM',
    ['unshare', '--mount', 'sh', '-c', `${change}; exec "$@"`, '-'],
  );
  expect({ stderr, ends: documents.length }).toEqual({ stderr: expect.stringContaining('by tracefs'), ends: 4 });
});

it('runs as a command and says what it lacks', async (context) => {
  const net = here(context);
  const { documents, code } = await watch(
    ['--event', 'tracefs', '--port', String(PORT), '--kinds', 'connect,accept'],
    () => void net.traffic('short', 2, PORT),
    'SIGTERM',
  );
  expect(code).toBe(143);
  expect(multiset(documents.map(({ event }) => event.action))).toEqual({ accept: 2, connect: 2 });
  const traffic = () => void net.traffic('short', 2, PORT);
  const allowed = await watch(
    ['--event', 'tracefs', '--port', String(PORT), '--kinds', 'close'],
    traffic,
    'SIGTERM',
    unprivileged('dac_override'),
  );
  expect([allowed.code, allowed.documents.length]).toEqual([143, 4]);
  const refused = await watch(['--event', 'tracefs'], () => undefined, 'SIGTERM', unprivileged());
  expect(refused.code).toBe(4);
  expect(refused.stderr).toMatch(/CAP_DAC_OVERRIDE/);
});
