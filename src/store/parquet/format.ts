// Names and numbers of the Parquet format as this writer uses them (parquet-format 2.11, parquet.thrift).

export const MAGIC = 'PAR1';

export const PhysicalType = { BOOLEAN: 0, INT64: 2, DOUBLE: 5, BYTE_ARRAY: 6 } as const;
export const Encoding = {
  PLAIN: 0,
  RLE: 3,
  DELTA_BINARY_PACKED: 5,
  DELTA_LENGTH_BYTE_ARRAY: 6,
  RLE_DICTIONARY: 8,
  BYTE_STREAM_SPLIT: 9,
} as const;
export const Codec = { UNCOMPRESSED: 0, ZSTD: 6 } as const;
export const PageType = { DATA_PAGE: 0, DICTIONARY_PAGE: 2 } as const;
export const Repetition = { OPTIONAL: 1 } as const;
export const ConvertedType = { UTF8: 0, UINT_64: 14, INT_64: 18 } as const;

/** What a Parquet column holds. `timestamp` is ns since 1970 in UTC, `micros` µs; `uint64` the half of an address. */
export type ParquetKind = 'timestamp' | 'micros' | 'int64' | 'uint64' | 'double' | 'boolean' | 'string';

export interface ParquetColumn {
  readonly name: string;
  readonly kind: ParquetKind;
}

export const PHYSICAL: Record<ParquetKind, number> = {
  timestamp: PhysicalType.INT64,
  micros: PhysicalType.INT64,
  int64: PhysicalType.INT64,
  uint64: PhysicalType.INT64,
  double: PhysicalType.DOUBLE,
  boolean: PhysicalType.BOOLEAN,
  string: PhysicalType.BYTE_ARRAY,
};
