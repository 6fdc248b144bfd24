// A tracing instance of our own: buffers and switches that nobody else uses (Documentation/trace/ftrace.rst, "Instances"). Its name has
// the process in it, so that those of killed runs can be told and taken away.

import {
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { commandText } from '../process.ts';

const PREFIX = 'netscribe-';

export interface InstanceOptions {
  /** Room per CPU, in bytes. */
  bufferBytes: number;
  /** Events with the filters that the kernel applies, `''` for none. */
  events: ReadonlyMap<string, string>;
}

export class TracingInstance {
  readonly folder: string;
  /** Descriptors of the raw buffers, one per CPU; they never block. */
  readonly pipes: readonly number[];
  readonly #cpus: readonly string[];

  /** Throws what the file system says; nothing is left behind then. */
  constructor(tracefs: string, { bufferBytes, events }: InstanceOptions) {
    this.folder = join(tracefs, 'instances', `${PREFIX}${process.pid}-${startTime(process.pid)}-${++made}`);
    mkdirSync(this.folder);
    const opened: number[] = [];
    try {
      this.#set('trace_clock', 'mono');
      // Larger pages mean fewer reads; older kernels have one size.
      this.#trySet('buffer_subbuf_size_kb', '64');
      this.#set('buffer_size_kb', String(Math.ceil(bufferBytes / 1024)));
      for (const [event, filter] of events) {
        if (filter !== '') this.#set(`events/${event}/filter`, filter);
      }
      this.#cpus = readdirSync(join(this.folder, 'per_cpu')).sort();
      for (const cpu of this.#cpus) {
        const path = join(this.folder, 'per_cpu', cpu, 'trace_pipe_raw');
        opened.push(openSync(path, constants.O_RDONLY | constants.O_NONBLOCK));
      }
      this.pipes = opened;
      for (const event of events.keys()) this.#set(`events/${event}/enable`, '1');
      this.#set('tracing_on', '1');
    } catch (error) {
      for (const fd of opened) closeSync(fd);
      rmdirSync(this.folder);
      throw error;
    }
  }

  /** No further events come; those that are there can still be read. */
  stop(): void {
    this.#trySet('tracing_on', '0');
  }

  /** Events that were thrown away until now, all CPUs. */
  lost(): number {
    let lost = 0;
    for (const cpu of this.#cpus) {
      const text = readFileSync(join(this.folder, 'per_cpu', cpu, 'stats'), 'latin1');
      for (const name of ['overrun', 'dropped events'])
        lost += Number(new RegExp(`^${name}: (\\d+)`, 'm').exec(text)?.[1] ?? 0);
    }
    return lost;
  }

  /** Commands of threads that are gone, as far as the kernel kept them. */
  savedCommands(): Map<number, string> {
    const commands = new Map<number, string>();
    try {
      const text = readFileSync(join(this.folder, '..', '..', 'saved_cmdlines'), 'latin1');
      for (const [, tid, command] of text.matchAll(/^(\d+) (.*)$/gm)) commands.set(Number(tid), commandText(command));
    } catch {
      // Then they stay without a name.
    }
    return commands;
  }

  /** Ends it: as long as a descriptor is open, the folder can not be removed. */
  close(): void {
    for (const fd of this.pipes) closeSync(fd);
    rmdirSync(this.folder);
  }

  #set(file: string, value: string): void {
    writeFileSync(join(this.folder, file), `${value}\n`);
  }
  #trySet(file: string, value: string): void {
    try {
      this.#set(file, value);
    } catch {
      // Not there, or not to be changed: the default does.
    }
  }
}

let made = 0;

/** Takes away the instances of runs that are over; returns how many. */
export function reapInstances(tracefs: string): number {
  let reaped = 0;
  for (const name of readdirSync(join(tracefs, 'instances'))) {
    const match = /^netscribe-(\d+)-(\d+)-\d+$/.exec(name);
    // A process number is used again: its start time tells whether it is the same process.
    if (match === null || startTime(Number(match[1])) === match[2]) continue;
    try {
      rmdirSync(join(tracefs, 'instances', name));
      reaped++;
    } catch {
      // Somebody is looking at it: the next start takes it away.
    }
  }
  return reaped;
}

/** When a process began, in ticks since boot (proc_pid_stat(5), field 22); '0': there is no such process. */
function startTime(pid: number): string {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return '0';
  }
}
