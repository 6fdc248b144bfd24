// The pages of a column chunk, decompressed and taken apart: definition levels, encoding, values. Only what chunk.ts writes.

import zlib from 'node:zlib';
import type { ChunkPlace } from './footer.ts';
import { Codec, PageType } from './format.ts';
import { ThriftReader, type ThriftStruct } from './thrift-reader.ts';

/** A page may not decompress to more than this: a row group's texts are below 32 MiB. */
const LARGEST_PAGE = 256 * 1024 * 1024;

export interface ChunkPages {
  readonly encoding: number;
  /** 1 for a row with a value; undefined when every row has one. */
  readonly present: Uint8Array | undefined;
  /** Rows with a value. */
  readonly count: number;
  readonly values: Buffer;
  readonly dictionary: Buffer | undefined;
  readonly entries: number;
}

interface Page {
  readonly type: number;
  readonly head: ThriftStruct;
  readonly bytes: Buffer;
}

/** Throws a RangeError when a page is damaged: a wrong checksum, length or number of values. */
export function readPages(file: Uint8Array, place: ChunkPlace, rows: number): ChunkPages {
  let at = place.offset;
  const end = place.offset + place.length;
  let dictionary: Page | undefined;
  if (place.hasDictionary) {
    dictionary = readPage(file, at, end, place.codec, (next) => (at = next));
    if (dictionary.type !== PageType.DICTIONARY_PAGE) throw new RangeError('its dictionary is missing');
  }
  const data = readPage(file, at, end, place.codec, (next) => (at = next));
  if (data.type !== PageType.DATA_PAGE || at !== end) throw new RangeError('it is not one page');
  const head = structAt(data.head, 5);
  if (head.get(1) !== rows) throw new RangeError(`it has ${head.get(1)} rows instead of ${rows}`);
  const levelsEnd = 4 + data.bytes.readUInt32LE(0);
  const levels = readHybrid(data.bytes.subarray(4, levelsEnd), 1, rows);
  const count = levels.reduce((sum, level) => sum + level, 0);
  return {
    encoding: Number(head.get(2)),
    present: count === rows ? undefined : Uint8Array.from(levels),
    count,
    values: data.bytes.subarray(levelsEnd),
    dictionary: dictionary?.bytes,
    entries: dictionary === undefined ? 0 : Number(structAt(dictionary.head, 7).get(1)),
  };
}

function structAt(fields: ThriftStruct, id: number): ThriftStruct {
  const value = fields.get(id);
  if (!(value instanceof Map)) throw new RangeError('a page header is damaged');
  return value;
}

function readPage(file: Uint8Array, at: number, end: number, codec: number, done: (next: number) => void): Page {
  const reader = new ThriftReader(file.subarray(0, end), at);
  const head = reader.struct();
  const [type, raw, packed, crc] = [1, 2, 3, 4].map((id) => head.get(id));
  if (typeof type !== 'number' || typeof raw !== 'number' || typeof packed !== 'number' || raw > LARGEST_PAGE) {
    throw new RangeError('a page header is damaged');
  }
  if (reader.at + packed > end) throw new RangeError('a page is longer than its column');
  const bytes = Buffer.from(file.buffer, file.byteOffset + reader.at, packed);
  if (crc !== undefined && crc !== (zlib.crc32(bytes) | 0)) throw new RangeError('the checksum of a page is wrong');
  done(reader.at + packed);
  const plain = codec === Codec.ZSTD ? zlib.zstdDecompressSync(bytes, { maxOutputLength: raw }) : bytes;
  if (plain.length !== raw) throw new RangeError('a page has another length than its header says');
  return { type, head, bytes: plain };
}

/** The RLE / bit-packing hybrid (parquet-format Encodings.md): `count` values of `width` bits. */
export function readHybrid(bytes: Uint8Array, width: number, count: number): Uint32Array {
  const values = new Uint32Array(count);
  const size = (width + 7) >> 3;
  let at = 0;
  let done = 0;
  while (done < count) {
    let head = 0;
    let shift = 0;
    for (let byte = 128; byte >= 128; shift += 7) {
      if (at >= bytes.length || shift > 28) throw new RangeError('a run is damaged');
      byte = bytes[at++];
      head |= (byte & 127) << shift;
    }
    if ((head & 1) === 0) {
      let value = 0;
      for (let i = 0; i < size; i++) value |= bytes[at++] << (8 * i);
      const to = Math.min(count, done + (head >>> 1));
      if (to === done || at > bytes.length) throw new RangeError('a run is damaged');
      values.fill(value, done, to);
      done = to;
      continue;
    }
    const groups = head >>> 1;
    if (groups === 0 || at + groups * width > bytes.length) throw new RangeError('a run is damaged');
    let pending = 0;
    let bits = 0;
    let from = at;
    const mask = width === 32 ? -1 : (1 << width) - 1;
    for (const to = Math.min(count, done + groups * 8); done < to; done++) {
      while (bits < width) {
        pending |= bytes[from++] << bits;
        bits += 8;
      }
      values[done] = pending & mask;
      pending >>>= width;
      bits -= width;
    }
    at += groups * width;
  }
  return values;
}
