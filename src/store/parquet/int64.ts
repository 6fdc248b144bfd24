// 64-bit integers as two 32-bit words, so that no BigInt is made per row.

import type { ByteWriter } from './byte-writer.ts';

/** High word (signed) of an exact integer. */
export const highWord = (value: number): number => Math.floor(value / 0x1_0000_0000) | 0;

const NANOS_PER_SECOND = 1_000_000_000;

/** Unix time in ns, as words: `words[0]` high, `words[1]` low. Seconds up to 2^32 - 1 (the year 2106) fit a signed 64-bit number. */
export function nanosOf(seconds: number, nanos: number, words: Uint32Array): void {
  // seconds * 10^9 needs 62 bits: the upper 16 bits of the seconds are multiplied apart from the lower 16.
  const upper = (seconds >>> 16) * NANOS_PER_SECOND;
  const lower = (seconds & 0xffff) * NANOS_PER_SECOND + nanos;
  const low = (upper % 0x1_0000) * 0x1_0000 + (lower % 0x1_0000_0000);
  words[1] = low >>> 0;
  words[0] = Math.floor(upper / 0x1_0000) + Math.floor(lower / 0x1_0000_0000) + Math.floor(low / 0x1_0000_0000);
}

/** Unsigned LEB128 of a 64-bit number given as two words. */
export function writeVarint64(out: ByteWriter, high: number, low: number): void {
  out.reserve(10);
  high >>>= 0;
  low >>>= 0;
  while (high > 0 || low > 127) {
    out.bytes[out.at++] = (low & 127) | 128;
    low = ((low >>> 7) | (high << 25)) >>> 0;
    high >>>= 7;
  }
  out.bytes[out.at++] = low;
}

/** Eight bytes, little-endian: a statistic or a PLAIN value. */
export function int64Bytes(high: number, low: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeUInt32LE(low >>> 0, 0);
  bytes.writeUInt32LE(high >>> 0, 4);
  return bytes;
}

/** The other way round: seconds and ns of a time given as two words; times before 1970 and beyond the year 2106 do not occur. */
export function splitNanos(high: number, low: number): [seconds: number, nanos: number] {
  // 2^32 ns are 4 s and 294,967,296 ns; the high word is taken in two parts, so that no product is beyond 2^53.
  const REST = 294_967_296;
  const upper = (high >>> 15) * REST;
  const seconds = Math.floor(upper / NANOS_PER_SECOND);
  const left = (upper - seconds * NANOS_PER_SECOND) * 0x8000 + (high & 0x7fff) * REST + (low >>> 0);
  const more = Math.floor(left / NANOS_PER_SECOND);
  return [high * 4 + seconds * 0x8000 + more, left - more * NANOS_PER_SECOND];
}
