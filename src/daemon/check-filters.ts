// Filters of interfaces are looked at before anything is opened or changed: one that is wrong would never be right by trying again.

import { UsageError } from '../config/usage-error.ts';
import { FilterError, loadFilterCompiler } from '../system/libpcap.ts';
import type { Wanted } from './messages.ts';

const ETHERNET = 1;
const WHOLE = 262_144;

/** Rejects with a UsageError. Without libpcap nothing is said: the interface that has a filter will say what is missing. */
export async function checkFilters(wanted: Wanted): Promise<void> {
  if (!('interfaces' in wanted)) return;
  const filters = Object.entries(wanted.interfaces).flatMap(([name, { filter = '' }]) =>
    filter.trim() === '' ? [] : [[name, filter] as const],
  );
  if (filters.length === 0) return;
  const compiler = await loadFilterCompiler().catch(() => undefined);
  if (compiler === undefined) return;
  for (const [name, filter] of filters) {
    try {
      compiler.compile(filter, ETHERNET, WHOLE);
    } catch (error) {
      if (!(error instanceof FilterError)) throw error;
      throw new UsageError(`capture.interfaces.${name}.filter: ${error.message}`);
    }
  }
}
