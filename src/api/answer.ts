// Queries of the API: the same words and the same answers as `netscribe query`, over the store and, when asked for, over what is still in
// memory.

import type { Daemon } from '../daemon/daemon.ts';
import { allRecordTypes } from '../engine/plan.ts';
import {
  createVocabulary,
  type Format,
  formatResult,
  type Plan,
  planQuery,
  type QueryOptions,
  runQuery,
} from '../query/query.ts';
import { openReader } from '../store/reader.ts';
import { unreadableWords } from '../store/unreadable.ts';
import { glances } from './glances.ts';
import { ApiError } from './guard.ts';
import { type Lists, listsOf } from './lists.ts';
import { removeSnapshot, takeSnapshot } from './live-snapshots.ts';

export interface QueryRequest extends Omit<QueryOptions, 'spanNs' | 'hasSums'> {
  live?: boolean;
  format?: Format;
  utc?: boolean;
  lists?: Lists;
}

/** Asks `ask` with a reader over the store, and over open flows when `live`. */
async function withReader<Result>(
  daemon: Daemon,
  live: boolean,
  ask: (reader: Awaited<ReturnType<typeof openReader>>) => Promise<Result>,
): Promise<Result> {
  const { store } = daemon;
  if (store === undefined) throw new ApiError('there is no store: store.enabled is false', 409);
  const snapshot = live ? await takeSnapshot(daemon) : undefined;
  try {
    const beside = snapshot === undefined ? {} : { beside: [snapshot.folder] };
    const reader = await openReader(store, { types: allRecordTypes(), ...beside });
    try {
      const result = await ask(reader);
      for (const words of unreadableWords(store, reader.unreadable)) daemon.noteOnce(words);
      return result;
    } finally {
      reader.close();
    }
  } finally {
    if (snapshot !== undefined) removeSnapshot(daemon, snapshot.folder);
  }
}

export interface Answer {
  /** In the format that was asked for. */
  text: string;
  /** In words. */
  lacking: readonly string[];
}

export function answer(daemon: Daemon, request: QueryRequest, timeoutMs: number): Promise<Answer> {
  const { live = false, format = 'json', utc, lists, ...options } = request;
  const vocabulary = createVocabulary(allRecordTypes(), { isUtc: utc, lists: listsOf(lists) });
  const plan = planQuery({ ...options, hasSums: true }, vocabulary);
  return withReader(daemon, live, async (reader) => {
    const result = await runQuery(withTimeout(reader, timeoutMs) as never, plan);
    const lacking = unreadableWords(daemon.store!, reader.unreadable);
    return { text: [...formatResult(result, format, { isUtc: utc, lacking })].join(''), lacking };
  });
}

/** Answers over the newest records, over more and more of them, then over everything that was asked for. */
export async function* growingAnswer(
  daemon: Daemon,
  request: QueryRequest,
  timeoutMs: number,
): AsyncGenerator<{ event: 'partialResult' | 'finalResult'; since: string | null; text: string }> {
  const { live = false, utc, lists, format: _, ...options } = request;
  const vocabulary = createVocabulary(allRecordTypes(), { isUtc: utc, lists: listsOf(lists) });
  const whole = planQuery(options, vocabulary);
  for (const sinceNs of glances(vocabulary.nowNs, whole, await oldestNs(daemon, whole))) {
    const since = new Date(Number(sinceNs / 1_000_000n)).toISOString();
    const newest = { ...options, first: since, live: false, utc, lists, format: 'json' } as const;
    const { text } = await answer(daemon, newest, timeoutMs);
    yield { event: 'partialResult', since, text };
  }
  const { text } = await answer(daemon, { ...options, live, utc, lists, format: 'json' }, timeoutMs);
  yield { event: 'finalResult', since: null, text };
}

/** When the records begin that a question is about, open flows apart; undefined: there are none. */
function oldestNs(daemon: Daemon, { types }: Plan): Promise<bigint | undefined> {
  const names = new Set(types.map(({ name }) => name));
  return withReader(daemon, false, async ({ manifest }) => {
    const times = manifest.segments.flatMap(({ type, minTime }) =>
      names.has(type) && minTime !== undefined ? [minTime] : [],
    );
    // All alike in form, so the least text is the earliest.
    const least = times.reduce<string | undefined>((a, b) => (a === undefined || b < a ? b : a), undefined);
    return least === undefined ? undefined : BigInt(Date.parse(`${least.slice(0, 19)}Z`)) * 1_000_000n;
  });
}

function withTimeout(reader: Awaited<ReturnType<typeof openReader>>, timeoutMs: number) {
  return {
    query: (sql: string, params: unknown[]) => reader.query(sql, params as never, { timeoutMs }),
  };
}
