// Column chunks of integers, times, floats and booleans.

import type { Chunk, ChunkBuilder, Statistics } from './chunk.ts';
import { LARGEST_DELTA, writeDeltas } from './delta.ts';
import { LARGEST_DICTIONARY, type WordDictionary } from './dictionary.ts';
import { Encoding } from './format.ts';
import { type ColumnOf, gatherDoubles, levelsOf, type Piece, type Scratch } from './gather.ts';
import { highWord, int64Bytes, nanosOf } from './int64.ts';

/** A dictionary of so few entries is taken without a look at what else there is … */
const FEW_ENTRIES = 256;
/** … and one is given up where so many rows have shown more than so many different values. */
const TRIALS: readonly (readonly [rows: number, entries: number])[] = [
  [4096, 3072],
  [16_384, 9216],
];

/**
 * Integers: with a dictionary, as differences, or (`isDouble`) as doubles with their bytes apart, whatever is smallest. The first of these
 * suits values that repeat, the last one values over many magnitudes: the exponent says how many bits follow, and what stands behind them
 * is zeros, which compress to nothing.
 */
export function encodeIntegers(
  builder: ChunkBuilder,
  scratch: Scratch,
  words: WordDictionary,
  pieces: readonly Piece<ColumnOf<'int'>>[],
  rows: number,
  isDouble: boolean,
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
    ...(isDouble
      ? doubleBounds(min, max)
      : { min: int64Bytes(highWord(min), min), max: int64Bytes(highWord(max), max) }),
  };
  const codes = scratch.codes(count);
  let repeated: Chunk | undefined;
  if (findRepeated(words, values, count, codes)) {
    writeSorted(builder, words, codes, count, isDouble);
    repeated = builder.finish(rows, Encoding.RLE_DICTIONARY, words.count, statistics);
    if (words.count <= FEW_ENTRIES) return repeated;
    builder.begin(rows, present);
  }
  const chunk = isDouble
    ? splitDoubles(builder, values, count, rows, statistics)
    : differences(builder, scratch, values, count, max - min, rows, statistics);
  return repeated !== undefined && repeated.length < chunk.length ? repeated : chunk;
}

/** Numbers the values as they come. Returns whether they repeat enough. */
function findRepeated(words: WordDictionary, values: Float64Array, count: number, codes: Uint32Array): boolean {
  words.reset(Math.min(LARGEST_DICTIONARY, Math.max(16, count >> 1)));
  let from = 0;
  let last = Number.NaN;
  let code = 0;
  for (const [rows, entries] of [...TRIALS, [count, LARGEST_DICTIONARY] as const]) {
    const to = Math.min(rows, count);
    for (let i = from; i < to; i++) {
      const value = values[i];
      if (value !== last) {
        code = words.add(highWord(value) >>> 0, value >>> 0);
        if (code < 0) return false;
        last = value;
      }
      codes[i] = code;
    }
    if (words.count > entries) return false;
    from = Math.max(from, to);
  }
  return true;
}

/** The dictionary in the order of its values, for neighbours share their upper bytes, and the rows' places in it. */
function writeSorted(
  builder: ChunkBuilder,
  words: WordDictionary,
  codes: Uint32Array,
  count: number,
  isDouble: boolean,
): void {
  const entries = words.count;
  const sorted = new Float64Array(entries);
  for (let c = 0; c < entries; c++) sorted[c] = (words.high[c] | 0) * 0x1_0000_0000 + words.low[c];
  sorted.sort();
  const places = new Uint32Array(entries);
  for (let c = 0; c < entries; c++) places[words.add(highWord(sorted[c]) >>> 0, sorted[c] >>> 0)] = c;
  for (let i = 0; i < count; i++) codes[i] = places[codes[i]];
  const { dictionary } = builder;
  dictionary.reserve(entries * 8);
  if (isDouble) dictionary.append(new Uint8Array(sorted.buffer));
  else
    for (let c = 0; c < entries; c++) {
      dictionary.u32(sorted[c] >>> 0);
      dictionary.u32(highWord(sorted[c]));
    }
  builder.indices(codes, count, entries);
}

function differences(
  builder: ChunkBuilder,
  scratch: Scratch,
  values: Float64Array,
  count: number,
  range: number,
  rows: number,
  statistics: Statistics,
): Chunk {
  if (range <= LARGEST_DELTA) {
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

/** The first bytes of all doubles, then all second bytes and so on (BYTE_STREAM_SPLIT). */
function splitDoubles(
  builder: ChunkBuilder,
  values: Float64Array,
  count: number,
  rows: number,
  statistics: Statistics,
): Chunk {
  const { page } = builder;
  page.reserve(count * 8);
  const from = new Uint8Array(values.buffer, values.byteOffset, count * 8);
  const into = page.bytes;
  let { at } = page;
  for (let place = 0; place < 8; place++) {
    for (let i = place, end = count * 8; i < end; i += 8) into[at++] = from[i];
  }
  page.at = at;
  return builder.finish(rows, Encoding.BYTE_STREAM_SPLIT, 0, statistics);
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
  builder.page.append(new Uint8Array(values.buffer, values.byteOffset, count * 8));
  // A NaN has no order.
  const bounds = count === 0 || hasNan ? {} : doubleBounds(min, max);
  return builder.finish(rows, Encoding.PLAIN, 0, { nulls: rows - count, ...bounds });
}

/** Of the zeros the statistics must name the outer one. */
const doubleBounds = (min: number, max: number): { min: Uint8Array; max: Uint8Array } => ({
  min: doubleBytes(min === 0 ? -0 : min),
  max: doubleBytes(max === 0 ? 0 : max),
});

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
