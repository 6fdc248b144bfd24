// Options of DHCPv6 as offsets: code and length of 16 bits each, then the value (RFC 8415 section 21.1). Options lie inside options; a
// list holds those of one level.

import { u16 } from '../octets.ts';

/** More options than that on one level are noise. */
const MAX_OPTIONS = 256;
const HEADER_OCTETS = 4;

export class OptionList {
  count = 0;
  readonly codes = new Uint16Array(MAX_OPTIONS);
  /** Value of option i: [from[i], to[i]). */
  readonly from = new Int32Array(MAX_OPTIONS);
  readonly to = new Int32Array(MAX_OPTIONS);

  /** Reads [from, to). Returns -1, or the offset of the first option that is longer than what is left. */
  read(bytes: Uint8Array, from: number, to: number): number {
    this.count = 0;
    for (let at = from; at < to; ) {
      const value = at + HEADER_OCTETS;
      if (value > to || this.count === MAX_OPTIONS) return at;
      const end = value + u16(bytes, at + 2);
      if (end > to) return at;
      const i = this.count++;
      this.codes[i] = u16(bytes, at);
      this.from[i] = value;
      this.to[i] = end;
      at = end;
    }
    return -1;
  }

  /** Number of the first option with this code; -1: none. */
  find(code: number): number {
    for (let i = 0; i < this.count; i++) if (this.codes[i] === code) return i;
    return -1;
  }
}
