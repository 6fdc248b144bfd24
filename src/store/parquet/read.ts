// Segments back into column batches: merging reads what was written before, and a check reads all of it. Reads what this folder
// writes; DuckDB is for everything else.

import type { Column, ColumnBatch } from '../../records/columns.ts';
import { readDeltas } from './delta-reader.ts';
import type { GroupPlace } from './footer.ts';
import { Encoding } from './format.ts';
import { splitNanos } from './int64.ts';
import { type ChunkPages, readHybrid, readPages } from './pages.ts';
import type { FileColumn } from './row-group.ts';

export { readFooter } from './footer.ts';

/** One row group of a file as a batch of the file's columns. Throws a RangeError that names the column and what is wrong with it. */
export function readGroup(
  file: Uint8Array,
  group: GroupPlace,
  type: string,
  wanted: readonly FileColumn[],
): ColumnBatch {
  const columns = wanted.map((column) => {
    try {
      return readColumn(file, group, column);
    } catch (error) {
      throw new RangeError(`column ${column.name}: ${(error as Error).message}`, { cause: error });
    }
  });
  return { type, rows: group.rows, columns };
}

function pagesOf(file: Uint8Array, group: GroupPlace, name: string): ChunkPages {
  const place = group.chunks.find((chunk) => chunk.name === name);
  if (place === undefined) throw new RangeError('it is missing');
  return readPages(file, place, group.rows);
}

function readColumn(file: Uint8Array, group: GroupPlace, { name, kind, as }: FileColumn): Column {
  const { rows } = group;
  if (kind === 'ip') {
    const [hi, lo] = ['hi', 'lo'].map((half) => pagesOf(file, group, `${name}_${half}`));
    const words = new Uint32Array(rows * 4);
    for (const [place, pages] of [hi, lo].entries()) {
      const pairs = wordsOf(pages);
      eachRow(pages, rows, (row, i) => {
        words[row * 4 + place * 2] = pairs[i * 2 + 1];
        words[row * 4 + place * 2 + 1] = pairs[i * 2];
      });
    }
    return { name, kind, words, present: lo.present };
  }
  const pages = pagesOf(file, group, name);
  const { present } = pages;
  switch (kind) {
    case 'time':
      return { name, kind, ...readTimes(pages, rows), present };
    case 'int':
      return { name, kind, values: spread(pages, rows, readIntegers(pages, as === 'double')), present };
    case 'float': {
      const values = new Float64Array(pages.count);
      for (let i = 0; i < pages.count; i++) values[i] = pages.values.readDoubleLE(i * 8);
      return { name, kind, values: spread(pages, rows, values), present };
    }
    case 'bool': {
      const values = new Uint8Array(rows);
      eachRow(pages, rows, (row, i) => (values[row] = (pages.values[i >> 3] >> (i & 7)) & 1));
      return { name, kind, values, present };
    }
    case 'keyword':
      return readKeywords(name, pages, rows);
    case 'text':
      return readTexts(name, pages, rows);
  }
}

/** Calls `put` with the number of each row that has a value and the number of that value. */
function eachRow({ present }: ChunkPages, rows: number, put: (row: number, value: number) => void): void {
  for (let row = 0, i = 0; row < rows; row++) if (present === undefined || present[row] !== 0) put(row, i++);
}

function spread({ present, count }: ChunkPages, rows: number, values: Float64Array): Float64Array {
  if (present === undefined || count === rows) return values;
  const all = new Float64Array(rows);
  for (let row = 0, i = 0; row < rows; row++) if (present[row] !== 0) all[row] = values[i++];
  return all;
}

/** Codes into the dictionary of the values that are present. */
function codesOf({ values, count, entries }: ChunkPages): Uint32Array {
  const codes = readHybrid(values.subarray(1), values[0], count);
  for (const code of codes) if (code >= entries) throw new RangeError('a value is not in the dictionary');
  return codes;
}

/** 64-bit numbers as pairs of low and high word. */
function wordsOf(pages: ChunkPages): Uint32Array {
  const { encoding, values, count, dictionary, entries } = pages;
  const plain = (bytes: Buffer, length: number) =>
    new Uint32Array(Uint8Array.from(bytes.subarray(0, length * 8)).buffer, 0, length * 2);
  if (count === 0) return new Uint32Array(0);
  if (encoding === Encoding.PLAIN) return plain(values, count);
  if (encoding !== Encoding.RLE_DICTIONARY || dictionary === undefined) throw unknown(encoding);
  const words = plain(dictionary, entries);
  const pairs = new Uint32Array(count * 2);
  for (const [i, code] of codesOf(pages).entries()) {
    pairs[i * 2] = words[code * 2];
    pairs[i * 2 + 1] = words[code * 2 + 1];
  }
  return pairs;
}

function readIntegers(pages: ChunkPages, isDouble: boolean): Float64Array {
  const { encoding, values, count } = pages;
  const result = new Float64Array(count);
  if (encoding === Encoding.DELTA_BINARY_PACKED && count > 0) {
    const { high, low, deltas } = readDeltas(values, count);
    let value = (high | 0) * 0x1_0000_0000 + low;
    result[0] = value;
    for (let i = 1; i < count; i++) result[i] = value += deltas[i - 1];
    return result;
  }
  if (encoding === Encoding.BYTE_STREAM_SPLIT) {
    if (values.length !== count * 8) throw new RangeError('it has another number of values than its page says');
    const bytes = new Uint8Array(result.buffer);
    for (let place = 0, at = 0; place < 8; place++) {
      for (let i = place; i < bytes.length; i += 8) bytes[i] = values[at++];
    }
    return result;
  }
  const pairs = wordsOf(pages);
  if (isDouble) return new Float64Array(pairs.buffer, 0, count);
  for (let i = 0; i < count; i++) result[i] = (pairs[i * 2 + 1] | 0) * 0x1_0000_0000 + pairs[i * 2];
  return result;
}

