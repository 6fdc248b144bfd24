// IP addresses as four 32-bit words, so that the hot path never makes a string or an array for one.

/** An IPv4 address stands in `w3` with `v6` false; IPv6 fills `w0` (first 32 bits on the wire) to `w3`. Words are unsigned. */
export class Address {
  v6 = false;
  w0 = 0;
  w1 = 0;
  w2 = 0;
  w3 = 0;

  setV4(word: number): this {
    this.v6 = false;
    this.w0 = 0;
    this.w1 = 0;
    this.w2 = 0;
    this.w3 = word >>> 0;
    return this;
  }

  setV6(w0: number, w1: number, w2: number, w3: number): this {
    this.v6 = true;
    this.w0 = w0 >>> 0;
    this.w1 = w1 >>> 0;
    this.w2 = w2 >>> 0;
    this.w3 = w3 >>> 0;
    return this;
  }

  copy(from: Address): this {
    this.v6 = from.v6;
    this.w0 = from.w0;
    this.w1 = from.w1;
    this.w2 = from.w2;
    this.w3 = from.w3;
    return this;
  }

  equals(other: Address): boolean {
    return (
      this.w3 === other.w3 &&
      this.w0 === other.w0 &&
      this.w1 === other.w1 &&
      this.w2 === other.w2 &&
      this.v6 === other.v6
    );
  }

  toString(): string {
    return this.v6 ? formatV6(this.w0, this.w1, this.w2, this.w3) : formatV4(this.w3);
  }
}

const DOTTED: readonly string[] = Array.from({ length: 256 }, (_, octet) => `${octet}.`);
/** Texts of IPv4 addresses lately asked for, by the top bits of a hash: most are of the same few hosts. */
const RECENT = 1024;
const RECENT_SHIFT = 22;
const recentWords = new Int32Array(RECENT);
const recentTexts: string[] = new Array(RECENT).fill('0.0.0.0');

export function formatV4(word: number): string {
  const place = Math.imul(word, 0x9e3779b1) >>> RECENT_SHIFT;
  if (recentWords[place] === (word | 0)) return recentTexts[place];
  recentWords[place] = word;
  const octets = DOTTED[word >>> 24] + DOTTED[(word >>> 16) & 255] + DOTTED[(word >>> 8) & 255];
  return (recentTexts[place] = octets + (word & 255));
}

const HEX = Uint8Array.from('0123456789abcdef', (c) => c.charCodeAt(0));
const COLON = 0x3a;
const LONGEST_V6 = 39;
const groups = new Uint16Array(8);
const text = Buffer.alloc(LONGEST_V6);

/** RFC 5952: lower case, no leading zeros, the longest run of at least two zero groups (the first of equals) as `::`. */
export function formatV6(w0: number, w1: number, w2: number, w3: number): string {
  return text.latin1Slice(0, writeV6(w0, w1, w2, w3, text, 0));
}

/** The same as ASCII bytes at `start`; returns the offset behind. */
export function writeV6(w0: number, w1: number, w2: number, w3: number, out: Buffer, start: number): number {
  // RFC 5952 section 5: an IPv4-mapped address shows its IPv4 part in dotted form.
  if (w0 === 0 && w1 === 0 && w2 === 0xffff) return start + out.latin1Write(`::ffff:${formatV4(w3)}`, start);
  groups[0] = w0 >>> 16;
  groups[1] = w0;
  groups[2] = w1 >>> 16;
  groups[3] = w1;
  groups[4] = w2 >>> 16;
  groups[5] = w2;
  groups[6] = w3 >>> 16;
  groups[7] = w3;
  let longest = -1;
  let length = 1;
  for (let i = 0; i < 8; ) {
    let n = 0;
    while (i + n < 8 && groups[i + n] === 0) n++;
    if (n > length) {
      longest = i;
      length = n;
    }
    i += n + 1;
  }
  let at = start;
  for (let i = 0; i < 8; ) {
    if (i === longest) {
      out[at++] = COLON;
      if (i === 0) out[at++] = COLON;
      i += length;
      continue;
    }
    const group = groups[i];
    if (group > 0xfff) out[at++] = HEX[group >>> 12];
    if (group > 0xff) out[at++] = HEX[(group >>> 8) & 15];
    if (group > 0xf) out[at++] = HEX[(group >>> 4) & 15];
    out[at++] = HEX[group & 15];
    if (++i < 8) out[at++] = COLON;
  }
  return at;
}
