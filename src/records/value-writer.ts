// The buffer that encoders write into, and the values whose text is the same in every text encoding: times, numbers, addresses. Each
// method writes one value at an offset and returns the offset behind it; the caller has made sure of room (`reserve`) and writes on
// behind: up to three bytes beyond a value may be touched.
// Measured choices: octets of addresses and thousands of numbers from tables of words; the second's text is kept from one time to the next.

import { type Address, writeV6 } from './address.ts';

declare global {
  interface Buffer {
    /** Node's own writers without the checks of `write`: they return the bytes written. */
    latin1Write(text: string, offset?: number, length?: number): number;
    utf8Write(text: string, offset?: number, length?: number): number;
    latin1Slice(from?: number, to?: number): string;
  }
}

export const HEX = Buffer.from('0123456789abcdef');

/** Numbers of an IPv4 address with the dot behind, as little-endian words, and how many of the word's bytes count. */
const OCTET_WORDS = Int32Array.from({ length: 256 }, (_, i) => Buffer.from(`${i}.   `).readInt32LE());
const OCTET_BYTES = Uint8Array.from({ length: 256 }, (_, i) => `${i}.`.length);

/** Numbers below 1000 as little-endian words of three digits, and without leading zeros; how many of those bytes count. */
const THOUSAND = 1000;
const MILLION = 1_000_000;
const BILLION = 1_000_000_000;
const TRIPLES = Int32Array.from({ length: THOUSAND }, (_, i) =>
  Buffer.from(`${i}`.padStart(3, '0').padEnd(4)).readInt32LE(),
);
const SHORTEST = Int32Array.from({ length: THOUSAND }, (_, i) => Buffer.from(`${i}`.padEnd(4)).readInt32LE());
const DIGITS = Uint8Array.from({ length: THOUSAND }, (_, i) => `${i}`.length);
const [TRUE_WORD, FALS_WORD] = ['true', 'fals'].map((word) => Buffer.from(word).readInt32LE());

const DAY = 86_400;

function putTwo(text: Uint8Array, at: number, n: number): void {
  const tens = (n / 10) | 0;
  text[at] = 0x30 + tens;
  text[at + 1] = 0x30 + n - tens * 10;
}

export class ValueWriter {
  /** The buffer; replaced by a bigger one in `reserve` only. */
  out: Buffer<ArrayBuffer>;
  view: DataView;
  #second = -1;
  #day = -1;
  /** The text of `#second` with the dot behind it. */
  readonly #secondWords = new Int32Array(5);
  readonly #secondText = Buffer.from(this.#secondWords.buffer);

  constructor(capacity: number) {
    this.out = Buffer.allocUnsafeSlow(capacity);
    this.view = new DataView(this.out.buffer);
  }

  /** Makes sure of `bytes` of room behind `at`, keeping what was written. */
  reserve(at: number, bytes: number): void {
    if (at + bytes <= this.out.length) return;
    let capacity = this.out.length * 2;
    while (capacity < at + bytes) capacity *= 2;
    const bigger = Buffer.allocUnsafeSlow(capacity);
    this.out.copy(bigger, 0, 0, at);
    this.out = bigger;
    this.view = new DataView(bigger.buffer);
  }

  /** 2026-11-21T10:00:00.000000000Z */
  timeText(seconds: number, nanos: number, start: number): number {
    let at = start;
    const view = this.view;
    const words = this.#secondWords;
    if (seconds !== this.#second) this.#writeSecond(seconds);
    view.setInt32(at, words[0], true);
    view.setInt32(at + 4, words[1], true);
    view.setInt32(at + 8, words[2], true);
    view.setInt32(at + 12, words[3], true);
    view.setInt32(at + 16, words[4], true);
    at += 20;
    at = this.#nine(nanos, at);
    this.out[at] = 0x5a;
    return at + 1;
  }

  #writeSecond(seconds: number): void {
    const text = this.#secondText;
    const day = Math.floor(seconds / DAY);
    if (day !== this.#day) {
      this.#day = day;
      text.latin1Write(new Date(day * DAY * 1000).toISOString(), 0, 20);
    }
    const second = seconds - day * DAY;
    const hour = (second / 3600) | 0;
    const minute = ((second / 60) | 0) - hour * 60;
    putTwo(text, 11, hour);
    putTwo(text, 14, minute);
    putTwo(text, 17, second % 60);
    this.#second = seconds;
  }

  /** A number; NaN and infinite become `null`, as JSON has no word for them. */
  num(value: number, start: number): number {
    if (value >= 0 && value <= 0x7fffffff && (value | 0) === value) return this.#whole(value, start);
    // Beyond 31 bits: durations and counters of bytes.
    if (value > 0 && value <= Number.MAX_SAFE_INTEGER && Math.floor(value) === value) {
      const billions = Math.floor(value / BILLION);
      return this.#nine(value - billions * BILLION, this.#whole(billions, start));
    }
    return start + this.out.latin1Write(Number.isFinite(value) ? String(value) : 'null', start);
  }

  /** A whole number below 2^31. */
  #whole(n: number, start: number): number {
    const { view } = this;
    if (n < THOUSAND) {
      view.setInt32(start, SHORTEST[n], true);
      return start + DIGITS[n];
    }
    if (n < MILLION) {
      const thousands = (n / THOUSAND) | 0;
      view.setInt32(start, SHORTEST[thousands], true);
      const at = start + DIGITS[thousands];
      view.setInt32(at, TRIPLES[n - thousands * THOUSAND], true);
      return at + 3;
    }
    if (n >= BILLION) {
      const billions = (n / BILLION) | 0;
      this.out[start] = 0x30 + billions;
      return this.#nine(n - billions * BILLION, start + 1);
    }
    const millions = (n / MILLION) | 0;
    const rest = n - millions * MILLION;
    const thousands = (rest / THOUSAND) | 0;
    view.setInt32(start, SHORTEST[millions], true);
    const at = start + DIGITS[millions];
    view.setInt32(at, TRIPLES[thousands], true);
    view.setInt32(at + 3, TRIPLES[rest - thousands * THOUSAND], true);
    return at + 6;
  }

  /** Nine digits. */
  #nine(n: number, at: number): number {
    const { view } = this;
    const millions = (n / MILLION) | 0;
    const rest = n - millions * MILLION;
    const thousands = (rest / THOUSAND) | 0;
    view.setInt32(at, TRIPLES[millions], true);
    view.setInt32(at + 3, TRIPLES[thousands], true);
    view.setInt32(at + 6, TRIPLES[rest - thousands * THOUSAND], true);
    return at + 9;
  }

  bool(value: boolean, at: number): number {
    this.view.setInt32(at, value ? TRUE_WORD : FALS_WORD, true);
    if (value) return at + 4;
    this.out[at + 4] = 0x65;
    return at + 5;
  }

  /** As `formatV4` and `formatV6` write them. */
  ipText(address: Address, start: number): number {
    if (address.v6) return writeV6(address.w0, address.w1, address.w2, address.w3, this.out, start);
    const { view } = this;
    const word = address.w3;
    let at = start;
    for (let shift = 24; shift >= 0; shift -= 8) {
      const octet = (word >>> shift) & 255;
      view.setInt32(at, OCTET_WORDS[octet], true);
      at += OCTET_BYTES[octet];
    }
    // Without the last dot.
    return at - 1;
  }
}
