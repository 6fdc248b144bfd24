// Column chunks of integers, times, floats and booleans.

import type { Chunk, ChunkBuilder, Statistics } from './chunk.ts';
import { LARGEST_DELTA, writeDeltas } from './delta.ts';
import type { WordDictionary } from './dictionary.ts';
import { Encoding } from './format.ts';
import { type ColumnOf, gatherDoubles, levelsOf, type Piece, type Scratch } from './gather.ts';
import { highWord, int64Bytes, nanosOf } from './int64.ts';

const SAMPLE = 512;
/** A dictionary is tried when the sample has at most this share of distinct values … */
const DICTIONARY_SHARE = 0.5;
/** … and kept while it has at most this many entries: beyond, deltas are as short and cost no look-up. */
const INTEGER_DICTIONARY = 4096;

export function encodeIntegers(
  builder: ChunkBuilder,
  scratch: Scratch,
  words: WordDictionary,
  pieces: readonly Piece<ColumnOf<'int'>>[],
  rows: number,
): Chunk {
  const { present, count } = levelsOf(pieces, rows, scratch);
  const values = scratch.doubles(count);
  gatherDoubles(pieces, values);
  builder.begin(rows, present);
  if (count === 0) return builder.finish(rows, Encoding.PLAIN, 0, { nulls: rows });
  let min = values[0];
  let max = values[0];
  for (let i = 1; i < count; i++) {
    if (values[i] < min) min = values[i];
    if (values[i] > max) max = values[i];
  }
  const statistics: Statistics = {
    nulls: rows - count,
    min: int64Bytes(highWord(min), min),
    max: int64Bytes(highWord(max), max),
  };
  if (isRepetitive(words, values, count)) {
    const codes = scratch.codes(count);
    words.reset(INTEGER_DICTIONARY);
    let i = 0;
    for (; i < count; i++) {
      const value = values[i];
      const code = words.add(highWord(value) >>> 0, value >>> 0);
      if (code < 0) break;
      codes[i] = code;
    }
    if (i === count) {
      writeWordDictionary(builder, words);
      builder.indices(codes, count, words.count);
      return builder.finish(rows, Encoding.RLE_DICTIONARY, words.count, statistics);
    }
  }
  if (max - min <= LARGEST_DELTA) {
    const deltas = scratch.moreDoubles(count);
    for (let i = 1; i < count; i++) deltas[i - 1] = values[i] - values[i - 1];
    writeDeltas(builder.page, highWord(values[0]), values[0], deltas, count);
    return builder.finish(rows, Encoding.DELTA_BINARY_PACKED, 0, statistics);
  }
  builder.page.reserve(count * 8);
  for (let i = 0; i < count; i++) {
    builder.page.u32(values[i] >>> 0);
    builder.page.u32(highWord(values[i]));
  }
  return builder.finish(rows, Encoding.PLAIN, 0, statistics);
}

/** Whether a sample of short stretches has few distinct values. */
function isRepetitive(words: WordDictionary, values: Float64Array, count: number): boolean {
  const step = Math.max(1, Math.floor(count / SAMPLE));
  words.reset(SAMPLE * 2);
  let taken = 0;
  for (let i = 0; i < count; i += step) {
    words.add(highWord(values[i]) >>> 0, values[i] >>> 0);
    taken++;
  }
  return words.count <= Math.max(1, taken * DICTIONARY_SHARE);
}

export function writeWordDictionary(builder: ChunkBuilder, words: WordDictionary): void {
  builder.dictionary.reserve(words.count * 8);
  for (let c = 0; c < words.count; c++) {
    builder.dictionary.u32(words.low[c]);
    builder.dictionary.u32(words.high[c]);
  }
}

const firstWords = new Uint32Array(2);
const otherWords = new Uint32Array(2);

