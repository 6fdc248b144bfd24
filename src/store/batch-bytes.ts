// A column batch as bytes: what goes to the store's thread and into the log. Little-endian, as arrays are in memory.
//
//   u8 version, u32 rows, u16 columns, u16 length of the type's name, the name
//   per column: u8 kind, u8 flags (1: has nulls, 2: JSON text, 4: no value in any row, and no arrays, 8: IPv4 only), u16 length of its name, the
//   name, then its arrays; where it has nulls, at last which rows have a value.
//   numbers: u8 width, f64 base, u32 count, zeros up to a multiple of 8, then the numbers above the base (narrow.ts)
//   bytes: u32 length, the bytes
//
// Offsets stand as lengths, addresses that are all IPv4 as one word each.

import type { Column, ColumnBatch } from '../records/columns.ts';
import { isNothing, Nothing } from '../records/nothing.ts';
import { BatchReader } from './batch-reader.ts';
import { decodeEarlierBatch } from './earlier-batch-bytes.ts';
import { type Narrow, type Numbers, narrow, narrowBelow, readNarrow, writeNarrow } from './narrow.ts';

const VERSION = 3;
/** The order of kinds, by number. */
const KINDS = ['time', 'int', 'float', 'bool', 'ip', 'keyword', 'text'] as const;
const HAS_NULLS = 1;
const IS_JSON = 2;
const IS_NOTHING = 4;
const IS_V4 = 8;

const HEAD_BYTES = 9;
const COLUMN_HEAD_BYTES = 4;
const NUMBERS_HEAD_BYTES = 13;
const MAPPED = 0xffff;

/** A batch as it is handed over and logged. */
export interface EncodedBatch {
  readonly type: string;
  readonly rows: number;
  readonly bytes: Uint8Array;
}

type Part = { readonly numbers: Numbers; readonly as: Narrow } | { readonly bytes: Uint8Array };

interface Encoded {
  readonly kind: number;
  readonly flags: number;
  readonly name: Buffer;
  readonly parts: readonly Part[];
}

const padded = (at: number): number => (at + 7) & ~7;
const numbers = (values: Numbers): Part => ({ numbers: values, as: narrow(values) });

/** `room`: memory of at least so many bytes, which begins at a multiple of 8. What is returned is a part of it. */
export function encodeBatch(
  batch: ColumnBatch,
  room: (length: number) => Uint8Array = (length) => new Uint8Array(length),
): Uint8Array {
  const columns = batch.columns.map((column) => encodeColumn(column, batch.rows));
  const type = Buffer.from(batch.type);
  const length = lengthOf(type, columns);
  const bytes = room(length).subarray(0, length);
  const out = Buffer.from(bytes.buffer, bytes.byteOffset, length);
  let at = out.writeUInt8(VERSION, 0);
  at = out.writeUInt32LE(batch.rows, at);
  at = out.writeUInt16LE(columns.length, at);
  at = out.writeUInt16LE(type.length, at);
  at += type.copy(out, at);
  for (const { kind, flags, name, parts } of columns) {
    at = out.writeUInt8(kind, at);
    at = out.writeUInt8(flags, at);
    at = out.writeUInt16LE(name.length, at);
    at += name.copy(out, at);
    for (const part of parts) at = writePart(part, out, at);
  }
  return bytes;
}

function lengthOf(type: Buffer, columns: readonly Encoded[]): number {
  let length = HEAD_BYTES + type.length;
  for (const { name, parts } of columns) {
    length += COLUMN_HEAD_BYTES + name.length;
    for (const part of parts) {
      if ('bytes' in part) length += 4 + part.bytes.length;
      else length = padded(length + NUMBERS_HEAD_BYTES) + part.numbers.length * part.as.width;
    }
  }
  return length;
}

function writePart(part: Part, out: Buffer, at: number): number {
  if ('bytes' in part) {
    const from = out.writeUInt32LE(part.bytes.length, at);
    out.set(part.bytes, from);
    return from + part.bytes.length;
  }
  const { numbers, as } = part;
  let from = out.writeUInt8(as.width, at);
  from = out.writeDoubleLE(as.base, from);
  from = out.writeUInt32LE(numbers.length, from);
  const begin = padded(from);
  // Memory that is used again has something in it.
  out.fill(0, from, begin);
  writeNarrow(numbers, as, out, begin);
  return begin + numbers.length * as.width;
}

function encodeColumn(column: Column, rows: number): Encoded {
  const kind = KINDS.indexOf(column.kind);
  const name = Buffer.from(column.name);
  let flags = column.present === undefined ? 0 : HAS_NULLS;
  if (column.kind === 'text' && column.json) flags |= IS_JSON;
  if (isNothing(column)) return { kind, flags: flags | IS_NOTHING, name, parts: [] };
  const v4 = column.kind === 'ip' ? v4Words(column.words, column.present) : undefined;
  if (v4 !== undefined) flags |= IS_V4;
  const parts = v4 === undefined ? partsOf(column, rows) : [numbers(v4)];
  if (column.present !== undefined) parts.push(numbers(column.present));
  return { kind, flags, name, parts };
}

