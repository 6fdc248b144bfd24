// The store's writer in its own thread: encoding, compressing and flushing must not hold up the thread that captures.
// Messages come from writer.ts, one at a time and in order.

import { parentPort, workerData } from 'node:worker_threads';
import type { ColumnBatch } from '../records/columns.ts';
import { writeError } from './errors.ts';
import type { ImportSummary, ImportWriter } from './import.ts';
import type { ImportMeta } from './manifest.ts';
import { openStore, type Store, type StoreOptions } from './store.ts';

export interface WriterData {
  readonly directory: string;
  readonly options: StoreOptions;
}

export type WriterRequest =
  | { kind: 'write'; batch: ColumnBatch; bytes: number }
  | { kind: 'commit'; name: string; meta: ImportMeta }
  | { kind: 'abort' };

export type WriterReply =
  | { kind: 'open' }
  | { kind: 'written'; bytes: number }
  | { kind: 'committed'; summary: ImportSummary }
  | { kind: 'aborted' }
  | { kind: 'failed'; message: string; code: string; path: string };

const port = parentPort!;
const { directory, options } = workerData as WriterData;
const reply = (message: WriterReply): void => port.postMessage(message);

let store: Store | undefined;
let writer: ImportWriter | undefined;

function fail(error: unknown): void {
  const { message, code, path } = writeError(directory, error);
  end({ kind: 'failed', message, code, path });
}

/** The lock is given back before the last reply, so that who waits for the reply can open the store at once. */
function end(last: WriterReply): void {
  try {
    store?.close();
  } catch {
    // What could not be removed now is removed by the next writer.
  }
  store = writer = undefined;
  reply(last);
  port.close();
}

port.on('message', (request: WriterRequest) => {
  if (writer === undefined) return;
  try {
    if (request.kind === 'write') {
      writer.write(request.batch);
      reply({ kind: 'written', bytes: request.bytes });
    } else if (request.kind === 'commit') {
      const summary = writer.commit(request.name, request.meta);
      end({ kind: 'committed', summary });
    } else {
      writer.abort();
      end({ kind: 'aborted' });
    }
  } catch (error) {
    fail(error);
  }
});

try {
  store = openStore(directory, options);
  writer = store.beginImport();
  reply({ kind: 'open' });
} catch (error) {
  fail(error);
}
