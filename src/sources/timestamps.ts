// 64-bit pcapng timestamps → seconds and nanoseconds, exactly, without BigInt for any resolution a clock can have.
// Truth: draft-ietf-opsawg-pcapng, section 4.2 (if_tsresol, if_tsoffset) and 4.3 (timestamp high and low).

import { LAST_SECOND } from '../records/columns.ts';

const TWO_32 = 4_294_967_296;
const NANOS = 1_000_000_000;
/** if_tsresol: this bit says that the exponent is one of 2, not of 10. */
const RESOLUTION_IS_BINARY = 0x80;
/** Finer resolutions leave no room for a remainder in a double; they go by BigInt (no clock ticks like that, hostile files do). */
const MAX_DECIMAL_EXPONENT = 15;
const MAX_BINARY_EXPONENT = 52;
const DIGIT_BITS = 16;

/** The clock of one interface. `convert()` leaves its result in `seconds` and `nanos`: no object per packet. */
export class Timestamps {
  seconds = 0;
  nanos = 0;
  /** The time was before 1970 or after 2106. */
  isOutside = false;
  readonly #exponent: number;
  readonly #isBinary: boolean;
  readonly #isExotic: boolean;
  /** Units per second; 0 when exotic. */
  readonly #units: number;
  /** Nanoseconds per unit where that is a whole number (every usual clock), else 0. */
  readonly #nanosEach: number;
  readonly #offsetSeconds: number;
  // The high word changes every 4,295 s (µs) or 4.3 s (ns), so what it contributes is kept.
  #high = -1;
  #highSeconds = 0;
  #highRemainder = 0;

  /** `resolution` as in if_tsresol (6 is microseconds, 0x80 | n is 2^-n), `offsetSeconds` as in if_tsoffset. */
  constructor(resolution: number, offsetSeconds: number) {
    this.#exponent = resolution & 0x7f;
    this.#isBinary = (resolution & RESOLUTION_IS_BINARY) !== 0;
    this.#isExotic = this.#exponent > (this.#isBinary ? MAX_BINARY_EXPONENT : MAX_DECIMAL_EXPONENT);
    this.#units = this.#isExotic ? 0 : (this.#isBinary ? 2 : 10) ** this.#exponent;
    this.#nanosEach = this.#units > 0 && NANOS % this.#units === 0 ? NANOS / this.#units : 0;
    this.#offsetSeconds = offsetSeconds;
  }

  /** Both words unsigned. Times that do not fit stop at the edge of the columns: the first moment, or the last. */
  convert(high: number, low: number): void {
    if (this.#isExotic) {
      this.#convertExotic(high, low);
      return;
    }
    if (high !== this.#high) this.#setHigh(high);
    // Below 2^53: the remainder is less than 2^52, the low word less than 2^32.
    const total = this.#highRemainder + low;
    let seconds = Math.floor(total / this.#units);
    let remainder = total - seconds * this.#units;
    // The quotient may have been rounded up to the next whole second.
    if (remainder < 0) {
      seconds--;
      remainder += this.#units;
    }
    this.seconds = this.#highSeconds + seconds;
    if (this.#nanosEach > 0) this.nanos = remainder * this.#nanosEach;
    else if (this.#isBinary) this.nanos = binaryNanos(remainder, this.#exponent);
    else this.nanos = Math.floor(remainder / (this.#units / NANOS));
    this.#keepInside();
  }

  #setHigh(high: number): void {
    const units = BigInt(this.#units);
    const ticks = BigInt(high) * BigInt(TWO_32);
    this.#high = high;
    this.#highSeconds = Number(ticks / units) + this.#offsetSeconds;
    this.#highRemainder = Number(ticks % units);
  }

  #convertExotic(high: number, low: number): void {
    const units = BigInt(this.#isBinary ? 2 : 10) ** BigInt(this.#exponent);
    const ticks = BigInt(high) * BigInt(TWO_32) + BigInt(low);
    this.seconds = Number(ticks / units) + this.#offsetSeconds;
    this.nanos = Number(((ticks % units) * BigInt(NANOS)) / units);
    this.#keepInside();
  }

  #keepInside(): void {
    this.isOutside = this.seconds < 0 || this.seconds > LAST_SECOND;
    if (!this.isOutside) return;
    const isBefore = this.seconds < 0;
    this.seconds = isBefore ? 0 : LAST_SECOND;
    // Fractions of times that are all one second would go back and forth.
    this.nanos = isBefore ? 0 : NANOS - 1;
  }
}

/** floor(remainder × 10^9 / 2^exponent), 16 bits at a time from the low end: every product stays below 2^53. */
function binaryNanos(remainder: number, exponent: number): number {
  let rest = remainder;
  let carry = 0;
  for (let left = exponent; left > 0; left -= DIGIT_BITS) {
    const base = 2 ** (left < DIGIT_BITS ? left : DIGIT_BITS);
    const higher = Math.floor(rest / base);
    carry = Math.floor(((rest - higher * base) * NANOS + carry) / base);
    rest = higher;
  }
  return carry;
}
