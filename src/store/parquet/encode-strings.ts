// Column chunks of keywords and texts: a dictionary while values repeat, else lengths and bytes apart
// (DELTA_LENGTH_BYTE_ARRAY of parquet-format's Encodings.md).

import type { Chunk, ChunkBuilder, Statistics } from './chunk.ts';
import { writeDeltas } from './delta.ts';
import { type BytesDictionary, LARGEST_DICTIONARY } from './dictionary.ts';
import { Encoding } from './format.ts';
import { type ColumnOf, levelsOf, type Piece, type Scratch } from './gather.ts';

/** A dictionary larger than this is read and decompressed whole for a single row: not worth it. */
const DICTIONARY_BYTES = 1 << 20;
/** After this many rows a dictionary must have shown that it pays: fewer entries than half the rows. */
const TRIAL_ROWS = 1024;
/** Bounds of dictionaries are made when that is cheap … */
const BOUNDS_ENTRIES = 4096;
/** … and are short enough to stand in the footer. */
const BOUNDS_BYTES = 64;

type Strings = ColumnOf<'keyword' | 'text'>;

export function encodeStrings(
  builder: ChunkBuilder,
  scratch: Scratch,
  dictionary: BytesDictionary,
  pieces: readonly Piece<Strings>[],
  rows: number,
): Chunk {
  const { present, count } = levelsOf(pieces, rows, scratch);
  builder.begin(rows, present);
  const nulls = rows - count;
  const codes = scratch.codes(count);
  dictionary.reset(Math.min(LARGEST_DICTIONARY, Math.max(16, count >> 1)), DICTIONARY_BYTES);
  let at = 0;
  for (const { column, rows: length } of pieces) {
    if (column === undefined) continue;
    at =
      column.kind === 'keyword'
        ? mapCodes(dictionary, column, length, codes, at)
        : addTexts(dictionary, column, length, codes, at);
    if (at < 0) break;
  }
  if (at >= 0 && count > 0) {
    writeDictionary(builder, dictionary);
    builder.indices(codes, count, dictionary.count);
    return builder.finish(rows, Encoding.RLE_DICTIONARY, dictionary.count, { nulls, ...boundsOf(dictionary) });
  }
  if (count === 0) return builder.finish(rows, Encoding.PLAIN, 0, { nulls });
  writeLengths(builder, scratch, pieces, count);
  for (const piece of pieces) writeTexts(builder, piece);
  return builder.finish(rows, Encoding.DELTA_LENGTH_BYTE_ARRAY, 0, { nulls });
}

/** Codes of the batch's dictionary become codes of the row group's; entries that no row uses are left out. Returns -1 when it does not pay. */
function mapCodes(
  dictionary: BytesDictionary,
  column: ColumnOf<'keyword'>,
  rows: number,
  codes: Uint32Array,
  at: number,
): number {
  const { codes: own, dictionaryBytes, dictionaryOffsets, present } = column;
  const mapped = new Int32Array(dictionaryOffsets.length - 1).fill(-1);
  for (let i = 0; i < rows; i++) {
    if (present !== undefined && present[i] === 0) continue;
    const code = own[i];
    let target = mapped[code];
    if (target < 0) {
      target = dictionary.add(dictionaryBytes, dictionaryOffsets[code], dictionaryOffsets[code + 1]);
      if (target < 0 || isTooVaried(dictionary, at)) return -1;
      mapped[code] = target;
    }
    codes[at++] = target;
  }
  return at;
}

function addTexts(
  dictionary: BytesDictionary,
  column: ColumnOf<'text'>,
  rows: number,
  codes: Uint32Array,
  at: number,
): number {
  const { bytes, offsets, present } = column;
  for (let i = 0; i < rows; i++) {
    if (present !== undefined && present[i] === 0) continue;
    const code = dictionary.add(bytes, offsets[i], offsets[i + 1]);
    if (code < 0 || isTooVaried(dictionary, at)) return -1;
    codes[at++] = code;
  }
  return at;
}

const isTooVaried = (dictionary: BytesDictionary, rows: number): boolean =>
  rows >= TRIAL_ROWS && dictionary.count > rows >> 1;

