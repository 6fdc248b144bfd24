// CRC32c (Castagnoli) as SCTP uses it: RFC 9260, appendix A. Reflected polynomial, one table of 256 words.

const POLYNOMIAL = 0x82f63b78;
const TABLE = new Int32Array(256);
for (let n = 0; n < 256; n++) {
  let crc = n;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1) !== 0 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
  TABLE[n] = crc;
}

/** Goes on with `crc` (start with -1) over [from, to); invert the last result for the CRC. */
export function addCrc32c(crc: number, bytes: Uint8Array, from: number, to: number): number {
  for (let at = from; at < to; at++) crc = TABLE[(crc ^ bytes[at]) & 0xff] ^ (crc >>> 8);
  return crc;
}
