// npm run bench:tcp: what an event of TCP costs, in our process and in the kernel, and how many are lost, at the highest rate that a
// generator of short connections reaches; beside bpftrace printing the same, and a loop that only reads. Needs root, a C compiler and ip (iproute2).
//
//   npm run bench:tcp [-- --connections 120000 --runs 3 --threads 1 --abort --sinks null: --events bpf]
//
// Each way is run on a quarter of the connections and on all of them: the slope between the two is the cost of an event, free of start-up.
// Where there are two CPUs and `taskset`, the generator has the last one and the reader the first.

import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { runTcpState } from '../src/engine/tcp-run.ts';
import { openSink } from '../src/sinks/open.ts';
import { BpfSource } from '../src/tcp-state/bpf/source.ts';
import { chooseSource, probeSources } from '../src/tcp-state/choose.ts';

const TICKS_PER_SECOND = 100;
const SETTLE_MS = 500;
const POLL_MS = 50;
const NAMESPACE = `ns-bench-tcp-${process.pid}`;
const { values } = parseArgs({
  options: {
    connections: { type: 'string', default: '120000' },
    runs: { type: 'string', default: '3' },
    threads: { type: 'string', default: '1' },
    abort: { type: 'boolean', default: false },
    sinks: { type: 'string' },
    events: { type: 'string', default: 'bpf,tracefs,loop,bpftrace' },
  },
});
const runs = Number(values.runs);
const threads = Number(values.threads);
/** As many in each thread. */
const inThreads = (n: number) => Math.ceil(n / threads) * threads;
const connections = inThreads(Number(values.connections));
const few = inThreads(connections / 4);
const eventsPerConnection = values.abort ? 6 : 10;
const ports = { from: 9000, to: 9000 + threads - 1 };

interface Load {
  /** CPU time and elapsed time of the generator, in µs. */
  cpu: number;
  elapsed: number;
}
interface Figures extends Load {
  what: string;
  events: number;
  lost: number;
  /** CPU time of the reader, in µs. */
  reader: number;
}
interface Slope {
  what: string;
  /** Of all runs together. */
  events: number;
  lost: number;
  produced: number;
  /** The highest rate that the generator reached, in events/s. */
  rate: number;
  /** µs for an event: of the reader, and of the generator beyond what it takes alone. */
  reader: number;
  kernel: number;
}

const folder = mkdtempSync(join(tmpdir(), 'netscribe-bench-tcp-'));
const generator = join(folder, 'tcp-traffic');

function build(): void {
  const source = new URL('tcp-traffic.c', import.meta.url).pathname;
  for (const compiler of ['cc', 'gcc', 'clang']) {
    if (spawnSync(compiler, ['-O2', '-pthread', '-o', generator, source]).status === 0) return;
  }
  throw new Error('bench:tcp needs a C compiler (on Debian: apt install gcc libc6-dev)');
}

const lastCpu = cpus().length - 1;
const canPin = lastCpu > 0 && spawnSync('taskset', ['--version']).status === 0;
/** Words before a command that keep it off the reader's CPU. */
const besides = canPin ? ['taskset', '-c', threads === 1 ? String(lastCpu) : `1-${lastCpu}`] : [];

function pin(pid: number): void {
  if (canPin) execFileSync('taskset', ['-a', '-p', '-c', '0', String(pid)], { stdio: 'ignore' });
}

const producedBy = (n: number) => n * eventsPerConnection + threads * 2;

