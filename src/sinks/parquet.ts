// `parquet:DIR`: a Parquet file (zstd) per record type, for DuckDB, pandas, Spark and whoever reads the format. Columns have the ECS names
// that CSV has, addresses are text, times are nanoseconds, lists and objects are JSON text.
//
// A file has its name when it is complete; until then it is called NAME.part. A file that has become large enough is followed by
// NAME.00001.parquet and so on. What an earlier run left under these names is replaced, and files with higher numbers are removed, so the
// folder holds one run. A thread of its own writes them (parquet-thread.ts); rows wait for it up to a bound, then reading waits.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { binaryColumns } from '../records/binary.ts';
import type { RecordType } from '../records/record.ts';
import type { RowBatch } from '../records/row-batch.ts';
import { InFlight } from '../store/in-flight.ts';
import { workerFile } from '../system/program-files.ts';
import { makeOutputFolder } from './output.ts';
import type { ParquetOptions } from './parquet-series.ts';
import type { ParquetReply, ParquetRequest, ParquetThreadData } from './parquet-thread.ts';
import { type RowSink, SinkError } from './sink.ts';

/** Bytes of rows on their way to the thread: beyond, `write` waits. */
const IN_FLIGHT_BYTES = 16 * 1024 * 1024;

export const PARQUET_DEFAULTS: ParquetOptions = { rows: Number.MAX_SAFE_INTEGER, bytes: 1024 ** 3 };

export class ParquetFolder implements RowSink {
  readonly encoding = 'binary';
  readonly name: string;
  readonly #folder: string;
  readonly #options: ParquetOptions;
  readonly #inFlight = new InFlight(IN_FLIGHT_BYTES);
  readonly #opened = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  #worker: Worker | undefined;
  #error: SinkError | undefined;

  constructor(folder: string, options: ParquetOptions = PARQUET_DEFAULTS) {
    this.name = `parquet:${folder}`;
    this.#folder = folder;
    this.#options = options;
    // Failures are reported by the next call; without a call there is nobody to hear them.
    for (const { promise } of [this.#opened, this.#ended]) promise.catch(() => undefined);
  }

  async open(types: readonly RecordType[]): Promise<void> {
    makeOutputFolder(this.#folder, 'name another with --to parquet:DIR');
    const plans = types.map((type) => ({ type: type.name, columns: binaryColumns(type) }));
    const workerData: ParquetThreadData = { folder: this.#folder, plans, options: this.#options };
    const worker = new Worker(workerFile('sinks/parquet-thread'), { workerData, name: 'parquet' });
    this.#worker = worker;
    worker.on('message', (reply: ParquetReply) => {
      if (reply.kind === 'open') this.#opened.resolve();
      else if (reply.kind === 'written') this.#inFlight.taken(reply.bytes);
      else if (reply.kind === 'closed') this.#ended.resolve();
      else this.#fail(reply.message);
    });
    worker.on('error', (error) => this.#fail(`the thread that writes ${this.#folder} ended: ${error}`));
    worker.on('exit', (code) => this.#fail(`the thread that writes ${this.#folder} ended: exit code ${code}`));
    await this.#opened.promise;
  }

  async write({ bytes, ends, types, rows }: RowBatch): Promise<void> {
    if (this.#error !== undefined) throw this.#error;
    if (rows === 0) return;
    // The batch is the sink's only for now.
    const own = {
      bytes: new Uint8Array(bytes.subarray(0, ends[rows - 1])),
      types: new Uint8Array(types.subarray(0, rows)),
    };
    this.#inFlight.add(own.bytes.length);
    this.#send({ kind: 'write', ...own, rows }, [own.bytes.buffer, own.types.buffer]);
    await this.#inFlight.room();
  }

  async close(): Promise<void> {
    await this.#end({ kind: 'close' });
  }
  /** Does not reject when the thread has failed before: it left nothing then. */
  async abort(): Promise<void> {
    if (this.#worker !== undefined) await this.#end({ kind: 'abort' }).catch(() => undefined);
  }

  async #end(request: ParquetRequest): Promise<void> {
    if (this.#error !== undefined) throw this.#error;
    const exited = once(this.#worker!, 'exit');
    this.#send(request, []);
    await this.#ended.promise;
    await exited;
  }

  #send(request: ParquetRequest, transfer: ArrayBuffer[]): void {
    this.#worker!.postMessage(request, transfer);
  }

  /** After the end it changes nothing any more. */
  #fail(message: string): void {
    this.#error ??= new SinkError(message);
    this.#opened.reject(this.#error);
    this.#ended.reject(this.#error);
    this.#inFlight.fail(this.#error);
  }
}
