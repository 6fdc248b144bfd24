// The encodings that rows of records can have on their way to sinks. A new one is one line here: its writer, its encoder, and for those
// that are written to files, their name's extension and what stands at their beginning.

import { BinaryWriter } from './binary.ts';
import { CopyWriter } from './copy-writer.ts';
import { csvHeader } from './csv.ts';
import { CsvWriter } from './csv-writer.ts';
import { flatEncoder } from './flat.ts';
import { ndjsonEncoder } from './ndjson.ts';
import type { RecordType } from './record.ts';
import type { ValueWriter } from './value-writer.ts';
import { JsonWriter } from './writer.ts';

/** Writes a record and what it takes from its flow at `at` as one row; returns the offset behind. Reserves its room. */
export type RowEncoder<W extends ValueWriter = ValueWriter> = (
  record: object,
  flow: object,
  writer: W,
  at: number,
) => number;

export interface Encoding {
  readonly newWriter: (capacity: number) => ValueWriter;
  /** The encoder of a type, for writers of `newWriter`. */
  readonly encoder: (type: RecordType) => RowEncoder;
  /** What rows of a type begin with; '' for nothing. Rows of several types go into one file only where there is nothing. */
  readonly header: (type: RecordType) => string;
}

function encoding<W extends ValueWriter>(
  newWriter: (capacity: number) => W,
  encoder: (type: RecordType) => RowEncoder<W>,
  header: (type: RecordType) => string = () => '',
): Encoding {
  return { newWriter, encoder: encoder as (type: RecordType) => RowEncoder, header };
}

export const ENCODINGS = {
  ndjson: encoding((bytes) => new JsonWriter(bytes), ndjsonEncoder),
  csv: encoding((bytes) => new CsvWriter(bytes), flatEncoder, csvHeader),
  binary: encoding((bytes) => new BinaryWriter(bytes), flatEncoder),
  copy: encoding((bytes) => new CopyWriter(bytes), flatEncoder),
};

export type EncodingName = keyof typeof ENCODINGS;
