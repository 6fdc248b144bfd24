// Starts and ends the thread that watches processes. Whoever captures does it once, while the privileges to see them are there.

import { once } from 'node:events';
import { userInfo } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Capability } from '../system/privileges.ts';
import { workerFile } from '../system/program-files.ts';
import type { ProcessWords } from './process-list.ts';

/** Gives up what privileges are not needed. */
export const LIMIT = 'limit';
/** Gives back what the kernel has for it, which does not go with the thread, and ends. */
export const END = 'end';
export type ToWatch = ProcessWords | typeof LIMIT | typeof END;

/** What it takes to see processes of all users (proc(5)). */
export const SEES_ALL = ['sys_ptrace', 'dac_read_search'] as const satisfies Capability[];

/** The thread has looked for the first time. */
export interface WatchBegun {
  /** Why connections are not heard of when they are made; '' when they are. */
  whyNotHeard: string;
  /** Of `SEES_ALL`. */
  missing: Capability[];
}

export interface ProcessWatch {
  /** What it does not see, in words; empty when it sees all. */
  readonly limits: string[];
  /** Once this process is the user that it shall be: a thread that lacks the capability to follow it there would be its end. */
  limit(): void;
  /** Other words from now on. */
  renew(words: ProcessWords): void;
  close(): Promise<void>;
}

/**
 * Resolves when the thread has looked for the first time, and what privileges it has can be given up by others. `note` hears why it
 * ended, should it; records then have no processes, and that is all.
 */
export async function watchProcesses(words: ProcessWords, note: (text: string) => void): Promise<ProcessWatch> {
  const worker = new Worker(workerFile('processors/process-watch-thread'), {
    workerData: words,
    name: 'processes',
    // Descriptors of BPF come from system calls that Node knows nothing of.
    trackUnmanagedFds: false,
  });
  worker.on('error', (error) => note(`processes are no longer looked for: ${error.message}`));
  let isOver = false;
  const ended = new Promise<void>((resolve) => {
    worker.once('exit', () => {
      isOver = true;
      resolve();
    });
  });
  const [begun] = (await once(worker, 'message')) as [WatchBegun];
  worker.unref();
  return {
    limits: limitsOf(begun, words),
    limit: () => worker.postMessage(LIMIT satisfies ToWatch),
    renew: (others) => worker.postMessage(others satisfies ToWatch),
    close: async () => {
      if (isOver) return;
      worker.ref();
      worker.postMessage(END satisfies ToWatch);
      await ended;
    },
  };
}

function limitsOf({ missing, whyNotHeard }: WatchBegun, { event }: ProcessWords): string[] {
  const limits: string[] = [];
  if (missing.length > 0) {
    const names = missing.map((name) => `CAP_${name.toUpperCase()}`).join(' and ');
    limits.push(`only processes of the user ${userName()} are seen: ${names} would show those of others`);
  }
  if (whyNotHeard !== '' && event === 'auto')
    limits.push(`who makes connections is seen when they last some tenths of a second: ${whyNotHeard}`);
  return limits;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // There is none of this number.
    return String(process.geteuid?.());
  }
}
