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
      this.v6 === other.v6 &&
      this.w3 === other.w3 &&
      this.w0 === other.w0 &&
      this.w1 === other.w1 &&
      this.w2 === other.w2
    );
  }

  toString(): string {
    return this.v6 ? formatV6(this.w0, this.w1, this.w2, this.w3) : formatV4(this.w3);
  }
}

export function formatV4(word: number): string {
  return `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}`;
}

/** RFC 5952: lower case, no leading zeros, the longest run of at least two zero groups (the first of equals) as `::`. */
export function formatV6(w0: number, w1: number, w2: number, w3: number): string {
  const groups = [w0 >>> 16, w0 & 0xffff, w1 >>> 16, w1 & 0xffff, w2 >>> 16, w2 & 0xffff, w3 >>> 16, w3 & 0xffff];
  let best = -1;
  let bestLength = 1;
  for (let i = 0; i < 8; i++) {
    let length = 0;
    while (i + length < 8 && groups[i + length] === 0) length++;
    if (length > bestLength) {
      best = i;
      bestLength = length;
    }
    i += length;
  }
  // RFC 5952 section 5: an IPv4-mapped address shows its IPv4 part in dotted form.
  if (w0 === 0 && w1 === 0 && w2 === 0xffff) return `::ffff:${formatV4(w3)}`;
  if (best < 0) return groups.map((g) => g.toString(16)).join(':');
  const hex = (part: number[]) => part.map((g) => g.toString(16)).join(':');
  return `${hex(groups.slice(0, best))}::${hex(groups.slice(best + bestLength))}`;
}
