// The columnar form of records: what goes to the store's writer. Typed arrays only, so that it crosses threads by transfer.

/** The last second that times have: in 2106. */
export const LAST_SECOND = 0xffffffff;

/** 1 where the row has a value; absent when every row has one. It shares its buffer with the values when no row has one (`nothing.ts`). */
type Present = Uint8Array | undefined;

export type Column =
  | { name: string; kind: 'time'; seconds: Uint32Array; nanos: Uint32Array; present: Present }
  /** Exact integers up to 2^53; `duration` too. */
  | { name: string; kind: 'int'; values: Float64Array; present: Present }
  | { name: string; kind: 'float'; values: Float64Array; present: Present }
  | { name: string; kind: 'bool'; values: Uint8Array; present: Present }
  /** Four words a row in network order; IPv4 as 0, 0, 0xffff, address (RFC 4291 section 2.5.5.2). */
  | { name: string; kind: 'ip'; words: Uint32Array; present: Present }
  /** Entry c of the dictionary is the UTF-8 in bytes[offsets[c], offsets[c + 1]). */
  | {
      name: string;
      kind: 'keyword';
      codes: Uint32Array;
      dictionaryBytes: Uint8Array;
      dictionaryOffsets: Uint32Array;
      present: Present;
    }
  /** Row r is the UTF-8 in bytes[offsets[r], offsets[r + 1]); `json` says that it is JSON text. */
  | { name: string; kind: 'text'; json: boolean; bytes: Uint8Array; offsets: Uint32Array; present: Present };

export interface ColumnBatch {
  /** Name of the record type. */
  type: string;
  rows: number;
  columns: Column[];
}

/** Every ArrayBuffer of a batch, for a transfer list. */
export function transferList(batch: ColumnBatch): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  for (const column of batch.columns) {
    for (const value of Object.values(column)) {
      if (ArrayBuffer.isView(value)) buffers.add(value.buffer as ArrayBuffer);
    }
  }
  return [...buffers];
}
