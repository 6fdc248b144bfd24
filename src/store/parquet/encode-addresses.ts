// IP addresses as two unsigned 64-bit columns, the halves in network order: `<name>_hi` and `<name>_lo`. IPv4 stands as
// ::ffff:a.b.c.d, so its upper half is 0 everywhere and costs nothing, and ranges of both families are ranges of numbers.

import type { Chunk, ChunkBuilder, Statistics } from './chunk.ts';
import { LARGEST_DICTIONARY, type WordDictionary } from './dictionary.ts';
import { writeWordDictionary } from './encode-numbers.ts';
import { Encoding } from './format.ts';
import { type ColumnOf, levelsOf, type Piece, type Scratch } from './gather.ts';
import { int64Bytes } from './int64.ts';

/** Encodes one half: 0 is the upper, 1 the lower. */
export function encodeAddressHalf(
  builder: ChunkBuilder,
  scratch: Scratch,
  dictionary: WordDictionary,
  pieces: readonly Piece<ColumnOf<'ip'>>[],
  rows: number,
  half: 0 | 1,
): Chunk {
  const { present, count } = levelsOf(pieces, rows, scratch);
  builder.begin(rows, present);
  if (count === 0) return builder.finish(rows, Encoding.PLAIN, 0, { nulls: rows });
  // Pairs of (high, low) words of what is present.
  const pairs = scratch.words(count * 2);
  let at = 0;
  for (const { column, rows: length } of pieces) {
    if (column === undefined) continue;
    const { words, present: bits } = column;
    for (let i = 0, from = half * 2; i < length; i++, from += 4) {
      if (bits !== undefined && bits[i] === 0) continue;
      pairs[at] = words[from];
      pairs[at + 1] = words[from + 1];
      at += 2;
    }
  }
  const statistics = { nulls: rows - count, ...boundsOf(pairs, count) };
  const codes = scratch.codes(count);
  dictionary.reset(Math.min(LARGEST_DICTIONARY, Math.max(16, (count * 3) >> 2)));
  let i = 0;
  let code = -1;
  for (; i < count; i++) {
    // The upper half of IPv4 addresses is always the same, and the lower one often that of the row before.
    const isSame = i > 0 && pairs[i * 2] === pairs[i * 2 - 2] && pairs[i * 2 + 1] === pairs[i * 2 - 1];
    if (!isSame) code = dictionary.add(pairs[i * 2], pairs[i * 2 + 1]);
    if (code < 0) break;
    codes[i] = code;
  }
  if (i === count) {
    sortEntries(dictionary, codes, count);
    writeWordDictionary(builder, dictionary);
    builder.indices(codes, count, dictionary.count);
    return builder.finish(rows, Encoding.RLE_DICTIONARY, dictionary.count, statistics);
  }
  builder.page.reserve(count * 8);
  for (let k = 0; k < count; k++) {
    builder.page.u32(pairs[k * 2 + 1]);
    builder.page.u32(pairs[k * 2]);
  }
  return builder.finish(rows, Encoding.PLAIN, 0, statistics);
}

/** Sorted entries share their upper bytes with their neighbours: two thirds of the size, and of many rare addresses it is the most. */
function sortEntries(dictionary: WordDictionary, codes: Uint32Array, count: number): void {
  const entries = dictionary.count;
  const values = new BigUint64Array(entries);
  const words = new Uint32Array(values.buffer);
  for (let c = 0; c < entries; c++) {
    words[c * 2] = dictionary.low[c];
    words[c * 2 + 1] = dictionary.high[c];
  }
  values.sort();
  const places = new Uint32Array(entries);
  for (let c = 0; c < entries; c++) places[dictionary.add(words[c * 2 + 1], words[c * 2])] = c;
  for (let i = 0; i < count; i++) codes[i] = places[codes[i]];
  for (let c = 0; c < entries; c++) {
    dictionary.low[c] = words[c * 2];
    dictionary.high[c] = words[c * 2 + 1];
  }
}

function boundsOf(pairs: Uint32Array, count: number): Pick<Statistics, 'min' | 'max'> {
  let minHigh = pairs[0];
  let minLow = pairs[1];
  let maxHigh = minHigh;
  let maxLow = minLow;
  for (let i = 1; i < count; i++) {
    const high = pairs[i * 2];
    const low = pairs[i * 2 + 1];
    if (high < minHigh || (high === minHigh && low < minLow)) {
      minHigh = high;
      minLow = low;
    }
    if (high > maxHigh || (high === maxHigh && low > maxLow)) {
      maxHigh = high;
      maxLow = low;
    }
  }
  return { min: int64Bytes(minHigh, minLow), max: int64Bytes(maxHigh, maxLow) };
}
