// netscribe query --follow: records of the running daemon as they are made, those that match, one JSON document a line.

import { join } from 'node:path';
import { UsageError } from '../config/usage-error.ts';
import { parseCondition, type StoredQuery, type Vocabulary } from '../query/query.ts';
import { ClientError, listen } from './client.ts';
import { print } from './print.ts';
import type { Options } from './query-options.ts';

/** What makes no sense for records that come one by one, by the names of the options. */
const WITHOUT_MEANING = {
  read: '-r',
  live: '--live',
  interfaces: '-i',
  first: '-f',
  last: '-l',
  sort: '-s',
  sum: '--sum',
  in: '--in',
  out: '--out',
  timeResolution: '--time-resolution',
  list: '--list',
  resolve: '-d',
  explain: '--explain',
} as const satisfies Partial<Record<keyof Options, string>>;

/** Until the limit is reached. Throws UsageError or a QueryError; rejects with a ClientError when the daemon ends before. */
export async function follow(
  { columns, types, condition, limit = Number.POSITIVE_INFINITY }: StoredQuery,
  options: Options,
  vocabulary: Vocabulary,
  isGiven: (option: string) => boolean,
): Promise<void> {
  for (const [name, word] of Object.entries(WITHOUT_MEANING)) {
    if (isGiven(name)) throw new UsageError(`--follow shows whole records as they are made: leave out ${word}`);
  }
  if (columns !== undefined)
    throw new UsageError(`--follow shows whole records as they are made: leave out the columns '${columns}'`);
  if (isGiven('format') && !['json', 'ndjson'].includes(options.format))
    throw new UsageError(`--follow writes one JSON document a line: leave out -e ${options.format}`);
  // What is wrong is told here, whether a daemon runs or not.
  if (condition !== undefined) parseCondition(condition, vocabulary);
  const wanted = {
    ...(types !== undefined && types.length > 0 && { records: types.join(',') }),
    ...(condition !== undefined && { condition }),
  };
  // The daemon opens no files: what the condition names goes along with it.
  const lists = [...vocabulary.lists].filter(([name]) => condition?.includes(`$${name}`) === true);
  const [words, body] =
    lists.length === 0
      ? [`?${new URLSearchParams(wanted)}`, undefined]
      : ['', { ...wanted, lists: Object.fromEntries(lists) }];
  const client = { api: options.api, token: join(options.store, 'api.token') };
  let written = 0;
  const isOver = await listen(client, `/api/records/stream${words}`, body, (event, data) => {
    if (event === 'missed')
      process.stderr.write(`netscribe: ${JSON.parse(data).records} records came too fast and are not shown\n`);
    if (event !== 'record') return true;
    print(`${data}\n`);
    return ++written < limit;
  });
  if (!isOver) throw new ClientError('the daemon has ended; what it recorded is in its store');
}
