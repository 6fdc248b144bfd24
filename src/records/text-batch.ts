// Encoded records on their way from a shard to the sinks.

/** Rows as text, in the order of (cause, first). */
export interface TextBatch {
  bytes: Uint8Array;
  /** End of each row in `bytes`. */
  ends: Uint32Array;
  /** What caused the row: the packet's number and the phase it happened in (see `engine/outlet.ts`). */
  cause: Float64Array;
  /** Number of the first packet of the row's flow. */
  first: Float64Array;
  /** Index of the row's record type in the engine's list. */
  types: Uint8Array;
  rows: number;
}
