// The embedded store as a sink: one run is one import, committed whole at the end.

import type { ColumnBatch } from '../records/columns.ts';
import type { RecordType } from '../records/record.ts';
import { StoreError } from '../store/errors.ts';
import { rollupSpecs } from '../store/rollup/tables.ts';
import { rowForms } from '../store/row-form.ts';
import { openStoreWriter, type StoreWriter, type StoreWriterOptions } from '../store/writer.ts';
import { type ColumnSink, type RunFacts, SinkError } from './sink.ts';

export class StoreSink implements ColumnSink {
  readonly encoding = 'columns';
  readonly name: string;
  readonly directory: string;
  #writer: StoreWriter | undefined;

  readonly #options: StoreWriterOptions;

  /** `sync: false` for a store that nobody needs after this process. */
  constructor(directory: string, options: StoreWriterOptions = {}) {
    this.#options = options;
    this.name = `store:${directory}`;
    this.directory = directory;
  }

  async open(types: readonly RecordType[]): Promise<void> {
    // Whoever asks a store once and forgets it has no use for sums and small files.
    const plans = this.#options.sync === false ? {} : { rollups: rollupSpecs(types), forms: rowForms(types) };
    this.#writer = await told(openStoreWriter(this.directory, { ...plans, ...this.#options }));
  }
  async write(batch: ColumnBatch): Promise<void> {
    await told(this.#writer!.write(batch));
  }
  async close(facts: RunFacts): Promise<void> {
    await told(this.#writer!.commit(facts.digest, { inputs: [...facts.inputs], packets: facts.packets }));
  }
  async abort(): Promise<void> {
    await this.#writer?.abort();
  }
}

async function told<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof StoreError) throw new SinkError(error.message);
    throw error;
  }
}
