// DELTA_BINARY_PACKED for 64-bit integers whose differences are exact in a double.
// Source: parquet-format Encodings.md, "Delta Encoding (DELTA_BINARY_PACKED = 5)".

import type { ByteWriter } from './byte-writer.ts';
import { writeVarint64 } from './int64.ts';

const BLOCK_SIZE = 128;
const MINIBLOCKS = 4;
const MINIBLOCK_SIZE = BLOCK_SIZE / MINIBLOCKS;

/** Differences may not be larger than this: the packed number, difference minus smallest difference, must stay below 2^53. */
export const LARGEST_DELTA = 2 ** 52 - 1;

const relative = new Float64Array(BLOCK_SIZE);

/**
 * Appends `count` integers: the first as two words of a signed 64-bit number, then `deltas[0, count - 1)`, each at most
 * LARGEST_DELTA away from 0.
 */
export function writeDeltas(
  out: ByteWriter,
  firstHigh: number,
  firstLow: number,
  deltas: Float64Array,
  count: number,
): void {
  out.varint(BLOCK_SIZE);
  out.varint(MINIBLOCKS);
  out.varint(count);
  // Zigzag of the first value: (value << 1) ^ (value >> 63).
  const sign = firstHigh >> 31;
  writeVarint64(out, ((firstHigh << 1) | (firstLow >>> 31)) ^ sign, (firstLow << 1) ^ sign);
  for (let from = 0; from < count - 1; from += BLOCK_SIZE) {
    writeBlock(out, deltas, from, Math.min(BLOCK_SIZE, count - 1 - from));
  }
}

function writeBlock(out: ByteWriter, deltas: Float64Array, from: number, length: number): void {
  let smallest = deltas[from];
  for (let i = 1; i < length; i++) {
    const delta = deltas[from + i];
    if (delta < smallest) smallest = delta;
  }
  for (let i = 0; i < length; i++) relative[i] = deltas[from + i] - smallest;
  relative.fill(0, length);
  out.zigzag(smallest);
  out.reserve(MINIBLOCKS + BLOCK_SIZE * 8 + 8);
  const widthsAt = out.at;
  out.at += MINIBLOCKS;
  for (let mini = 0; mini < MINIBLOCKS; mini++) {
    const start = mini * MINIBLOCK_SIZE;
    let largest = 0;
    for (let i = start; i < start + MINIBLOCK_SIZE; i++) if (relative[i] > largest) largest = relative[i];
    // A miniblock past the end, or of equal numbers, has width 0 and no bytes.
    const width = widthOf(largest);
    out.bytes[widthsAt + mini] = width;
    if (width > 0) pack(out, start, width);
  }
}

function widthOf(largest: number): number {
  const high = Math.floor(largest / 0x1_0000_0000);
  return high > 0 ? 64 - Math.clz32(high) : 32 - Math.clz32(largest);
}

/** One miniblock, 24 bits at a time so that the pending bits fit an int32. */
function pack(out: ByteWriter, start: number, width: number): void {
  const { bytes } = out;
  let at = out.at;
  let pending = 0;
  let bits = 0;
  for (let i = start; i < start + MINIBLOCK_SIZE; i++) {
    let rest = relative[i];
    let left = width;
    while (left > 24) {
      pending |= (rest & 0xffffff) << bits;
      bits += 24;
      while (bits >= 8) {
        bytes[at++] = pending;
        pending >>>= 8;
        bits -= 8;
      }
      rest = Math.floor(rest / 0x100_0000);
      left -= 24;
    }
    pending |= rest << bits;
    bits += left;
    while (bits >= 8) {
      bytes[at++] = pending;
      pending >>>= 8;
      bits -= 8;
    }
  }
  out.at = at;
}
