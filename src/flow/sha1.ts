// SHA-1 (RFC 3174) of inputs that fit one block: Community IDs need one for every flow and transaction, of 12 to 40 bytes. Of node:crypto
// the call alone costs four times what the hash does (measured: 4 % of a DNS transaction). Never for anything that must be secure.

/** Input bytes that fit one block beside the padding (RFC 3174, section 4). */
export const MAX_ONE_BLOCK = 55;

const BLOCK_WORDS = 16;
const schedule = new Int32Array(80);
const BASE64 = Uint8Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', (c) =>
  c.charCodeAt(0),
);
/** Characters of a digest in base64, padding included. */
export const DIGEST_BASE64 = 28;
const text = Buffer.alloc(DIGEST_BASE64);

/** A digest as five words, high byte first. */
export class Digest {
  a = 0;
  b = 0;
  c = 0;
  d = 0;
  e = 0;
}

/** Puts the digest of `view`'s first `length` bytes (at most `MAX_ONE_BLOCK`) into `digest`. */
export function sha1(view: DataView, length: number, digest: Digest): void {
  const w = schedule;
  let i = 0;
  for (; i + 4 <= length; i += 4) w[i >> 2] = view.getInt32(i);
  for (let t = i >> 2; t < BLOCK_WORDS; t++) w[t] = 0;
  for (; i < length; i++) w[i >> 2] |= view.getUint8(i) << (24 - 8 * (i & 3));
  w[length >> 2] |= 0x80 << (24 - 8 * (length & 3));
  w[BLOCK_WORDS - 1] = length * 8;
  for (let t = BLOCK_WORDS; t < 80; t++) {
    const x = w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16];
    w[t] = (x << 1) | (x >>> 31);
  }
  let a = 0x67452301;
  let b = 0xefcdab89 | 0;
  let c = 0x98badcfe | 0;
  let d = 0x10325476;
  let e = 0xc3d2e1f0 | 0;
  for (let t = 0; t < 80; t++) {
    let mixed: number;
    if (t < 20) mixed = (((b & c) | (~b & d)) + 0x5a827999) | 0;
    else if (t < 40) mixed = ((b ^ c ^ d) + 0x6ed9eba1) | 0;
    else if (t < 60) mixed = (((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc) | 0;
    else mixed = ((b ^ c ^ d) + 0xca62c1d6) | 0;
    const next = (((a << 5) | (a >>> 27)) + mixed + e + w[t]) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  digest.a = (a + 0x67452301) | 0;
  digest.b = (b + 0xefcdab89) | 0;
  digest.c = (c + 0x98badcfe) | 0;
  digest.d = (d + 0x10325476) | 0;
  digest.e = (e + 0xc3d2e1f0) | 0;
}

/** Writes a digest in base64, with padding; returns the offset behind: 20 bytes are six groups of three and one of two. */
export function writeBase64({ a, b, c, d, e }: Digest, out: Uint8Array, at: number): number {
  group(out, at, a >>> 8);
  group(out, at + 4, ((a & 0xff) << 16) | (b >>> 16));
  group(out, at + 8, ((b & 0xffff) << 8) | (c >>> 24));
  group(out, at + 12, c & 0xffffff);
  group(out, at + 16, d >>> 8);
  group(out, at + 20, ((d & 0xff) << 16) | (e >>> 16));
  group(out, at + 24, (e & 0xffff) << 8);
  out[at + DIGEST_BASE64 - 1] = 0x3d;
  return at + DIGEST_BASE64;
}

function group(out: Uint8Array, at: number, bits: number): void {
  out[at] = BASE64[bits >>> 18];
  out[at + 1] = BASE64[(bits >>> 12) & 63];
  out[at + 2] = BASE64[(bits >>> 6) & 63];
  out[at + 3] = BASE64[bits & 63];
}

export function base64Text(digest: Digest): string {
  writeBase64(digest, text, 0);
  return text.toString('latin1');
}
