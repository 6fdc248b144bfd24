// The RLE / bit-packing hybrid of definition levels and dictionary indices.
// Source: parquet-format Encodings.md, "Run Length Encoding / Bit-Packing Hybrid (RLE = 3)".

import type { ByteWriter } from './byte-writer.ts';

/** A shorter run is cheaper inside a bit-packed stretch: it would cut that stretch in two. */
const SHORTEST_RUN = 16;

/** Bits for values up to `largest`, at least one: some readers refuse a width of 0. */
export function bitWidth(largest: number): number {
  return Math.max(1, 32 - Math.clz32(largest));
}

/** Appends `values[0, count)`, each below 2^width (width at most 24), as runs and bit-packed groups of eight. */
export function writeHybrid(out: ByteWriter, values: Uint32Array | Uint8Array, count: number, width: number): void {
  let packedFrom = 0;
  let i = 0;
  while (i < count) {
    const value = values[i];
    let end = i + 1;
    while (end < count && values[end] === value) end++;
    if (end - i >= SHORTEST_RUN) {
      // A bit-packed stretch before the run takes values from it until its length is a multiple of eight.
      const borrowed = (8 - ((i - packedFrom) & 7)) & 7;
      if (i > packedFrom) writePacked(out, values, packedFrom, i + borrowed, width);
      out.varint((end - i - borrowed) * 2);
      for (let shift = 0; shift < width; shift += 8) out.u8(value >>> shift);
      packedFrom = end;
    }
    i = end;
  }
  if (count > packedFrom) writePacked(out, values, packedFrom, count, width);
}

function writePacked(out: ByteWriter, values: Uint32Array | Uint8Array, from: number, to: number, width: number): void {
  const groups = (to - from + 7) >> 3;
  out.varint(groups * 2 + 1);
  out.reserve(groups * width + 4);
  const { bytes } = out;
  let at = out.at;
  const end = at + groups * width;
  if (width === 8) {
    for (let i = from; i < to; i++) bytes[at++] = values[i];
  } else if (width === 16) {
    for (let i = from; i < to; i++) {
      bytes[at] = values[i];
      bytes[at + 1] = values[i] >>> 8;
      at += 2;
    }
  } else {
    let pending = 0;
    let bits = 0;
    for (let i = from; i < to; i++) {
      pending |= values[i] << bits;
      bits += width;
      while (bits >= 8) {
        bytes[at++] = pending;
        pending >>>= 8;
        bits -= 8;
      }
    }
    if (bits > 0) bytes[at++] = pending;
  }
  bytes.fill(0, at, end);
  out.at = end;
}