/** Times as ns since 1970: deltas where a step of the clock is below 52 days, else PLAIN. */
export function encodeTimes(
  builder: ChunkBuilder,
  scratch: Scratch,
  pieces: readonly Piece<ColumnOf<'time'>>[],
  rows: number,
): Chunk {
  const { present, count } = levelsOf(pieces, rows, scratch);
  builder.begin(rows, present);
  if (count === 0) return builder.finish(rows, Encoding.PLAIN, 0, { nulls: rows });
  const seconds = scratch.doubles(count);
  const nanos = scratch.codes(count);
  let at = 0;
  for (const { column, rows: length } of pieces) {
    if (column === undefined) continue;
    for (let i = 0; i < length; i++) {
      if (column.present !== undefined && column.present[i] === 0) continue;
      seconds[at] = column.seconds[i];
      nanos[at++] = column.nanos[i];
    }
  }
  const deltas = scratch.moreDoubles(count);
  let widest = 0;
  let min = 0;
  let max = 0;
  for (let i = 1; i < count; i++) {
    const delta = (seconds[i] - seconds[i - 1]) * 1e9 + (nanos[i] - nanos[i - 1]);
    deltas[i - 1] = delta;
    const size = delta < 0 ? -delta : delta;
    if (size > widest) widest = size;
    if (seconds[i] < seconds[min] || (seconds[i] === seconds[min] && nanos[i] < nanos[min])) min = i;
    if (seconds[i] > seconds[max] || (seconds[i] === seconds[max] && nanos[i] > nanos[max])) max = i;
  }
  nanosOf(seconds[min], nanos[min], firstWords);
  nanosOf(seconds[max], nanos[max], otherWords);
  const statistics: Statistics = {
    nulls: rows - count,
    min: int64Bytes(firstWords[0], firstWords[1]),
    max: int64Bytes(otherWords[0], otherWords[1]),
  };
  if (widest <= LARGEST_DELTA) {
    nanosOf(seconds[0], nanos[0], firstWords);
    writeDeltas(builder.page, firstWords[0] | 0, firstWords[1], deltas, count);
    return builder.finish(rows, Encoding.DELTA_BINARY_PACKED, 0, statistics);
  }
  builder.page.reserve(count * 8);
  for (let i = 0; i < count; i++) {
    nanosOf(seconds[i], nanos[i], firstWords);
    builder.page.u32(firstWords[1]);
    builder.page.u32(firstWords[0]);
  }
  return builder.finish(rows, Encoding.PLAIN, 0, statistics);
}

export function encodeFloats(
  builder: ChunkBuilder,
  scratch: Scratch,
  pieces: readonly Piece<ColumnOf<'float'>>[],
  rows: number,
): Chunk {
  const { present, count } = levelsOf(pieces, rows, scratch);
  const values = scratch.doubles(count);
  gatherDoubles(pieces, values);
  builder.begin(rows, present);
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let hasNan = false;
  for (let i = 0; i < count; i++) {
    const value = values[i];
    if (value < min) min = value;
    if (value > max) max = value;
    if (Number.isNaN(value)) hasNan = true;
  }
  const { page } = builder;
  page.reserve(count * 8);
  page.bytes.set(new Uint8Array(values.buffer, values.byteOffset, count * 8), page.at);
  page.at += count * 8;
  // A NaN has no order; and of the zeros the statistics must name the outer one.
  const bounds =
    count === 0 || hasNan ? {} : { min: doubleBytes(min === 0 ? -0 : min), max: doubleBytes(max === 0 ? 0 : max) };
  return builder.finish(rows, Encoding.PLAIN, 0, { nulls: rows - count, ...bounds });
}

function doubleBytes(value: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeDoubleLE(value);
  return bytes;
}

export function encodeBooleans(
  builder: ChunkBuilder,
  scratch: Scratch,
  pieces: readonly Piece<ColumnOf<'bool'>>[],
  rows: number,
): Chunk {
  const { present, count } = levelsOf(pieces, rows, scratch);
  builder.begin(rows, present);
  const { page } = builder;
  page.reserve((count >> 3) + 1);
  let bits = 0;
  let pending = 0;
  for (const { column, rows: length } of pieces) {
    if (column === undefined) continue;
    for (let i = 0; i < length; i++) {
      if (column.present !== undefined && column.present[i] === 0) continue;
      if (column.values[i] !== 0) pending |= 1 << bits;
      if (++bits === 8) {
        page.bytes[page.at++] = pending;
        bits = pending = 0;
      }
    }
  }
  if (bits > 0) page.bytes[page.at++] = pending;
  return builder.finish(rows, Encoding.PLAIN, 0, { nulls: rows - count });
}
