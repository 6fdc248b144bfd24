// What an answer lacks: told on standard error, beside the answer, with an exit code of its own.

import type { StoreReader } from '../store/reader.ts';
import { unreadableWords } from '../store/unreadable.ts';
import { EXIT_DAMAGED, EXIT_OK } from './exit.ts';

/** Tells of files that could not be read. Returns the exit code: sums that are gone cost time only. */
export function tellUnreadable({ unreadable }: StoreReader, directory: string): number {
  for (const words of unreadableWords(directory, unreadable)) process.stderr.write(`netscribe: ${words}\n`);
  return unreadable.some(({ isRollup }) => !isRollup) ? EXIT_DAMAGED : EXIT_OK;
}