function readTimes(pages: ChunkPages, rows: number): { seconds: Uint32Array; nanos: Uint32Array } {
  const { encoding, values, count } = pages;
  const seconds = new Uint32Array(rows);
  const nanos = new Uint32Array(rows);
  if (encoding === Encoding.DELTA_BINARY_PACKED && count > 0) {
    const { high, low, deltas } = readDeltas(values, count);
    let [second, nano] = splitNanos(high, low);
    eachRow(pages, rows, (row, i) => {
      if (i > 0) {
        // Seconds and the rest apart: the sum of many differences may be beyond 2^53.
        const whole = Math.floor(deltas[i - 1] / 1e9);
        second += whole;
        nano += deltas[i - 1] - whole * 1e9;
        if (nano >= 1e9) {
          nano -= 1e9;
          second++;
        }
      }
      seconds[row] = second;
      nanos[row] = nano;
    });
    return { seconds, nanos };
  }
  const pairs = wordsOf(pages);
  eachRow(pages, rows, (row, i) => ([seconds[row], nanos[row]] = splitNanos(pairs[i * 2 + 1], pairs[i * 2])));
  return { seconds, nanos };
}

interface Strings {
  readonly bytes: Uint8Array;
  readonly offsets: Uint32Array;
}

function dictionaryOf({ dictionary, entries }: ChunkPages): Strings {
  if (dictionary === undefined) throw new RangeError('its dictionary is missing');
  const offsets = new Uint32Array(entries + 1);
  const bytes = new Uint8Array(dictionary.length);
  let at = 0;
  for (let i = 0; i < entries; i++) {
    const length = dictionary.readUInt32LE(at);
    at += 4;
    if (at + length > dictionary.length) throw new RangeError('its dictionary is damaged');
    bytes.set(dictionary.subarray(at, at + length), offsets[i]);
    offsets[i + 1] = offsets[i] + length;
    at += length;
  }
  return { bytes: bytes.slice(0, offsets[entries]), offsets };
}

/** Values with their lengths before them (DELTA_LENGTH_BYTE_ARRAY). */
function lengthsOf({ values, count }: ChunkPages): Strings {
  const { low, deltas, end } = readDeltas(values, count);
  const offsets = new Uint32Array(count + 1);
  let length = low;
  for (let i = 0; i < count; i++) {
    if (i > 0) length += deltas[i - 1];
    offsets[i + 1] = offsets[i] + length;
  }
  if (end + offsets[count] !== values.length) throw new RangeError('the lengths do not add up');
  return { bytes: Uint8Array.from(values.subarray(end)), offsets };
}

function readKeywords(name: string, pages: ChunkPages, rows: number): Column {
  const { present, encoding, count } = pages;
  const codes = new Uint32Array(rows);
  if (count === 0) {
    const none = { dictionaryBytes: new Uint8Array(0), dictionaryOffsets: Uint32Array.of(0, 0) };
    return { name, kind: 'keyword', codes, ...none, present };
  }
  // Without a dictionary every row is an entry of its own.
  const isPlain = encoding === Encoding.DELTA_LENGTH_BYTE_ARRAY;
  const { bytes, offsets } = isPlain ? lengthsOf(pages) : dictionaryOf(pages);
  const own = isPlain ? undefined : codesOf(pages);
  eachRow(pages, rows, (row, i) => (codes[row] = own === undefined ? i : own[i]));
  return { name, kind: 'keyword', codes, dictionaryBytes: bytes, dictionaryOffsets: offsets, present };
}

function readTexts(name: string, pages: ChunkPages, rows: number): Column {
  const { present, encoding, count } = pages;
  const offsets = new Uint32Array(rows + 1);
  const json = false;
  if (count === 0) return { name, kind: 'text', json, bytes: new Uint8Array(0), offsets, present };
  if (encoding === Encoding.DELTA_LENGTH_BYTE_ARRAY) {
    const found = lengthsOf(pages);
    for (let row = 0, i = 0; row < rows; row++) {
      if (present === undefined || present[row] !== 0) i++;
      offsets[row + 1] = found.offsets[i];
    }
    return { name, kind: 'text', json, bytes: found.bytes, offsets, present };
  }
  const entries = dictionaryOf(pages);
  const codes = codesOf(pages);
  let total = 0;
  for (const code of codes) total += entries.offsets[code + 1] - entries.offsets[code];
  const bytes = new Uint8Array(total);
  for (let row = 0, i = 0; row < rows; row++) {
    offsets[row + 1] = offsets[row];
    if (present !== undefined && present[row] === 0) continue;
    const code = codes[i++];
    bytes.set(entries.bytes.subarray(entries.offsets[code], entries.offsets[code + 1]), offsets[row]);
    offsets[row + 1] += entries.offsets[code + 1] - entries.offsets[code];
  }
  return { name, kind: 'text', json, bytes, offsets, present };
}

const unknown = (encoding: number): RangeError => new RangeError(`this program does not write encoding ${encoding}`);
