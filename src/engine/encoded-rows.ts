// Encoded records on their way from a shard to the sinks: the same rows in every encoding that was asked for.

import type { EncodingName } from '../records/encodings.ts';

/** What the sinks of a run want made of records. */
export interface WantedEncodings {
  readonly rows: readonly EncodingName[];
  readonly columns: boolean;
  /** Shared by threads: while its only word is not 0 nobody takes rows, and none are encoded. Undefined: somebody always does. */
  readonly idle?: Int32Array | undefined;
}

/** Rows in the order of (cause, first). */
export interface EncodedRows {
  /** One for each encoding that was asked for; `ends` has the end of each row in `bytes`. */
  encodings: { bytes: Uint8Array; ends: Uint32Array }[];
  /** What caused the row: the packet's number and the phase it happened in (see `outlet.ts`). */
  cause: Float64Array;
  /** Number of the first packet of the row's flow. */
  first: Float64Array;
  /** Index of the row's record type in the run's list. */
  types: Uint8Array;
  rows: number;
}

/** Every ArrayBuffer of a batch that was taken, for a transfer list. */
export function rowBuffers({ encodings, cause, first, types }: EncodedRows): ArrayBuffer[] {
  const views = [...encodings.flatMap(({ bytes, ends }) => [bytes, ends]), cause, first, types];
  return views.map((view) => view.buffer as ArrayBuffer);
}
