// The primitives of PostgreSQL's COPY in text format: each writes one value with a tab behind it and returns the offset behind that.
// Truth: PostgreSQL's manual, COPY, "Text Format"; and for JSON, "JSON Types".
//
// PostgreSQL takes neither U+0000 in text nor \u0000 or half a surrogate pair in jsonb: the first two are written \x00, as bytes that are
// no text are everywhere, the last as U+FFFD.

import type { Address } from './address.ts';
import { FlatWriter } from './flat-writer.ts';
import type { JsonTexts } from './json-texts.ts';
import { wireText } from './text.ts';

const TAB = 0x09;
const LF = 0x0a;
const BACKSLASH = 0x5c;
/** Characters that a backslash must stand before, by what stands behind it then; 0: none. */
const ESCAPES = new Uint8Array(256);
for (const [character, letter] of ['\bb', '\ff', '\nn', '\rr', '\tt', '\vv', '\\\\', '\0\\']) {
  ESCAPES[character.charCodeAt(0)] = letter.charCodeAt(0);
}
/** Bytes that a character may become: U+0000 becomes `\\x00`. */
const LARGEST = 5;
/** bigint is signed; a double at or above this is outside. */
const BIGINT_END = 2 ** 63;

export class CopyWriter extends FlatWriter {
  /** Ends a row: the tab at its end becomes a line feed. */
  end(at: number): number {
    this.out[at - 1] = LF;
    return at;
  }

  none(at: number): number {
    this.out[at] = BACKSLASH;
    this.out[at + 1] = 0x4e;
    return this.#tab(at + 2);
  }
  time(seconds: number, nanos: number, start: number): number {
    return this.#tab(this.timeText(seconds, nanos, start));
  }
  /** What bigint can not hold is no value, nor are NaN and infinite. */
  number(value: number, start: number): number {
    return Math.abs(value) < BIGINT_END ? this.#tab(this.#digits(value, start)) : this.none(start);
  }
  flag(value: boolean, start: number): number {
    return this.#tab(this.bool(value, start));
  }
  ip(address: Address, start: number): number {
    return this.#tab(this.ipText(address, start));
  }

  text(value: string, start: number): number {
    this.reserve(start, value.length * LARGEST + 8 + this.fixed);
    const { out } = this;
    const end = start + out.utf8Write(value, start);
    let found = 0;
    for (let i = start; i < end; i++) found |= ESCAPES[out[i]];
    return found === 0 ? this.#tab(end) : this.#escape(Buffer.from(value), value.length, start);
  }

  /** Bytes from the wire, as `wireText` has them. */
  slice(bytes: Uint8Array, from: number, to: number, start: number): number {
    return this.text(wireText(bytes, from, to), start);
  }

  /** Where the column takes text, not JSON. */
  override single(values: readonly string[], json: JsonTexts, start: number): number {
    return this.text(values.length === 1 ? values[0] : json.text(json.strings(values)), start);
  }

  /** The JSON text that `json` wrote last, up to `end`. */
  cell(json: JsonTexts, end: number, start: number): number {
    const { out: text, from } = json;
    let isPlain = true;
    for (let i = from; isPlain && i < end; i++) isPlain = text[i] !== BACKSLASH;
    if (!isPlain) return this.text(acceptableJson(json.text(end)), start);
    this.reserve(start, end - from + 8 + this.fixed);
    this.out.set(text.subarray(from, end), start);
    return this.#tab(start + end - from);
  }

  #escape(bytes: Uint8Array, length: number, start: number): number {
    this.reserve(start, length * LARGEST + 8 + this.fixed);
    const { out } = this;
    let at = start;
    for (const byte of bytes) {
      const letter = ESCAPES[byte];
      if (letter === 0) {
        out[at++] = byte;
        continue;
      }
      out[at++] = BACKSLASH;
      out[at++] = letter;
      if (byte === 0) at += out.latin1Write('x00', at);
    }
    return this.#tab(at);
  }

  /** A whole number without an exponent, as bigint wants it. */
  #digits(value: number, start: number): number {
    return Number.isInteger(value) && !Number.isSafeInteger(value)
      ? start + this.out.latin1Write(BigInt(value).toString(), start)
      : this.num(value, start);
  }

  #tab(at: number): number {
    this.out[at] = TAB;
    return at + 1;
  }
}

/** JSON's escapes that jsonb refuses, replaced. Half a surrogate pair is the only \ud… that our encoders write. */
export function acceptableJson(text: string): string {
  return text.replace(/\\(\\|u0000|ud[89a-f][0-9a-f]{2}|.)/gi, (whole, what: string) => {
    if (what === 'u0000') return '\\\\x00';
    return what.length > 1 ? '\\ufffd' : whole;
  });
}
