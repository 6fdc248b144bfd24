// The contract of sinks: they take batches in the encoding they asked for and say when those are safe.

import type { ColumnBatch } from '../records/columns.ts';
import type { RecordType } from '../records/record.ts';
import type { TextBatch } from '../records/text-batch.ts';

/** What the run was, for sinks that keep it. Known at the end. */
export interface RunFacts {
  /** Content digest of the inputs and of the options that matter: the identity of an import. */
  digest: string;
  inputs: readonly string[];
  packets: number;
}

interface Common {
  /** As the user named it: `store:netscribe-data`. */
  readonly name: string;
  open(types: readonly RecordType[]): Promise<void>;
  /** Everything written becomes visible and durable; nothing is written afterwards. */
  close(facts: RunFacts): Promise<void>;
  /** Leaves as little as possible behind: the run failed. */
  abort(): Promise<void>;
}

export interface TextSink extends Common {
  readonly encoding: 'ndjson';
  /** Takes the bytes before it returns or resolves. */
  write(batch: TextBatch): void | Promise<void>;
}

export interface ColumnSink extends Common {
  readonly encoding: 'columns';
  /** The batch's buffers are the sink's from now on. Resolves when there is room for the next. */
  write(batch: ColumnBatch): Promise<void>;
}

export interface NullSink extends Common {
  readonly encoding: 'none';
}

export type Sink = TextSink | ColumnSink | NullSink;

/** A sink failed: what, where, what to do next. */
export class SinkError extends Error {
  override readonly name = 'SinkError';
}

/** Whoever reads our output has left: not an error, the program ends quietly. */
export class ReaderGone extends Error {
  override readonly name = 'ReaderGone';
}
