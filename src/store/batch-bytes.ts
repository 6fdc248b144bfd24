// A column batch as bytes, for the log: arrays as they are in memory (little-endian), behind a small header per column.
//
//   u8 version, u32 rows, u16 columns, u16 length of the type's name, the name
//   per column: u8 kind, u8 flags (1: has nulls, 2: JSON text, 4: no value in any row, and no arrays), u16 length of its name, the name, then its arrays, each as
//   u32 length in bytes and the bytes. Nothing is padded: reading copies, which aligns.

import type { Column, ColumnBatch } from '../records/columns.ts';
import { isNothing, Nothing } from '../records/nothing.ts';

/** 1 had no columns without arrays. */
const VERSION = 2;
const KINDS = ['time', 'int', 'float', 'bool', 'ip', 'keyword', 'text'] as const;
const HAS_NULLS = 1;
const IS_JSON = 2;
const IS_NOTHING = 4;

type Values = Uint8Array | Uint32Array | Float64Array;

function arraysOf(column: Column, rows: number): Values[] {
  switch (column.kind) {
    case 'time':
      return [column.seconds, column.nanos];
    case 'int':
    case 'float':
    case 'bool':
      return [column.values];
    case 'ip':
      return [column.words];
    case 'keyword':
      return [column.codes, column.dictionaryBytes, column.dictionaryOffsets];
    case 'text': {
      // A slice of a larger batch brings only its own bytes.
      const { bytes, offsets } = column;
      const from = offsets[0];
      const own = from === 0 ? offsets.subarray(0, rows + 1) : offsets.subarray(0, rows + 1).map((at) => at - from);
      return [bytes.subarray(from, offsets[rows]), own];
    }
  }
}

export function encodeBatch(batch: ColumnBatch): Uint8Array {
  const columns = batch.columns.map((column) => {
    const isEmpty = isNothing(column);
    const arrays = isEmpty ? [] : arraysOf(column, batch.rows);
    if (column.present !== undefined && !isEmpty) arrays.push(column.present);
    const isJson = column.kind === 'text' && column.json;
    const flags = (column.present === undefined ? 0 : HAS_NULLS) | (isJson ? IS_JSON : 0) | (isEmpty ? IS_NOTHING : 0);
    return { column, flags, name: Buffer.from(column.name), arrays };
  });
  const type = Buffer.from(batch.type);
  let length = 9 + type.length;
  for (const { name, arrays } of columns) {
    length += 4 + name.length;
    for (const { byteLength } of arrays) length += 4 + byteLength;
  }
  const out = Buffer.allocUnsafeSlow(length);
  let at = out.writeUInt8(VERSION, 0);
  at = out.writeUInt32LE(batch.rows, at);
  at = out.writeUInt16LE(columns.length, at);
  at = out.writeUInt16LE(type.length, at);
  at += type.copy(out, at);
  for (const { column, flags, name, arrays } of columns) {
    at = out.writeUInt8(KINDS.indexOf(column.kind), at);
    at = out.writeUInt8(flags, at);
    at = out.writeUInt16LE(name.length, at);
    at += name.copy(out, at);
    for (const { buffer, byteOffset, byteLength } of arrays) {
      at = out.writeUInt32LE(byteLength, at);
      out.set(new Uint8Array(buffer, byteOffset, byteLength), at);
      at += byteLength;
    }
  }
  return out;
}

/** Throws a RangeError on bytes that `encodeBatch` did not make; the log's checksums make that a programmer's error. */
export function decodeBatch(bytes: Uint8Array): ColumnBatch {
  const reader = new Reader(bytes);
  const version = reader.u8();
  if (version < 1 || version > VERSION)
    throw new RangeError(`a batch of version ${version}: this program knows up to ${VERSION}`);
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

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  #take(length: number): number {
    const at = this.#at;
    if (at + length > this.#bytes.length) throw new RangeError('the batch ends too early');
    this.#at = at + length;
    return at;
  }

  u8 = (): number => this.#bytes.readUInt8(this.#take(1));
  u16 = (): number => this.#bytes.readUInt16LE(this.#take(2));
  u32 = (): number => this.#bytes.readUInt32LE(this.#take(4));

  text(length: number): string {
    const at = this.#take(length);
    return this.#bytes.toString('utf8', at, at + length);
  }

  bytes(): Uint8Array {
    const length = this.u32();
    const at = this.#take(length);
    return new Uint8Array(this.#bytes.subarray(at, at + length));
  }

  words = (): Uint32Array => new Uint32Array(this.bytes().buffer);
  doubles = (): Float64Array => new Float64Array(this.bytes().buffer);
}
