// SHA-1 (RFC 3174) of inputs that fit one block: Community IDs need one for every flow and transaction, of 12 to 40 bytes. Of node:crypto
// the call alone costs four times what the hash does (measured: 4 % of a DNS transaction). Never for anything that must be secure.

/** Input bytes that fit one block beside the padding (RFC 3174, section 4). */
export const MAX_ONE_BLOCK = 55;

const BLOCK_WORDS = 16;
const ROUNDS = 80;
const block = new Int32Array(BLOCK_WORDS);
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
  const w = block;
  let i = 0;
  for (; i + 4 <= length; i += 4) w[i >> 2] = view.getInt32(i);
  for (let t = i >> 2; t < BLOCK_WORDS; t++) w[t] = 0;
  for (; i < length; i++) w[i >> 2] |= view.getUint8(i) << (24 - 8 * (i & 3));
  w[length >> 2] |= 0x80 << (24 - 8 * (length & 3));
  w[BLOCK_WORDS - 1] = length * 8;
  rounds(w, digest);
}

/**
 * The eighty rounds one after the other, words and state in variables: half of the instructions that loops over arrays take. Made of text, for
 * nobody wants to read them; what they differ in is from RFC 3174, section 5.
 */
const rounds = makeRounds();

function makeRounds(): (w: Int32Array, digest: Digest) => void {
  const START = [0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476, 0xc3d2e1f0 | 0];
  const NAMES = ['a', 'b', 'c', 'd', 'e'];
  const MIXED = [
    (b: string, c: string, d: string) => `(${d}^(${b}&(${c}^${d})))+${0x5a827999}`,
    (b: string, c: string, d: string) => `(${b}^${c}^${d})+${0x6ed9eba1}`,
    (b: string, c: string, d: string) => `(${b}&${c}|${d}&(${b}|${c}))+${0x8f1bbcdc | 0}`,
    (b: string, c: string, d: string) => `(${b}^${c}^${d})+${0xca62c1d6 | 0}`,
  ];
  const lines = ['let x=0;', ...NAMES.map((name, i) => `let ${name}=${START[i]};`)];
  for (let t = 0; t < BLOCK_WORDS; t++) lines.push(`let w${t}=w[${t}];`);
  for (let t = 0; t < ROUNDS; t++) {
    const word = (back: number) => `w${(t - back) & (BLOCK_WORDS - 1)}`;
    if (t >= BLOCK_WORDS) lines.push(`x=${word(3)}^${word(8)}^${word(14)}^${word(16)};${word(0)}=x<<1|x>>>31;`);
    // Each round's state is the one before, moved on by one: the names are moved instead.
    const [a, b, c, d, e] = NAMES.map((_, i) => NAMES[(ROUNDS + i - t) % NAMES.length]);
    const mixed = MIXED[Math.floor(t / 20)](b, c, d);
    lines.push(`${e}=(${a}<<5|${a}>>>27)+${mixed}+${e}+${word(0)}|0;${b}=${b}<<30|${b}>>>2;`);
  }
  lines.push(...NAMES.map((name, i) => `digest.${name}=${name}+${START[i]}|0;`));
  return new Function('w', 'digest', lines.join('\n')) as (w: Int32Array, digest: Digest) => void;
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
