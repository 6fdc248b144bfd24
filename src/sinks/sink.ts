// The contract of sinks: they take batches in the encoding they asked for and say when those are safe.

import type { ColumnBatch } from '../records/columns.ts';
import type { EncodingName } from '../records/encodings.ts';
import type { RecordType } from '../records/record.ts';
import type { RowBatch } from '../records/row-batch.ts';
import type { PacketBatch, PacketSource } from '../sources/source.ts';

/** What the run was, for sinks that keep it. Known at the end. */
export interface RunFacts {
  /** Content digest of the inputs and of the options that matter: the identity of an import. */
  digest: string;
  inputs: readonly string[];
  packets: number;
}

/** Where the packets of a run come from. The lists grow while it is read. */
export type PacketOrigin = Pick<PacketSource, 'interfaces' | 'secrets' | 'names'>;

interface Common {
  /** As the user named it: `store:netscribe-data`. */
  readonly name: string;
  /** Called once, before anything is written. `types` are the records to come, as the user's options show them. */
  open(types: readonly RecordType[], origin: PacketOrigin): Promise<void>;
  /** Everything written becomes visible and durable; nothing is written afterwards. */
  close(facts: RunFacts): Promise<void>;
  /** Leaves as little as possible behind: the run failed. */
  abort(): Promise<void>;
}

/** Takes records as rows of bytes. */
export interface RowSink extends Common {
  readonly encoding: EncodingName;
  /** Shared by threads: while its only word is not 0 the sink takes nothing, and rows need not be encoded for it. */
  readonly idle?: Int32Array;
  /** The batch's memory is the sink's until it returns or resolves; the next batch comes after that. */
  write(batch: RowBatch): void | Promise<void>;
}

/** Takes records as columns of typed arrays. */
export interface ColumnSink extends Common {
  readonly encoding: 'columns';
  /** The batch is read before `write` returns its promise, and nothing of it is kept: it may be lent. */
  readonly isPrompt?: true;
  /** The batch's buffers are the sink's from now on, unless it is prompt. Resolves when there is room for the next. */
  write(batch: ColumnBatch): Promise<void>;
  /**
   * What was written becomes visible, while more is to come: asked for now and then by runs that have no end. Never rejects. `close` may
   * come before it is done.
   */
  writeOut?(): Promise<unknown>;
}

/** Takes packets: those that pass the filter, in the order of the input. */
export interface PacketSink extends Common {
  readonly encoding: 'packets';
  /**
   * The batch is the sink's until it returns or resolves. The answer says how many of its packets were taken: fewer than all means that
   * the sink wants no more, and the run ends behind the last one taken, as if the input had ended there.
   */
  write(batch: PacketBatch): number | Promise<number>;
}

/** Takes nothing. */
export interface NullSink extends Common {
  readonly encoding: 'none';
}

export type Sink = RowSink | ColumnSink | PacketSink | NullSink;

/** A sink failed: what, where, what to do next. */
export class SinkError extends Error {
  override readonly name = 'SinkError';
}

/** What was asked of a sink can not be: nothing was opened. */
export class SinkUsageError extends SinkError {}

/** Whoever reads our output has left: not an error, the program ends quietly. */
export class ReaderGone extends Error {
  override readonly name = 'ReaderGone';
}