function writeDictionary(builder: ChunkBuilder, dictionary: BytesDictionary): void {
  const { bytes, offsets, count } = dictionary;
  const out = builder.dictionary;
  out.reserve(offsets[count] + count * 4);
  const into = out.bytes;
  let { at } = out;
  for (let c = 0; c < count; c++) {
    const from = offsets[c];
    const to = offsets[c + 1];
    const length = to - from;
    into[at] = length;
    into[at + 1] = length >>> 8;
    into[at + 2] = length >>> 16;
    into[at + 3] = length >>> 24;
    at += 4;
    for (let i = from; i < to; i++) into[at++] = bytes[i];
  }
  out.at = at;
}

interface Entries {
  /** Row r is entry `codes[r]`, or entry r without codes. */
  readonly codes: Uint32Array | undefined;
  readonly bytes: Uint8Array;
  readonly offsets: Uint32Array;
}

const entriesOf = (column: Strings): Entries =>
  column.kind === 'keyword'
    ? { codes: column.codes, bytes: column.dictionaryBytes, offsets: column.dictionaryOffsets }
    : { codes: undefined, bytes: column.bytes, offsets: column.offsets };

/** All lengths come first, as deltas: ids of one length cost nothing, and the texts compress better without numbers between them. */
function writeLengths(builder: ChunkBuilder, scratch: Scratch, pieces: readonly Piece<Strings>[], count: number): void {
  const deltas = scratch.moreDoubles(count);
  let at = 0;
  let first = 0;
  let last = 0;
  for (const { column, rows } of pieces) {
    if (column === undefined) continue;
    const { present } = column;
    const { codes, offsets } = entriesOf(column);
    for (let i = 0; i < rows; i++) {
      if (present !== undefined && present[i] === 0) continue;
      const entry = codes === undefined ? i : codes[i];
      const length = offsets[entry + 1] - offsets[entry];
      if (at === 0) first = length;
      else deltas[at - 1] = length - last;
      last = length;
      at++;
    }
  }
  writeDeltas(builder.page, 0, first, deltas, count);
}

function writeTexts(builder: ChunkBuilder, { column, rows }: Piece<Strings>): void {
  if (column === undefined) return;
  const { present } = column;
  const { codes, bytes, offsets } = entriesOf(column);
  if (codes === undefined && isGapless(present, offsets, rows)) {
    builder.page.append(bytes.subarray(offsets[0], offsets[rows]));
    return;
  }
  for (let i = 0; i < rows; i++) {
    if (present !== undefined && present[i] === 0) continue;
    const entry = codes === undefined ? i : codes[i];
    appendBytes(builder.page, bytes, offsets[entry], offsets[entry + 1]);
  }
}

/** Whether rows without a value have no bytes, so that all others stand end to end. */
function isGapless(present: Uint8Array | undefined, offsets: Uint32Array, rows: number): boolean {
  if (present === undefined) return true;
  for (let i = 0; i < rows; i++) if (present[i] === 0 && offsets[i + 1] !== offsets[i]) return false;
  return true;
}

/** Short values are copied by a loop: up to about 64 bytes that beats `subarray` and `set`. */
function appendBytes(out: ChunkBuilder['page'], source: Uint8Array, from: number, to: number): void {
  const length = to - from;
  out.reserve(length);
  if (length > 64) out.bytes.set(source.subarray(from, to), out.at);
  else {
    const { bytes, at } = out;
    for (let i = 0; i < length; i++) bytes[at + i] = source[from + i];
  }
  out.at += length;
}

function boundsOf(dictionary: BytesDictionary): Pick<Statistics, 'min' | 'max'> {
  const { count, bytes, offsets } = dictionary;
  if (count === 0 || count > BOUNDS_ENTRIES) return {};
  let min = bytes.subarray(offsets[0], offsets[1]);
  let max = min;
  for (let c = 1; c < count; c++) {
    const entry = bytes.subarray(offsets[c], offsets[c + 1]);
    if (Buffer.compare(entry, min) < 0) min = entry;
    if (Buffer.compare(entry, max) > 0) max = entry;
  }
  return min.length > BOUNDS_BYTES || max.length > BOUNDS_BYTES ? {} : { min: min.slice(), max: max.slice() };
}
