// The store's writer for live batches, in its own thread: appends to the log, turns the log into segments when told to. Messages come
// from live-writer.ts. An error is an answer; the thread lives on and tries again with the next message, also when its folder was gone.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import type { ColumnBatch } from '../records/columns.ts';
import { StoreError, writeError } from './errors.ts';
import type { ImportSummary } from './import.ts';
import { LOCK_FILE } from './layout.ts';
import type { Retention } from './retention.ts';
import { openStore, type Store, type StoreOptions } from './store.ts';

/** Records of an hour may come so much later than its begin. */
const HOUR_OVER_MS = 2 * 3600 * 1000;

export interface LiveThreadData {
  readonly directory: string;
  readonly retention: Retention;
  readonly options: StoreOptions;
}

export type LiveRequest = { id: number } & (
  | { kind: 'open' }
  | { kind: 'append'; batch: ColumnBatch; batchId: string }
  | { kind: 'rotate' }
  /** From now on: what is kept, and which roll-ups are made. */
  | { kind: 'renew'; options: StoreOptions; retention: Retention }
  | { kind: 'close' }
);

export interface LiveFigures {
  logBytes: number;
  segments: number;
  segmentBytes: number;
}

export type LiveReply = { id: number; figures: LiveFigures } & (
  | { summary: ImportSummary | undefined; error?: undefined }
  | { error: { message: string; code: string; path: string } }
);

const port = parentPort!;
const { directory } = workerData as LiveThreadData;
let { options, retention } = workerData as LiveThreadData;
let store: Store | undefined;

/** The store, opened when it is not. Whoever removed the folder removed the lock in it. */
function opened(): Store {
  if (store !== undefined && !existsSync(join(directory, LOCK_FILE))) {
    forget();
    throw new StoreError(`the store at ${directory} is gone: it is made anew`, 'gone', directory);
  }
  store ??= openStore(directory, options);
  return store;
}

/** The next request opens the store anew. */
function forget(): void {
  const gone = store;
  store = undefined;
  try {
    gone?.close();
  } catch {
    // Nothing of it is there any more.
  }
}

/** Merging reads and writes again what is there: not with every rotation, and appends wait meanwhile. */
const TIDY_MS = 10 * 60_000;
let tidyAt = performance.now() + TIDY_MS;

/** What follows a rotation now and then: small segments of hours that are over become one, what is too old or too much goes. */
function tidy(tidied: Store): void {
  const over = new Date(Date.now() - HOUR_OVER_MS).toISOString();
  tidied.merge((time) => time < over);
  if (Object.keys(retention).length > 0) tidied.prune(retention);
  tidied.removeReplaced(Date.now());
  tidyAt = performance.now() + TIDY_MS;
}

async function answer(request: LiveRequest): Promise<ImportSummary | undefined> {
  switch (request.kind) {
    case 'open':
      // What an earlier process had acknowledged becomes segments first.
      return opened().rotate();
    case 'append':
      await opened().append(request.batch, request.batchId);
      return undefined;
    case 'rotate': {
      const summary = opened().rotate();
      if (performance.now() >= tidyAt) tidy(opened());
      return summary;
    }
    case 'renew':
      retention = request.retention;
      if (JSON.stringify(request.options) !== JSON.stringify(options)) {
        options = request.options;
        store?.rotate();
        store?.close();
        store = undefined;
      }
      if (Object.keys(retention).length > 0) tidy(opened());
      return undefined;
    case 'close':
      try {
        return store?.rotate();
      } finally {
        store?.close();
        store = undefined;
      }
  }
}

function figures(): LiveFigures {
  const segments = store?.manifest.segments ?? [];
  return {
    logBytes: store?.logBytes ?? 0,
    segments: segments.length,
    segmentBytes: segments.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

port.on('message', async (request: LiveRequest) => {
  const { id } = request;
  try {
    const summary = await answer(request);
    port.postMessage({ id, summary, figures: figures() } satisfies LiveReply);
  } catch (error) {
    const { message, code, path } = writeError(directory, error);
    // A part of the folder is gone, be it while the rest is being removed.
    if (code === 'ENOENT') forget();
    port.postMessage({ id, error: { message, code, path }, figures: figures() } satisfies LiveReply);
  }
  if (request.kind === 'close') port.close();
});
