// Seeded random numbers: the same seed gives the same traffic on every machine. sfc32 (Chris Doty-Humphrey's small fast counter,
// 128 bits of state), chosen because it is a handful of integer operations.

export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number) {
    this.#a = seed | 0;
    this.#b = 0x9e3779b9 ^ seed;
    this.#c = 0x243f6a88;
    // The first outputs still show the seed.
    for (let i = 0; i < 16; i++) this.word();
  }

  /** 32 bits, unsigned. */
  word(): number {
    const t = (this.#a + this.#b + this.#counter++) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + t;
    return t >>> 0;
  }
  /** [0, n). */
  below(n: number): number {
    return Math.floor((this.word() / 0x100000000) * n);
  }
  /** [from, to], both ends included. */
  between(from: number, to: number): number {
    return from + this.below(to - from + 1);
  }
  /** True with this probability. */
  chance(probability: number): boolean {
    return this.word() < probability * 0x100000000;
  }
  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)];
  }
  /** An independent generator whose numbers do not depend on how many this one has given since. */
  fork(seed: number): Random {
    return new Random((seed ^ 0x51ed270b) + this.#a);
  }
}

/** Mixes a number into 32 bits without state: attributes of the n-th flow are functions of n. */
export function mix(n: number, salt: number): number {
  let x = Math.imul(n ^ salt, 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 15), 0xc2b2ae35);
  return (x ^ (x >>> 13)) >>> 0;
}
