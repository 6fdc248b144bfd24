// Starts and ends the thread that watches processes. Whoever captures does it once, while the privileges to see them are there.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { workerFile } from '../system/program-files.ts';
import type { ProcessWords } from './process-list.ts';

/** Gives up what privileges are not needed. */
export const LIMIT = 'limit';
export type ToWatch = ProcessWords | typeof LIMIT;

export interface ProcessWatch {
  /** Once this process is the user that it shall be: a thread that lacks the capability to follow it there would be its end. */
  limit(): void;
  /** Other words from now on. */
  renew(words: ProcessWords): void;
  close(): Promise<void>;
}

/** Resolves when the thread has looked for the first time, and what privileges it has can be given up by others. `note` hears why it ended, should it; records then have no processes, and that is all. */
export async function watchProcesses(words: ProcessWords, note: (text: string) => void): Promise<ProcessWatch> {
  const worker = new Worker(workerFile('processors/process-watch-thread'), { workerData: words, name: 'processes' });
  worker.on('error', (error) => note(`processes are no longer looked for: ${error.message}`));
  await once(worker, 'message');
  worker.unref();
  return {
    limit: () => worker.postMessage(LIMIT satisfies ToWatch),
    renew: (others) => worker.postMessage(others satisfies ToWatch),
    close: async () => {
      await worker.terminate();
    },
  };
}