async function load(n: number): Promise<Load> {
  const words = [...besides, generator, String(n), String(threads), values.abort ? 'abort' : ''];
  const child = spawn('ip', ['netns', 'exec', NAMESPACE, ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  await once(child, 'close');
  const [cpu, elapsed] = text.trim().split(' ').map(Number);
  return { cpu, elapsed };
}

/** One of our sources, in this process. */
async function ours(event: string, to: string, n: number, layout: 'ecs' | 'tcp-audit' = 'ecs'): Promise<Figures> {
  const { source } = await chooseSource(event, {});
  const sink = await openSink(to, { isEndless: true });
  const stopper = new AbortController();
  let made: Load = { cpu: 0, elapsed: 0 };
  let began = process.cpuUsage();
  let reader = 0;
  const filter = event === 'bpf' ? { namespaces: [statSync(`/run/netns/${NAMESPACE}`).ino] } : { ports: [ports] };
  const result = await runTcpState(
    source,
    [sink],
    { layout, kinds: new Set(['state']), filter, pollMs: POLL_MS, commitMs: 60_000, maxErrors: 1, maxRecords: 0 },
    {
      signal: stopper.signal,
      started: () => {
        began = process.cpuUsage();
        void load(n).then(async (figures) => {
          made = figures;
          // On a busy machine the last segments of the loopback come a moment after the generator is gone.
          await sleep(SETTLE_MS);
          stopper.abort();
        });
      },
    },
  );
  const used = process.cpuUsage(began);
  reader = used.user + used.system;
  return { what: `${event} → ${to}`, ...made, events: result.records.state ?? 0, lost: result.stats.lost, reader };
}

/** What reading costs at the least: a loop that takes 24 members of each event out of the ring into an object, and forgets it. */
async function loop(n: number): Promise<Figures> {
  const source = new BpfSource();
  await source.start({ namespaces: [statSync(`/run/netns/${NAMESPACE}`).ino], kinds: new Set(['state']) });
  const ring = source.object!.ring('events');
  const { view } = ring;
  let events = 0;
  let last: object | undefined;
  const read = (at: number) => {
    last = {
      time: view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32,
      cookie: view.getUint32(at + 8, true),
      cgroup: view.getUint32(at + 16, true),
      received: view.getUint32(at + 24, true),
      sent: view.getUint32(at + 32, true),
      inState: view.getUint32(at + 40, true),
      lifetime: view.getUint32(at + 48, true),
      kind: view.getUint8(at + 56),
      oldState: view.getUint8(at + 57),
      newState: view.getUint8(at + 58),
      family: view.getUint16(at + 60, true),
      localPort: view.getUint16(at + 62, true),
      remotePort: view.getUint16(at + 64, true),
      error: view.getUint16(at + 66, true),
      cpuPid: view.getUint32(at + 68, true),
      ownerPid: view.getUint32(at + 72, true),
      uid: view.getUint32(at + 76, true),
      netns: view.getUint32(at + 88, true),
      srtt: view.getUint32(at + 92, true),
      retransmits: view.getUint32(at + 100, true),
      interface: view.getUint32(at + 116, true),
      mark: view.getUint32(at + 120, true),
      local: view.getUint32(at + 132),
      remote: view.getUint32(at + 148),
    };
    events++;
  };
  const before = process.cpuUsage();
  const timer = setInterval(() => ring.drain(read, Number.POSITIVE_INFINITY), POLL_MS);
  const made = await load(n);
  await sleep(SETTLE_MS);
  clearInterval(timer);
  ring.drain(read, Number.POSITIVE_INFINITY);
  const used = process.cpuUsage(before);
  const lost = source.object!.map('lost').sum(0);
  source.close();
  if (last === undefined) throw new Error('nothing was read');
  return { what: 'a loop over the ring', ...made, events, lost, reader: used.user + used.system };
}

const SCRIPT = `tracepoint:sock:inet_sock_set_state /args->protocol == 6 && ((args->sport >= ${ports.from} && args->sport <= ${ports.to}) || (args->dport >= ${ports.from} && args->dport <= ${ports.to}))/ {
  printf("%lld %d %s %s:%d %s:%d %d %d\\n", nsecs, pid, comm, ntop(args->saddr), args->sport, ntop(args->daddr), args->dport, args->oldstate, args->newstate); }`;

async function bpftrace(n: number): Promise<Figures> {
  const out = join(folder, 'bpftrace.out');
  const child = spawn('bpftrace', ['-e', SCRIPT], { stdio: ['ignore', openSync(out, 'w'), 'pipe'] });
  pin(child.pid!);
  let errors = '';
  child.stderr!.on('data', (chunk) => {
    errors += chunk;
  });
  while (!readFileSync(out, 'utf8').includes('Attaching')) await sleep(100);
  await sleep(1500);
  const ticks = () => {
    const stat = readFileSync(`/proc/${child.pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(fields[11]) + Number(fields[12]);
  };
  const before = ticks();
  const made = await load(n);
  // Until it has printed what it has.
  for (let size = -1; size !== statSync(out).size; ) {
    size = statSync(out).size;
    await sleep(700);
  }
  const reader = ((ticks() - before) * 1e6) / TICKS_PER_SECOND;
  child.kill('SIGINT');
  await once(child, 'close');
  const events = readFileSync(out, 'latin1')
    .split('\n')
    .filter((line) => /^\d/.test(line)).length;
  const text = readFileSync(out, 'latin1') + errors;
  const told = [...text.matchAll(/Lost (\d+) events/g)].reduce((sum, [, lost]) => sum + Number(lost), 0);
  return { what: 'bpftrace → file', ...made, events, lost: told, reader };
}

async function slope(measure: (n: number) => Promise<Figures>, bare: readonly [number, number]): Promise<Slope> {
  // The first one warms up.
  let { what } = await measure(few);
  const sum = { events: 0, lost: 0, produced: 0, rate: 0 };
  const least = (n: number) => ({ n, reader: Number.POSITIVE_INFINITY, cpu: Number.POSITIVE_INFINITY, events: 0 });
  const [small, big] = [least(few), least(connections)];
  for (let i = 0; i < runs; i++) {
    for (const size of [small, big]) {
      const figures = await measure(size.n);
      what = figures.what;
      size.reader = Math.min(size.reader, figures.reader);
      size.cpu = Math.min(size.cpu, figures.cpu);
      // Of what was lost too, the reader had work; bpftrace's slope is by what it printed.
      size.events = Math.max(size.events, figures.events);
      sum.events += figures.events;
      sum.lost += figures.lost;
      sum.produced += producedBy(size.n);
      sum.rate = Math.max(sum.rate, (producedBy(size.n) * 1e6) / figures.elapsed);
    }
    process.stderr.write(
      `  ${what}: ${((big.reader - small.reader) / (big.events - small.events)).toFixed(2)} µs an event\n`,
    );
  }
  return {
    what,
    ...sum,
    reader: (big.reader - small.reader) / (big.events - small.events),
    kernel: (big.cpu - bare[1] - (small.cpu - bare[0])) / (producedBy(connections) - producedBy(few)),
  };
}

async function main(): Promise<void> {
  build();
  execFileSync('ip', ['netns', 'add', NAMESPACE]);
  execFileSync('ip', ['netns', 'exec', NAMESPACE, 'ip', 'link', 'set', 'lo', 'up']);
  pin(process.pid);
  const bare: [number, number] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let i = 0; i <= runs; i++) {
    for (const [k, n] of [few, connections].entries()) bare[k] = Math.min(bare[k], (await load(n)).cpu);
  }
  const asked = values.events.split(',');
  const usable = new Set((await probeSources()).filter(({ capability }) => capability.usable).map(({ name }) => name));
  const all: Slope[] = [];
  const sinks = values.sinks?.split(',') ?? [
    'null:',
    `ndjson:${join(folder, 'out.ndjson')}`,
    `store:${join(folder, 'store')}`,
  ];
  for (const event of ['bpf', 'tracefs'].filter((name) => usable.has(name) && asked.includes(name))) {
    for (const to of sinks) all.push(await slope((n) => ours(event, to, n), bare));
  }
  if (asked.includes('loop') && usable.has('bpf')) all.push(await slope(loop, bare));
  if (asked.includes('bpftrace') && spawnSync('bpftrace', ['--version']).status === 0)
    all.push(await slope(bpftrace, bare));
  const table = new Table({
    head: ['', 'events', 'produced', 'told lost', 'events/s', 'reader µs/event', 'kernel µs/event'],
    style: { head: [], border: [] },
  });
  for (const { what, events, produced, lost, rate, reader, kernel } of all) {
    table.push([
      what.replace(folder, ''),
      events,
      produced,
      lost,
      Math.round(rate),
      reader.toFixed(2),
      kernel.toFixed(2),
    ]);
  }
  const { model } = cpus()[0];
  process.stdout.write(`${cpus().length} CPUs (${model}), Node ${process.versions.node}; the generator alone: `);
  process.stdout.write(`${(bare[1] / connections).toFixed(1)} µs of CPU a connection\n${table.toString()}\n`);
}

try {
  await main();
} finally {
  spawnSync('ip', ['netns', 'delete', NAMESPACE]);
  rmSync(folder, { recursive: true, force: true });
}
