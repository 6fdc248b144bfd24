// The far side of `parquet:DIR`: makes columns of rows, compresses and writes them, so that reading packets does not wait for it. Messages
// come from parquet.ts, one at a time and in order.

import { parentPort, workerData } from 'node:worker_threads';
import { RowGroupEncoder } from '../store/parquet/row-group.ts';
import { type ParquetOptions, ParquetSeries, type SeriesPlan } from './parquet-series.ts';

/** Bytes of rows that wait in all types together; beyond, the type with the most is written. */
const WAITING_BYTES = 96 * 1024 * 1024;
/** Files are read in small steps and seldom: better compression is worth its time here. */
const ZSTD_LEVEL = 3;

export interface ParquetThreadData {
  readonly folder: string;
  readonly plans: readonly SeriesPlan[];
  readonly options: ParquetOptions;
}

export type ParquetRequest =
  | { kind: 'write'; bytes: Uint8Array<ArrayBuffer>; types: Uint8Array<ArrayBuffer>; rows: number }
  | { kind: 'close' }
  | { kind: 'abort' };

export type ParquetReply =
  | { kind: 'open' }
  | { kind: 'written'; bytes: number }
  | { kind: 'closed' }
  | { kind: 'failed'; message: string };

const port = parentPort!;
const { folder, plans, options } = workerData as ParquetThreadData;
const reply = (message: ParquetReply): void => port.postMessage(message);
let isOver = false;
const encoder = new RowGroupEncoder(ZSTD_LEVEL);
const all = plans.map((plan) => new ParquetSeries(folder, plan, options, encoder));

function write({ bytes, types, rows }: Extract<ParquetRequest, { kind: 'write' }>): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let waiting = 0;
  for (const series of all) waiting += series.waitingBytes;
  let at = 0;
  for (let row = 0; row < rows; row++) {
    const end = all[types[row]].append(bytes, view, at);
    waiting += end - at;
    at = end;
  }
  if (waiting > WAITING_BYTES) {
    all.reduce((most, series) => (series.waitingBytes > most.waitingBytes ? series : most)).flush();
  }
}

/** Its unfinished files go before it says so: who was told may look. */
function fail(error: unknown): void {
  isOver = true;
  abandon();
  reply({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
  port.close();
}

function abandon(): void {
  for (const series of all) {
    try {
      series.abandon();
    } catch {
      // What failed may not let itself be removed either.
    }
  }
}

port.on('message', (request: ParquetRequest) => {
  // What was on its way when a write failed.
  if (isOver) return;
  try {
    if (request.kind === 'write') {
      write(request);
      reply({ kind: 'written', bytes: request.bytes.length });
      return;
    }
    if (request.kind === 'close') for (const series of all) series.end();
    else abandon();
  } catch (error) {
    fail(error);
    return;
  }
  reply({ kind: 'closed' });
  port.close();
});

try {
  for (const series of all) series.begin();
  reply({ kind: 'open' });
} catch (error) {
  fail(error);
}
