// What `--records` takes: names of records, `transactions` for all of those.

import { nearest } from '../config/nearest.ts';
import { UsageError } from '../config/usage-error.ts';
import { packetRecordTypes } from '../engine/plan.ts';
import { PROTOCOLS } from '../protocols/registry.ts';

/** Names of record types for a comma-separated list; throws UsageError for an unknown one. */
export function recordNames(list: string): string[] {
  const types = packetRecordTypes();
  const names = new Set<string>();
  for (const word of list
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')) {
    const chosen =
      word === 'all'
        ? types
        : word === 'transactions'
          ? types.filter((type) => type.family === 'transaction')
          : types.filter((type) => type.name === (word === 'flows' ? 'flow' : word));
    if (chosen.length > 0) for (const type of chosen) names.add(type.name);
    else {
      const known = [...types.map((type) => type.name), 'transactions', 'all'];
      const guess = nearest(word, known);
      throw new UsageError(
        `there is no record '${word}'${guess === undefined ? '' : `: did you mean '${guess}'?`} (there are ${known.join(', ')})`,
      );
    }
  }
  if (names.size === 0)
    throw new UsageError(`--records is empty: name some of ${types.map((type) => type.name).join(', ')}`);
  return [...names];
}

/** Records that the list names and whose protocol's options say `enabled: false`. */
export function switchedOff(list: string, protocols: Readonly<Record<string, unknown>>): string[] {
  const words = list.split(',').map((part) => part.trim());
  return PROTOCOLS.filter(
    ({ name }) => (protocols[name] as { enabled?: unknown } | null | undefined)?.enabled === false,
  )
    .flatMap(({ records }) => records.map(({ name }) => name))
    .filter((name) => words.includes(name));
}
