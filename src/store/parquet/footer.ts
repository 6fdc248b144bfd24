// What the footer of one of our segments says: its columns, and where the chunks of each row group are.
// Source: parquet-format, parquet.thrift (FileMetaData, RowGroup, ColumnMetaData).

import { MAGIC } from './format.ts';
import { ThriftReader, type ThriftStruct, type ThriftValue } from './thrift-reader.ts';

export const TAIL_BYTES = 8;

export interface ChunkPlace {
  readonly name: string;
  readonly codec: number;
  /** Of its values. */
  readonly encoding: number;
  readonly values: number;
  /** Offset of its first page in the file, and the length of all its pages. */
  readonly offset: number;
  readonly length: number;
  readonly hasDictionary: boolean;
}

export interface GroupPlace {
  readonly rows: number;
  readonly chunks: readonly ChunkPlace[];
}

export interface Footer {
  readonly rows: number;
  readonly groups: readonly GroupPlace[];
}

/** Reads the footer of a whole file. Throws a RangeError that says what is wrong. */
export function readFooter(file: Uint8Array): Footer {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  if (bytes.length < MAGIC.length + TAIL_BYTES) throw new RangeError('it is too short for a Parquet file');
  if (bytes.toString('latin1', 0, 4) !== MAGIC || bytes.toString('latin1', bytes.length - 4) !== MAGIC) {
    throw new RangeError('it does not begin and end as a Parquet file does');
  }
  const length = bytes.readUInt32LE(bytes.length - TAIL_BYTES);
  const from = bytes.length - TAIL_BYTES - length;
  if (from < MAGIC.length) throw new RangeError('its footer is longer than the file');
  const meta = new ThriftReader(bytes.subarray(from, bytes.length - TAIL_BYTES)).struct();
  const groups = list(meta, 4).map((group) => {
    const fields = struct(group);
    return { rows: number(fields, 3), chunks: list(fields, 1).map((chunk) => chunkOf(struct(chunk), from)) };
  });
  const rows = number(meta, 3);
  if (groups.reduce((sum, group) => sum + group.rows, 0) !== rows) {
    throw new RangeError('its row groups do not add up to its rows');
  }
  return { rows, groups };
}

function chunkOf(chunk: ThriftStruct, end: number): ChunkPlace {
  const meta = chunk.get(3);
  if (!(meta instanceof Map)) throw new RangeError('a column has no description');
  const [name] = list(meta, 3);
  if (!(name instanceof Uint8Array)) throw new RangeError('a column has no name');
  const dictionary = meta.get(11);
  const offset = typeof dictionary === 'number' ? dictionary : number(meta, 9);
  const length = number(meta, 7);
  if (offset < 0 || length < 0 || offset + length > end) throw new RangeError('a column is outside of the file');
  return {
    name: Buffer.from(name).toString(),
    codec: number(meta, 4),
    encoding: Number(list(meta, 2)[0]),
    values: number(meta, 5),
    offset,
    length,
    hasDictionary: dictionary !== undefined,
  };
}

function struct(value: ThriftValue): ThriftStruct {
  if (!(value instanceof Map)) throw new RangeError('a list holds something else than it should');
  return value;
}

function number(fields: ThriftStruct, id: number): number {
  const value = fields.get(id);
  if (typeof value !== 'number') throw new RangeError(`number ${id} is missing`);
  return value;
}

function list(fields: ThriftStruct, id: number): readonly ThriftValue[] {
  const value = fields.get(id);
  if (!Array.isArray(value)) throw new RangeError(`list ${id} is missing`);
  return value;
}
