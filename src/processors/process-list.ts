// Processes of this machine and their sockets, from /proc (proc(5)). Of other users' processes only root sees them, or who has
// CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { NOBODY, type Process } from '../records/process.ts';

/** The kernel keeps so many characters of a command's name. */
const COMMAND_CHARACTERS = 15;
/** USER_HZ, in which /proc tells times: 100 on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

export interface ProcessWords {
  /** Processes that get another name, by what stands in their command line: Packetbeat's `procs.monitored`. */
  readonly monitored: readonly { readonly process: string; readonly cmdline_grep: string }[];
  /** Words that a process was started with: there may be secrets among them. */
  readonly args: boolean;
  /** Whether connections are heard of when they are made; `none`: lists of sockets are all there is. */
  readonly event: 'auto' | 'none';
}

/** Inodes of sockets with the pid of a process that has them open: those in `wanted`, as far as they are found. */
export function ownersOf(wanted: ReadonlySet<number>): Map<number, number> {
  const found = new Map<number, number>();
  if (wanted.size === 0) return found;
  // The latest first: who has just opened a socket was often just started.
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  for (const pid of pids.map(Number).sort((a, b) => b - a)) {
    for (const inode of socketsOf(pid)) if (wanted.has(inode) && !found.has(inode)) found.set(inode, pid);
    if (found.size === wanted.size) break;
  }
  return found;
}

function* socketsOf(pid: number): Generator<number> {
  for (const fd of attempt(() => readdirSync(`/proc/${pid}/fd`)) ?? []) {
    const target = attempt(() => readlinkSync(`/proc/${pid}/fd/${fd}`));
    if (target?.startsWith('socket:[') === true) yield Number(target.slice('socket:['.length, -1));
  }
}

/** One that made a connection; of one that is gone already what the kernel said then. */
export function describeMaker(pid: number, command: string, words: Omit<ProcessWords, 'event'>): Process {
  return describeProcess(pid, words) ?? { ...NOBODY, pid, name: command };
}

/** undefined when it is gone. */
export function describeProcess(pid: number, { monitored, args }: Omit<ProcessWords, 'event'>): Process | undefined {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  if (stat === undefined) return undefined;
  // The name stands in parentheses and may have some in it.
  const nameTo = stat.lastIndexOf(')');
  const command = stat.slice(stat.indexOf('(') + 1, nameTo);
  const [, parent, ...numbers] = stat.slice(nameTo + 2).split(' ');
  const words = (attempt(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8')) ?? '').split('\0').slice(0, -1);
  const line = words.join(' ');
  const executable = attempt(() => readlinkSync(`/proc/${pid}/exe`))?.replace(/ \(deleted\)$/, '');
  return {
    pid,
    name: monitored.find((one) => line.includes(one.cmdline_grep))?.process ?? nameOf(command, words[0], executable),
    executable,
    args: args && words.length > 0 ? words : undefined,
    start: new Date((bootSeconds() + Number(numbers[17]) / TICKS_PER_SECOND) * 1000).toISOString(),
    workingDirectory: attempt(() => readlinkSync(`/proc/${pid}/cwd`)),
    parentPid: Number(parent),
  };
}

/** Of a program whose first thread has a name of its own, as Node's has: the program's. Else the whole of a name that the kernel has cut. */
function nameOf(command: string, word: string | undefined, executable: string | undefined): string {
  const whole = [word, executable];
  if (command === 'MainThread' && executable !== undefined) return path.basename(executable);
  if (command.length < COMMAND_CHARACTERS) return command;
  return whole.map((one) => path.basename(one ?? '')).find((one) => one.startsWith(command)) ?? command;
}

let boot: number | undefined;
function bootSeconds(): number {
  boot ??= Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'latin1'))?.[1] ?? 0);
  return boot;
}

function attempt<T>(get: () => T): T | undefined {
  try {
    return get();
  } catch {
    // Gone meanwhile, or not ours to see.
    return undefined;
  }
}
