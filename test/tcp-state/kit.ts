// Runs `netscribe tcp` beside traffic in a network namespace of its own. Needs root.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { ndjsonEncoder } from '../../src/records/ndjson.ts';
import { JsonWriter } from '../../src/records/writer.ts';
import { Containers } from '../../src/tcp-state/containers.ts';
import { TcpDocuments } from '../../src/tcp-state/documents.ts';
import type { TcpEvent } from '../../src/tcp-state/event.ts';
import { matcherOf, type TcpStateFilter } from '../../src/tcp-state/filter.ts';
import { eventKindsFor, type RecordKind } from '../../src/tcp-state/lifecycle.ts';
import { tcpStateRecord } from '../../src/tcp-state/record.ts';
import type { TcpStateSource } from '../../src/tcp-state/source.ts';
import { LAUNCHER } from '../kit/program.ts';
import { PROJECT } from '../kit/shared.ts';

const TRAFFIC = `${PROJECT}test/tcp-state/traffic.py`;

/**
 * A port for this process and this of its test files, below those that the kernel gives to whoever connects: events that are chosen by port
 * are nobody else's.
 */
export const portFor = (file: 0 | 1 | 2 | 3): number => 12_000 + ((process.pid * 16 + file * 4) % 20_000);

const run = (command: string, ...words: string[]) => spawnSync(command, words, { encoding: 'utf8' });

/** Why these tests can not run here; undefined: they can. */
export const whyNot: string | undefined =
  process.getuid?.() !== 0
    ? 'needs root'
    : run('python3', '--version').status !== 0
      ? 'python3 is not installed here'
      : run('ip', 'netns', 'list').status !== 0
        ? 'ip (iproute2) is not installed here'
        : undefined;

/** Before a command: as a user without privileges, but with these capabilities, as setpriv spells them. */
export function unprivileged(...capabilities: string[]): string[] {
  const set = ['-all', ...capabilities.map((name) => `+${name}`)].join(',');
  const sets = [`--bounding-set=${set}`, `--inh-caps=${set}`, `--ambient-caps=${set}`];
  return ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', ...sets];
}

export class Namespace implements Disposable {
  readonly name: string;
  readonly inode: number;

  constructor(name: string) {
    this.name = `ns-tcp-${name}-${process.pid}`;
    const made = run('ip', 'netns', 'add', this.name);
    if (made.status !== 0) throw new Error(made.stderr);
    this.exec('ip', 'link', 'set', 'lo', 'up');
    // Somewhere where nobody answers.
    this.exec('ip', 'link', 'add', 'hole', 'type', 'veth', 'peer', 'name', 'hole-end');
    this.exec('ip', 'link', 'set', 'hole-end', 'up');
    this.exec('ip', 'link', 'set', 'hole', 'up');
    this.exec('ip', 'addr', 'add', '203.0.113.1/24', 'dev', 'hole');
    this.exec('ip', 'neigh', 'add', '203.0.113.7', 'lladdr', '02:00:00:00:00:07', 'dev', 'hole', 'nud', 'permanent');
    this.inode = statSync(`/run/netns/${this.name}`).ino;
  }
  exec(...words: string[]): string {
    const { status, stdout, stderr } = run('ip', 'netns', 'exec', this.name, ...words);
    if (status !== 0) throw new Error(`${words.join(' ')}: ${stderr}`);
    return stdout;
  }
  traffic(what: string, count = 1, port = 9000, user = 0): string {
    return this.exec('env', `TRAFFIC_PORT=${port}`, `TRAFFIC_USER=${user}`, 'python3', TRAFFIC, what, String(count));
  }
  start(what: string): ChildProcess {
    return spawn('ip', ['netns', 'exec', this.name, 'python3', TRAFFIC, what], { stdio: ['pipe', 'pipe', 'inherit'] });
  }
  [Symbol.dispose](): void {
    run('ip', 'netns', 'delete', this.name);
  }
}

/** What a program says on standard output, line by line, however it comes. */
export function linesOf(child: ChildProcess): () => Promise<string> {
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  return async () => (await lines.next()).value ?? '';
}

export interface Document {
  [name: string]: unknown;
  event: { action: string; sequence: number; reason?: string; outcome?: string; duration?: number };
  source?: { ip?: string; port?: number; bytes?: number };
  destination?: { ip?: string; port?: number; bytes?: number };
  network: { community_id?: string; direction: string; type?: string };
  process?: { pid: number; name: string };
  user?: { id: string };
  error?: { code: string };
  netscribe: {
    netns?: number;
    tcp: {
      id?: string;
      old_state: string;
      new_state: string;
      attribution: string;
      protocol: string;
      role: string;
      count?: number;
      state_duration?: number;
      rtt?: number;
      min_rtt?: number;
      retransmissions?: number;
      drops?: Record<string, number>;
      on_cpu?: { pid: number };
    };
  };
}

export interface Watched {
  documents: Document[];
  code: number | null;
  stderr: string;
}

/** `netscribe tcp` with these options while `during` runs, then a signal. */
export async function watch(
  words: string[],
  during: () => void | Promise<void>,
  signal: NodeJS.Signals = 'SIGINT',
  through: string[] = [],
): Promise<Watched> {
  const [command, ...rest] = [...through, process.execPath, LAUNCHER, 'tcp', ...words];
  const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks: Buffer[] = [];
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const exited = once(child, 'close') as Promise<[number | null]>;
  await new Promise<void>((resolve) => {
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
      if (stderr.includes('listening by')) resolve();
    });
    child.once('close', () => resolve());
  });
  try {
    await during();
  } finally {
    child.kill(signal);
  }
  const [code] = await exited;
  const documents = Buffer.concat(chunks)
    .toString()
    .split('\n')
    .filter((line) => line !== '');
  return { documents: documents.map((line) => JSON.parse(line) as Document), code, stderr };
}

/** The documents of a source's events while `during` runs, made in this process. */
export async function documentsOf(
  source: TcpStateSource,
  filter: TcpStateFilter,
  during: () => void | Promise<void>,
  kinds?: readonly RecordKind[],
): Promise<Document[]> {
  const documents: Document[] = [];
  const writer = new JsonWriter(64 * 1024);
  const encode = ndjsonEncoder(tcpStateRecord);
  const wanted = kinds === undefined ? undefined : new Set(kinds);
  const made = new TcpDocuments(wanted, 'ecs', undefined, (record, view) => {
    const end = encode(record, view, writer, 0);
    documents.push(JSON.parse(writer.out.toString('utf8', 0, end)) as Document);
  });
  const asked = wanted === undefined ? filter : { ...filter, kinds: eventKindsFor(wanted) };
  const matches = source.filters === true ? undefined : matcherOf(asked, new Containers());
  await source.start(asked);
  try {
    await during();
    const add = (event: TcpEvent) => {
      if (matches === undefined || matches(event)) made.add(event);
    };
    while (source.drain(4096, add, true) >= 4096);
  } finally {
    await source.close();
  }
  return documents;
}

/** Resolves when a command of ours says on standard error that it listens, or ends; gives what it said. */
export function isListening(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    let said = '';
    child.stderr!.on('data', (chunk) => {
      said += chunk;
      if (said.includes('listening by')) resolve(said);
    });
    child.once('close', () => resolve(said));
  });
}

/** How often each line occurs. */
export function multiset(lines: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const line of lines) counts[line] = (counts[line] ?? 0) + 1;
  return Object.fromEntries(Object.entries(counts).sort());
}
