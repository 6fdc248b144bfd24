// Queries of the API: the same words and the same answers as `netscribe query`, over the store and, when asked for, over what is still in
// memory.

import type { Daemon } from '../daemon/daemon.ts';
import { allRecordTypes } from '../engine/plan.ts';
import { createVocabulary, type Format, formatResult, planQuery, type QueryOptions, runQuery } from '../query/query.ts';
import { openReader } from '../store/reader.ts';
import { ApiError } from './guard.ts';
import { removeSnapshot, takeSnapshot } from './live-snapshots.ts';

export interface QueryRequest extends Omit<QueryOptions, 'spanNs'> {
  live?: boolean;
  format?: Format;
  utc?: boolean;
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
      return await ask(reader);
    } finally {
      reader.close();
    }
  } finally {
    if (snapshot !== undefined) removeSnapshot(daemon, snapshot.folder);
  }
}

/** The answer as text in the format that was asked for. */
export function answer(daemon: Daemon, request: QueryRequest, timeoutMs: number): Promise<string> {
  const { live = false, format = 'json', utc, ...options } = request;
  const plan = planQuery(options, createVocabulary(allRecordTypes(), { isUtc: utc }));
  return withReader(daemon, live, async (reader) => {
    const result = await runQuery(withTimeout(reader, timeoutMs) as never, plan);
    return [...formatResult(result, format, { isUtc: utc })].join('');
  });
}

/** How far back partial answers look, in seconds, before the whole one. */
const GLANCES = [3600, 86_400];

/** Answers over the newest hour, the newest day, then over everything that was asked for. */
export async function* growingAnswer(
  daemon: Daemon,
  request: QueryRequest,
  timeoutMs: number,
): AsyncGenerator<{ event: 'partialResult' | 'finalResult'; since: string | null; text: string }> {
  const { live = false, utc, format: _, ...options } = request;
  const vocabulary = createVocabulary(allRecordTypes(), { isUtc: utc });
  const whole = planQuery(options, vocabulary);
  for (const seconds of GLANCES) {
    const sinceNs = vocabulary.nowNs - BigInt(seconds) * 1_000_000_000n;
    // A glance that is no smaller than the whole, or lies outside of it, says nothing.
    if (whole.firstNs !== undefined && whole.firstNs >= sinceNs) continue;
    if (whole.lastNs !== undefined && whole.lastNs <= sinceNs) continue;
    const since = new Date(Number(sinceNs / 1_000_000n)).toISOString();
    const text = await answer(daemon, { ...options, first: since, live: false, utc, format: 'json' }, timeoutMs);
    yield { event: 'partialResult', since, text };
  }
  yield {
    event: 'finalResult',
    since: null,
    text: await answer(daemon, { ...options, live, utc, format: 'json' }, timeoutMs),
  };
}

function withTimeout(reader: Awaited<ReturnType<typeof openReader>>, timeoutMs: number) {
  return {
    query: (sql: string, params: unknown[]) => reader.query(sql, params as never, { timeoutMs }),
  };
}