function partsOf(column: Column, rows: number): Part[] {
  switch (column.kind) {
    case 'time':
      return [numbers(column.seconds), numbers(column.nanos)];
    case 'float':
      return [{ numbers: column.values, as: { width: 8, base: 0 } }];
    case 'int':
    case 'bool':
      return [numbers(column.values)];
    case 'ip':
      return [numbers(column.words)];
    case 'keyword': {
      const { codes, dictionaryBytes, dictionaryOffsets } = column;
      const lengths = lengthsOf(dictionaryOffsets, Math.max(0, dictionaryOffsets.length - 1));
      return [{ numbers: codes, as: narrowBelow(lengths.length) }, { bytes: dictionaryBytes }, numbers(lengths)];
    }
    case 'text': {
      // A slice of a larger batch brings only its own bytes.
      const { bytes, offsets } = column;
      return [{ bytes: bytes.subarray(offsets[0], offsets[rows]) }, numbers(lengthsOf(offsets, rows))];
    }
  }
}

function lengthsOf(offsets: Uint32Array, count: number): Uint32Array {
  const lengths = new Uint32Array(count);
  for (let i = 0; i < count; i++) lengths[i] = offsets[i + 1] - offsets[i];
  return lengths;
}

/** The last words of addresses when all are IPv4 or absent, and absent ones 0. */
function v4Words(words: Uint32Array, present: Uint8Array | undefined): Uint32Array | undefined {
  const last = new Uint32Array(words.length >> 2);
  const isV4 = present === undefined ? lastOfAll(words, last) : lastOfSome(words, present, last);
  return isV4 ? last : undefined;
}

/** Each row has an address: whether all are IPv4, and then their last words are in `last`. */
function lastOfAll(words: Uint32Array, last: Uint32Array): boolean {
  for (let row = 0; row < last.length; row++) {
    const at = row << 2;
    if ((words[at] | words[at + 1]) !== 0 || words[at + 2] !== MAPPED) return false;
    last[row] = words[at + 3];
  }
  return true;
}

function lastOfSome(words: Uint32Array, present: Uint8Array, last: Uint32Array): boolean {
  for (let row = 0, at = 0; row < last.length; row++, at += 4) {
    const word = words[at + 3];
    const isThere = present[row] !== 0;
    if ((words[at] | words[at + 1]) !== 0 || words[at + 2] !== (isThere ? MAPPED : 0) || (!isThere && word !== 0))
      return false;
    last[row] = word;
  }
  return true;
}

/** Throws a RangeError on bytes that `encodeBatch` did not make; the log's checksums make that a programmer's error. */
export function decodeBatch(bytes: Uint8Array): ColumnBatch {
  const version = bytes[0];
  if (version === 1 || version === 2) return decodeEarlierBatch(bytes);
  if (version !== VERSION) throw new RangeError(`a batch of version ${version}: this program knows up to ${VERSION}`);
  const reader = new Reader(bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes));
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
  const json = (flags & IS_JSON) !== 0;
  if ((flags & IS_NOTHING) !== 0) return none.column(name, kind, json);
  const column = readParts(reader, name, kind, json, (flags & IS_V4) !== 0);
  const present = (flags & HAS_NULLS) === 0 ? undefined : reader.numbers(Uint8Array);
  if (column.kind === 'ip' && (flags & IS_V4) !== 0) mapV4(column.words, present);
  return { ...column, present };
}

function readParts(reader: Reader, name: string, kind: Column['kind'], json: boolean, isV4: boolean): Column {
  const present = undefined;
  switch (kind) {
    case 'time':
      return { name, kind, present, seconds: reader.numbers(Uint32Array), nanos: reader.numbers(Uint32Array) };
    case 'int':
    case 'float':
      return { name, kind, present, values: reader.numbers(Float64Array) };
    case 'bool':
      return { name, kind, present, values: reader.numbers(Uint8Array) };
    case 'ip':
      return {
        name,
        kind,
        present,
        words: isV4 ? lastWords(reader.numbers(Uint32Array)) : reader.numbers(Uint32Array),
      };
    case 'keyword': {
      const codes = reader.numbers(Uint32Array);
      const dictionaryBytes = reader.bytes();
      return { name, kind, present, codes, dictionaryBytes, dictionaryOffsets: reader.offsets() };
    }
    case 'text':
      return { name, kind, json, present, bytes: reader.bytes(), offsets: reader.offsets() };
    default:
      throw new RangeError('a column of unknown kind');
  }
}

function lastWords(last: Uint32Array): Uint32Array {
  const words = new Uint32Array(last.length * 4);
  for (let row = 0; row < last.length; row++) words[row * 4 + 3] = last[row];
  return words;
}

function mapV4(words: Uint32Array, present: Uint8Array | undefined): void {
  for (let row = 0, at = 2; at < words.length; row++, at += 4) {
    if (present === undefined || present[row] !== 0) words[at] = MAPPED;
  }
}

class Reader extends BatchReader {
  /** In memory of their own: columns that share theirs are taken for columns without a value. */
  numbers<N extends Numbers>(kind: new (length: number) => N): N {
    const width = this.u8() as Narrow['width'];
    const base = this.source.readDoubleLE(this.take(8));
    const count = this.u32();
    this.take(padded(this.at) - this.at);
    const at = this.take(count * width);
    const into = new kind(count);
    readNarrow(into, { width, base }, this.source, at);
    return into;
  }

  offsets(): Uint32Array {
    const lengths = this.numbers(Uint32Array);
    const offsets = new Uint32Array(lengths.length + 1);
    for (let i = 0; i < lengths.length; i++) offsets[i + 1] = offsets[i] + lengths[i];
    return offsets;
  }
}
