// The digest of a stretch of stream bytes, by which a later copy is compared, and in the same pass the sum of its words that TCP's
// checksum needs (RFC 1071). Words are taken low byte first: the sum does not care, and the machine reads them so.

// Segments come from the same few buffers: the view of the last one is nearly always right.
let viewed: Uint8Array = new Uint8Array(0);
let view = new DataView(viewed.buffer);

/** What the last `digest` added up: not folded. */
export let payloadSum = 0;

/** Not cryptographic: who can choose both copies can make them collide, and gains one missed event by it. */
export function digest(bytes: Uint8Array, from: number, to: number): number {
  if (bytes !== viewed) {
    viewed = bytes;
    view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  let h = 0x811c9dc5;
  let g = 0x85a308d3;
  let low = 0;
  let high = 0;
  let i = from;
  // Two lanes of words: four times as fast as byte by byte (measured: a quarter of the cost of HTTP before).
  for (; i + 8 <= to; i += 8) {
    const a = view.getInt32(i, true);
    const b = view.getInt32(i + 4, true);
    low += (a & 0xffff) + (b & 0xffff);
    high += (a >>> 16) + (b >>> 16);
    h = Math.imul(h ^ a, 0x01000193);
    g = Math.imul(g ^ b, 0x9e3779b1);
    h ^= h >>> 15;
  }
  for (; i < to; i++) {
    const octet = bytes[i];
    if (((i - from) & 1) === 0) low += octet;
    else low += octet << 8;
    h = Math.imul(h ^ octet, 0x01000193);
  }
  payloadSum = low + high;
  return (h ^ Math.imul(g, 0x85ebca6b)) >>> 0;
}
