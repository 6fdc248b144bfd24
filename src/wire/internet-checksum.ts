// The Internet checksum: RFC 1071. A sum over 16-bit words with the carries added back; right data sums to 0.

/** Adds the big-endian 16-bit words of [from, to) to `sum`; an odd last byte counts as the high byte of a word. */
export function addWords(sum: number, view: DataView, from: number, to: number): number {
  let at = from;
  // A packet has at most 2^16 words or, in a jumbogram, 2^31 of them: doubles hold that sum exactly.
  for (; to - at >= 8; at += 8) {
    sum += view.getUint16(at) + view.getUint16(at + 2) + view.getUint16(at + 4) + view.getUint16(at + 6);
  }
  for (; to - at >= 2; at += 2) sum += view.getUint16(at);
  return at < to ? sum + view.getUint8(at) * 256 : sum;
}

/** Folds a sum into 16 bits and inverts it. */
export function foldChecksum(sum: number): number {
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}

/** Checksum of [from, to): 0 when the range holds its own right checksum. */
export function internetChecksum(view: DataView, from: number, to: number): number {
  return foldChecksum(addWords(0, view, from, to));
}
