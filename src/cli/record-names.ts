// What `--records` takes: names of records, `transactions` for all of those.

import { allRecordTypes } from '../engine/plan.ts';
import { UsageError } from './exit.ts';
import { nearest } from './nearest.ts';

/** Names of record types for a comma-separated list; throws UsageError for an unknown one. */
export function recordNames(list: string): string[] {
  const types = allRecordTypes();
  const names = new Set<string>();
  for (const word of list.split(',').map((part) => part.trim()).filter((part) => part !== '')) {
    if (word === 'all') for (const type of types) names.add(type.name);
    else if (word === 'transactions') for (const type of types) if (type.family === 'transaction') names.add(type.name);
    else if (word === 'flows') names.add('flow');
    else if (types.some((type) => type.name === word)) names.add(word);
    else {
      const known = [...types.map((type) => type.name), 'transactions', 'all'];
      const guess = nearest(word, known);
      throw new UsageError(`there is no record '${word}'${guess === undefined ? '' : `: did you mean '${guess}'?`} (there are ${known.join(', ')})`);
    }
  }
  if (names.size === 0) throw new UsageError(`--records is empty: name some of ${types.map((type) => type.name).join(', ')}`);
  return [...names];
}
