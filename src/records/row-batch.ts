// Encoded records on their way to a sink.

/** Rows in the encoding that the sink asked for. */
export interface RowBatch {
  bytes: Uint8Array;
  /** End of each row in `bytes`; the first row begins at 0. */
  ends: Uint32Array;
  /** The row's record type: an index into the types that the sink was opened with. */
  types: Uint8Array;
  rows: number;
}
