// Looks again and again at the sockets of this machine and the processes that have them, and tells the tables of other threads what has
// changed. Nothing here is in the way of packets. A socket that lives for less than the time between two looks may be missed.

import { networkInterfaces } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import type { Process } from '../records/process.ts';
import { keepCapabilitiesAcrossUsers, limitCapabilities } from '../system/privileges.ts';
import { describeProcess, ownersOf, type ProcessWords } from './process-list.ts';
import { CHANNEL, HELLO, type SocketNews } from './process-table.ts';
import { LIMIT, type ToWatch } from './process-watch.ts';
import { type Listed, type ListedSocket, listSockets } from './socket-list.ts';

const LOOK_MS = 100;
/** Looking takes at most this part of a processor, once for each transport. */
const MAX_SHARE = 0.05;
/** A socket whose owner is not found is looked for so many times: the process may be another user's, or the kernel's. */
const MAX_SEARCHES = 3;

let words = workerData as ProcessWords;
const channel = new BroadcastChannel(CHANNEL);
/** By key. */
let sockets = new Map<string, { inode: number; process: Process | undefined }>();
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
const lists = {
  tcp: { sockets: [] as readonly ListedSocket[], dueMs: 0 },
  udp: { sockets: [] as readonly ListedSocket[], dueMs: 0 },
};

function list(transport: Listed): readonly ListedSocket[] {
  const one = lists[transport];
  if (performance.now() < one.dueMs) return one.sockets;
  const before = process.threadCpuUsage();
  one.sockets = listSockets(transport);
  const { user: inUser, system } = process.threadCpuUsage(before);
  one.dueMs = performance.now() + (inUser + system) / 1000 / MAX_SHARE;
  return one.sockets;
}

function look(): void {
  const listed = [...list('udp'), ...list('tcp')];
  const known = new Map([...sockets.values()].map((one) => [one.inode, one.process]));
  const isOpen = new Set(listed.map(({ inode }) => inode));
  for (const inode of searches.keys()) if (!isOpen.has(inode)) searches.delete(inode);
  const wanted = new Set<number>();
  for (const { inode } of listed)
    if (known.get(inode) === undefined && (searches.get(inode) ?? 0) < MAX_SEARCHES) wanted.add(inode);
  for (const inode of wanted) searches.set(inode, (searches.get(inode) ?? 0) + 1);
  const owners = ownersOf(wanted);
  const described = new Map<number, Process | undefined>();
  for (const pid of new Set(owners.values())) described.set(pid, describeProcess(pid, words));
  const now = new Map<string, { inode: number; process: Process | undefined }>();
  const opened: [string, Process][] = [];
  for (const { key, inode } of listed) {
    const process = known.get(inode) ?? described.get(owners.get(inode) ?? -1);
    const before = sockets.get(key);
    now.set(key, { inode, process });
    if (process !== undefined && (before?.inode !== inode || before.process === undefined)) opened.push([key, process]);
  }
  const closed = [...sockets.keys()].filter((key) => !now.has(key));
  sockets = now;
  if (opened.length + closed.length > 0) tell({ opened, closed });
}

function again(): void {
  const before = process.threadCpuUsage().user;
  look();
  // Searching among processes and telling is what is left in user code: the lists are the kernel's work.
  setTimeout(again, Math.max(LOOK_MS, (process.threadCpuUsage().user - before) / 1000 / MAX_SHARE));
}

parentPort!.on('message', (message: ToWatch) => {
  if (message === LIMIT) {
    void limitCapabilities(['sys_ptrace', 'dac_read_search']);
    return;
  }
  words = message;
  // All are told anew.
  sockets = new Map();
  searches.clear();
});

await keepCapabilitiesAcrossUsers();
again();
parentPort!.postMessage('ready');
