// Column batches as the logs of versions 1 and 2 have them: one that a former version of the program left behind is still read.
//
//   u8 version, u32 rows, u16 columns, u16 length of the type's name, the name
//   per column: u8 kind, u8 flags (1: has nulls, 2: JSON text, 4: no value in any row, and no arrays), u16 length of its name, the name, then its
//   arrays, each as u32 length in bytes and the bytes. Nothing is padded: reading copies, which aligns. Version 1 had no columns without arrays.

import type { Column, ColumnBatch } from '../records/columns.ts';
import { Nothing } from '../records/nothing.ts';
import { BatchReader } from './batch-reader.ts';

const KINDS = ['time', 'int', 'float', 'bool', 'ip', 'keyword', 'text'] as const;
const HAS_NULLS = 1;
const IS_JSON = 2;
const IS_NOTHING = 4;

/** Throws a RangeError on anything else. */
export function decodeEarlierBatch(bytes: Uint8Array): ColumnBatch {
  const reader = new Reader(bytes);
  reader.u8();
  const rows = reader.u32();
  const count = reader.u16();
  const type = reader.text(reader.u16());
  const columns: Column[] = [];
  const none = new Nothing(rows);
  for (let i = 0; i < count; i++) columns.push(readColumn(reader, none));
  return { type, rows, columns };
}

function readColumn(reader: Reader, none: Nothing): Column {
  const kind = KINDS[reader.u8()];
  const flags = reader.u8();
  const name = reader.text(reader.u16());
  if ((flags & IS_NOTHING) !== 0) return none.column(name, kind, (flags & IS_JSON) !== 0);
  const column = readArrays(reader, name, kind, (flags & IS_JSON) !== 0);
  return (flags & HAS_NULLS) !== 0 ? { ...column, present: reader.bytes() } : column;
}

function readArrays(reader: Reader, name: string, kind: Column['kind'], json: boolean): Column {
  const present = undefined;
  switch (kind) {
    case 'time':
      return { name, kind, present, seconds: reader.words(), nanos: reader.words() };
    case 'int':
    case 'float':
      return { name, kind, present, values: reader.doubles() };
    case 'bool':
      return { name, kind, present, values: reader.bytes() };
    case 'ip':
      return { name, kind, present, words: reader.words() };
    case 'keyword': {
      const codes = reader.words();
      return { name, kind, present, codes, dictionaryBytes: reader.bytes(), dictionaryOffsets: reader.words() };
    }
    case 'text':
      return { name, kind, json, present, bytes: reader.bytes(), offsets: reader.words() };
    default:
      throw new RangeError('a column of unknown kind');
  }
}

class Reader extends BatchReader {
  words = (): Uint32Array => new Uint32Array(this.bytes().buffer);
  doubles = (): Float64Array => new Float64Array(this.bytes().buffer);
}
