// Looks again and again at the sockets of this machine and the processes that have them, and tells the tables of other threads what has
// changed. Nothing here is in the way of packets. Where BPF may be used, connections are heard of when they are made; else a socket that
// lives for less than the time between two looks may be missed.

import { networkInterfaces } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import type { Process } from '../records/process.ts';
import { keepCapabilitiesAcrossUsers, limitCapabilities, missingCapabilities } from '../system/privileges.ts';
import { type MadeConnections, openMadeConnections } from './made-connections.ts';
import { describeMaker, describeProcess, ownersOf, type ProcessWords } from './process-list.ts';
import { CHANNEL, HELLO, type SocketNews } from './process-table.ts';
import { END, LIMIT, SEES_ALL, type ToWatch, type WatchBegun } from './process-watch.ts';
import { type ListedSocket, listSockets } from './socket-list.ts';
import { openTcpSocketList } from './tcp-socket-list.ts';

const LOOK_MS = 100;
/** The kernel hands packets over after 60 ms at the latest: who made their connection is known by then. */
const HEAR_MS = 20;
/** Looking takes at most this part of a processor, once for each transport, and hearing too. */
const MAX_SHARE = 0.05;
/** A socket whose owner is not found is looked for so many times: the process may be another user's, or the kernel's. */
const MAX_SEARCHES = 3;

interface Known {
  /** 0: not known. */
  inode: number;
  process: Process | undefined;
  /** When it was heard of; 0: it was listed. */
  heardMs: number;
}

let words = workerData as ProcessWords;
const channel = new BroadcastChannel(CHANNEL);
/** By key. */
let sockets = new Map<string, Known>();
const searches = new Map<number, number>();

channel.onmessage = ({ data }) => {
  if (data !== HELLO) return;
  const opened = [...sockets].flatMap(([key, { process }]) => (process === undefined ? [] : [[key, process] as const]));
  tell({ opened, closed: [] });
};

function tell(news: Pick<SocketNews, 'opened' | 'closed'>): void {
  const addresses = Object.values(networkInterfaces()).flatMap((some) => some?.map(({ address }) => address) ?? []);
  channel.postMessage({ ...news, addresses, at: Date.now() / 1000 } satisfies SocketNews);
}

/** Listing the sockets of TCP takes much longer than those of UDP: each has a pace of its own. */
class PacedList {
  readonly #list: () => ListedSocket[];
  #sockets: readonly ListedSocket[] = [];
  #dueMs = 0;
  /** When the kernel was asked last. */
  askedMs = 0;

  constructor(list: () => ListedSocket[]) {
    this.#list = list;
  }

  get(): readonly ListedSocket[] {
    if (performance.now() < this.#dueMs) return this.#sockets;
    const before = process.threadCpuUsage();
    this.askedMs = performance.now();
    this.#sockets = this.#list();
    const { user: inUser, system } = process.threadCpuUsage(before);
    this.#dueMs = performance.now() + (inUser + system) / 1000 / MAX_SHARE;
    return this.#sockets;
  }
}
const tcpSockets = await openTcpSocketList();
let connections: MadeConnections | undefined;
process.on('exit', () => {
  tcpSockets.close();
  connections?.close();
});
const tcp = new PacedList(() => tcpSockets.list());
const udp = new PacedList(() => listSockets('udp'));

function look(): void {
  const listed = [...udp.get(), ...tcp.get()];
  const known = new Map([...sockets.values()].map((one) => [one.inode, one.process]));
  known.delete(0);
  const isOpen = new Set(listed.map(({ inode }) => inode));
  for (const inode of searches.keys()) if (!isOpen.has(inode)) searches.delete(inode);
  const wanted = new Set<number>();
  for (const { inode } of listed)
    if (known.get(inode) === undefined && (searches.get(inode) ?? 0) < MAX_SEARCHES) wanted.add(inode);
  for (const inode of wanted) searches.set(inode, (searches.get(inode) ?? 0) + 1);
  const owners = ownersOf(wanted);
  const described = new Map<number, Process | undefined>();
  for (const pid of new Set(owners.values())) described.set(pid, describeProcess(pid, words));
  const now = new Map<string, Known>();
  const opened: [string, Process][] = [];
  for (const { key, inode } of listed) {
    const process = known.get(inode) ?? described.get(owners.get(inode) ?? -1);
    const before = sockets.get(key);
    now.set(key, { inode, process, heardMs: 0 });
    if (process !== undefined && (before?.inode !== inode || before.process === undefined)) opened.push([key, process]);
  }
  const closed: string[] = [];
  for (const [key, one] of sockets) {
    if (now.has(key)) continue;
    // Made since the list was: the next one tells.
    if (one.heardMs > tcp.askedMs) now.set(key, one);
    else closed.push(key);
  }
  sockets = now;
  if (opened.length + closed.length > 0) tell({ opened, closed });
}

function hear(made: MadeConnections): void {
  const described = new Map<number, Process>();
  const opened: [string, Process][] = [];
  for (const { key, pid, command, inode } of made.take()) {
    const process = described.get(pid) ?? describeMaker(pid, command, words);
    described.set(pid, process);
    sockets.set(key, { inode: inode ?? 0, process, heardMs: performance.now() });
    opened.push([key, process]);
  }
  if (opened.length > 0) tell({ opened, closed: [] });
}

/** Again and again, at this distance or what its share of the processor asks for: searching among processes and telling are in user code. */
function every(ms: number, step: () => void): void {
  const before = process.threadCpuUsage().user;
  step();
  setTimeout(every, Math.max(ms, (process.threadCpuUsage().user - before) / 1000 / MAX_SHARE), ms, step);
}

parentPort!.on('message', (message: ToWatch) => {
  if (message === LIMIT) {
    void limitCapabilities(SEES_ALL);
    return;
  }
  if (message === END) process.exit();
  words = message;
  // All are told anew.
  sockets = new Map();
  searches.clear();
});

async function hearConnections(): Promise<string> {
  if (words.event === 'none') return 'procs.event is none';
  try {
    const made = await openMadeConnections();
    connections = made;
    every(HEAR_MS, () => hear(made));
    return '';
  } catch (error) {
    return (error as Error).message.split('\n')[0];
  }
}

await keepCapabilitiesAcrossUsers();
const whyNotHeard = await hearConnections();
every(LOOK_MS, look);
const missing = missingCapabilities(SEES_ALL);
parentPort!.postMessage({ whyNotHeard, missing } satisfies WatchBegun);
