// The primitives that JSON encoders are made of: each writes one JSON value into the buffer and returns the offset behind it. The
// caller has made sure of room (`bound…` says how much is needed) and writes on behind: up to seven bytes beyond a value may be touched.
// Measured choices: short strings by a character loop, longer ones by utf8Write and a scan of four bytes at a time. Most of a document's
// strings were written before: keywords are kept field by field from one record to the next, other short texts (a name, an address) in one
// table, long ones are copied from where they stand in the buffer already. Copies go by doubles: eight bytes of UTF-8 never are a NaN.

import type { Address } from './address.ts';
import type { JsonValue, MapEntries } from './field.ts';
import { backslashesEnd, isDoubled, utf8Sequence } from './text.ts';
import { HEX, ValueWriter } from './value-writer.ts';

/** Characters that stand for themselves in a JSON string. */
const PLAIN = new Uint8Array(256);
for (let c = 0x20; c < 0x80; c++) PLAIN[c] = c === 0x22 || c === 0x5c ? 0 : 1;
/** What follows the backslash of characters that JSON has a short escape for, as JSON.stringify chooses; 0: none. */
const SHORT_ESCAPES = new Uint8Array(256);
for (const [c, letter] of ['\b', '\t', '\n', '\f', '\r', '"'].map((c, i) => [
  c.charCodeAt(0),
  'btnfr"'.charCodeAt(i),
])) {
  SHORT_ESCAPES[c] = letter;
}
const QUOTE = 0x22;
/** Below this many characters a loop beats the call of utf8Write. */
const SHORT_STRING = 20;
/** Bytes of a slice below which no view of its buffer is made. */
const SHORT_SLICE = 96;
/** Texts of so many characters are looked for in the buffer. */
const SHORTEST_COPIED = 8;
const LONGEST_COPIED = 255;
/** Places in the buffer that are remembered, by a hash of the text. */
const PLACES = 128;

/** Doubles that a short text is remembered in, with its quotes. */
const WRITTEN_WORDS = 4;
const WRITTEN_BYTES = WRITTEN_WORDS * 8;
/** Keywords that are remembered for each field, and texts of all fields. */
const KEYWORDS = 16;
const TEXTS = 512;

/** Short texts as they were written in JSON, by entry. */
class WrittenTexts {
  /** Those of free entries are '', which nobody looks for: texts that are only compared with texts are compared quickest. */
  readonly values: string[];
  readonly #lengths: Uint8Array;
  readonly #words: Float64Array;

  constructor(entries: number) {
    this.values = new Array(entries).fill('');
    this.#lengths = new Uint8Array(entries);
    this.#words = new Float64Array(entries * WRITTEN_WORDS);
  }

  /** Writes the text of an entry; returns the offset behind. */
  write(entry: number, view: DataView, start: number): number {
    const words = this.#words;
    const bytes = this.#lengths[entry];
    const from = entry * WRITTEN_WORDS;
    for (let i = 0; i < bytes; i += 8) view.setFloat64(start + i, words[from + (i >> 3)], true);
    return start + bytes;
  }

  /** Remembers `value`, which stands as JSON in [start, end), if that is short. */
  keep(entry: number, value: string, view: DataView, start: number, end: number): void {
    const bytes = end - start;
    if (bytes > WRITTEN_BYTES) return;
    const words = this.#words;
    const from = entry * WRITTEN_WORDS;
    for (let i = 0; i < bytes; i += 8) words[from + (i >> 3)] = view.getFloat64(start + i, true);
    this.#lengths[entry] = bytes;
    this.values[entry] = value;
  }
}

/** The keywords that a field had lately: most fields say the same few over and over. */
export class KeywordCache {
  readonly texts = new WrittenTexts(KEYWORDS);
  /** The last one, and its entry; '' before. */
  last = '';
  lastEntry = 0;
}

/**
 * Looks at the four bytes of a word: sets the top bit of each that needs an escape (control characters, quote, backslash). A borrow can
 * set a neighbour's bit too, but only when there is one that counts.
 */
function oddBits(word: number): number {
  const quote = word ^ 0x22222222;
  const backslash = word ^ 0x5c5c5c5c;
  return (
    (((word - 0x20202020) | 0) & ~word) |
    (((quote - 0x01010101) | 0) & ~quote) |
    (((backslash - 0x01010101) | 0) & ~backslash)
  );
}

export class JsonWriter extends ValueWriter {
  readonly #short = new WrittenTexts(TEXTS);
  // Longer texts that stand in the buffer, and where: begin and end with the quotes.
  readonly #texts: string[] = new Array(PLACES).fill('');
  readonly #begins = new Int32Array(PLACES);
  readonly #ends = new Int32Array(PLACES);
  #reservedAt = -1;
  /** Slices come from the same few buffers: the view of the last one is nearly always right. */
  #source: Uint8Array = this.out;
  #sourceView: DataView = this.view;

  override reserve(at: number, bytes: number): void {
    // The buffer is used anew.
    if (at <= this.#reservedAt) this.restart();
    this.#reservedAt = at;
    super.reserve(at, bytes);
  }

  /** What stands in the buffer is given up: nothing is copied from there any more. */
  restart(): void {
    this.#texts.fill('');
    this.#reservedAt = -1;
  }

  /** "2026-11-21T10:00:00.000000000Z" */
  time(seconds: number, nanos: number, start: number): number {
    this.out[start] = QUOTE;
    const at = this.timeText(seconds, nanos, start + 1);
    this.out[at] = QUOTE;
    return at + 1;
  }

  ip(address: Address, start: number): number {
    this.out[start] = QUOTE;
    const at = this.ipText(address, start + 1);
    this.out[at] = QUOTE;
    return at + 1;
  }

  /** A text that is often the same: see `KeywordCache`. */
  keyword(value: string, cache: KeywordCache, start: number): number {
    const { texts } = cache;
    const { length } = value;
    if (length === 0 || length > WRITTEN_BYTES - 2) return this.text(value, start);
    if (value === cache.last) return texts.write(cache.lastEntry, this.view, start);
    // Factors found by trying: hardly any words of a vocabulary (states, methods, kinds, query types) want the same entry.
    const mixed = value.charCodeAt(0) * 2 + value.charCodeAt(length >> 1) * 14 + value.charCodeAt(length - 1);
    const entry = (mixed + length * 11) & (KEYWORDS - 1);
    if (texts.values[entry] !== value) {
      const end = this.text(value, start);
      texts.keep(entry, value, this.view, start, end);
      if (texts.values[entry] === value) {
        cache.last = value;
        cache.lastEntry = entry;
      }
      return end;
    }
    cache.last = value;
    cache.lastEntry = entry;
    return texts.write(entry, this.view, start);
  }

  text(value: string, start: number): number {
    const { length } = value;
    if (length < SHORTEST_COPIED || length > LONGEST_COPIED) return this.#written(value, start);
    const hash =
      Math.imul(value.charCodeAt(length - 1), 37) +
      Math.imul(value.charCodeAt(length >> 1) + value.charCodeAt(length - 2), 11) +
      length;
    if (length <= WRITTEN_BYTES - 2) {
      const texts = this.#short;
      const entry = hash & (TEXTS - 1);
      if (texts.values[entry] === value) return texts.write(entry, this.view, start);
      const end = this.#written(value, start);
      texts.keep(entry, value, this.view, start, end);
      return end;
    }
    const place = hash & (PLACES - 1);
    if (this.#texts[place] === value) {
      const from = this.#begins[place];
      const to = this.#ends[place];
      const { view } = this;
      const ahead = start - from;
      for (let at = from; at < to; at += 8) view.setFloat64(at + ahead, view.getFloat64(at, true), true);
      return to + ahead;
    }
    const end = this.#written(value, start);
    this.#texts[place] = value;
    this.#begins[place] = start;
    this.#ends[place] = end;
    return end;
  }

  #written(value: string, start: number): number {
    const out = this.out;
    let at = start;
    const length = value.length;
    out[at++] = QUOTE;
    if (length < SHORT_STRING) {
      for (let i = 0; i < length; i++) {
        const c = value.charCodeAt(i);
        if (c > 127 || PLAIN[c] === 0) return this.#escaped(value, start);
        out[at++] = c;
      }
    } else {
      const written = out.utf8Write(value, at);
      if (!this.#isPlain(at, at + written)) return this.#escaped(value, start);
      // Half of a surrogate pair has no UTF-8: JSON writes it as an escape.
      if (written !== length && !value.isWellFormed()) return this.#escaped(value, start);
      at += written;
    }
    out[at++] = QUOTE;
    return at;
  }

  /** No byte of [from, to) needs an escape. */
  #isPlain(from: number, to: number): boolean {
    const { out, view } = this;
    let at = from;
    for (; at + 4 <= to; at += 4) {
      if ((oddBits(view.getInt32(at)) & 0x80808080) !== 0) return false;
    }
    for (; at < to; at++) {
      const c = out[at];
      if (c < 0x20 || c === 0x22 || c === 0x5c) return false;
    }
    return true;
  }
  #escaped(value: string, start: number): number {
    return start + this.out.utf8Write(JSON.stringify(value), start);
  }

  /** Bytes from the wire, as `wireText` would write them. */
  slice(bytes: Uint8Array, from: number, to: number, start: number): number {
    const { out } = this;
    let at = start;
    out[at++] = QUOTE;
    let i = from;
    // A view costs more than the bytes of a short slice one by one.
    if (bytes === this.#source || to - from > SHORT_SLICE) {
      if (bytes !== this.#source) {
        this.#source = bytes;
        this.#sourceView = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      }
      const { view } = this;
      const source = this.#sourceView;
      for (; i + 4 <= to; i += 4, at += 4) {
        const word = source.getInt32(i, true);
        if (((oddBits(word) | word) & 0x80808080) !== 0) break;
        view.setInt32(at, word, true);
      }
    }
    for (; i < to; i++) {
      const c = bytes[i];
      if (PLAIN[c] === 0) {
        at = this.#sliceSlowly(bytes, i, to, at);
        break;
      }
      out[at++] = c;
    }
    out[at++] = QUOTE;
    return at;
  }

  #sliceSlowly(bytes: Uint8Array, from: number, to: number, start: number): number {
    const out = this.out;
    let at = start;
    for (let i = from; i < to; ) {
      const c = bytes[i];
      if (c < 0x80) {
        if (PLAIN[c] === 1) out[at++] = c;
        else if (c === 0x5c) {
          // Doubled where `wireText` doubles them, and again by JSON.
          const end = backslashesEnd(bytes, i, to);
          const each = isDoubled(bytes, end, to) ? 4 : 2;
          for (let k = 0; k < (end - i) * each; k++) out[at++] = 0x5c;
          i = end;
          continue;
        } else if (SHORT_ESCAPES[c] !== 0) {
          out[at++] = 0x5c;
          out[at++] = SHORT_ESCAPES[c];
        } else {
          at += out.latin1Write('\\u00', at);
          out[at++] = HEX[c >> 4];
          out[at++] = HEX[c & 15];
        }
        i++;
        continue;
      }
      const length = utf8Sequence(bytes, i, to);
      if (length === 0) {
        at += out.latin1Write('\\\\x', at);
        out[at++] = HEX[c >> 4];
        out[at++] = HEX[c & 15];
        i++;
      } else {
        for (let k = 0; k < length; k++) out[at++] = bytes[i + k];
        i += length;
      }
    }
    return at;
  }

  strings(values: readonly string[], start: number): number {
    let at = start;
    this.out[at++] = 0x5b;
    for (let i = 0; i < values.length; i++) {
      if (i > 0) this.out[at++] = 0x2c;
      at = this.text(values[i], at);
    }
    this.out[at++] = 0x5d;
    return at;
  }

  /** An array of one as its only element. */
  single(values: readonly string[], start: number): number {
    return values.length === 1 ? this.text(values[0], start) : this.strings(values, start);
  }

  map(entries: MapEntries, start: number): number {
    let at = start;
    this.out[at++] = 0x7b;
    for (let i = 0; i < entries.length; i++) {
      const [key, value] = entries[i];
      if (i > 0) this.out[at++] = 0x2c;
      at = this.text(key, at);
      this.out[at++] = 0x3a;
      if (typeof value === 'string') at = this.text(value, at);
      else if (typeof value === 'number') at = this.num(value, at);
      else if (typeof value === 'boolean') at = this.bool(value, at);
      else at = this.strings(value, at);
    }
    this.out[at++] = 0x7d;
    return at;
  }

  /** A tree. Its depth is the program's, not the wire's: whoever builds it bounds it. */
  json(value: JsonValue, start: number): number {
    let at = start;
    if (value === null) return at + this.out.latin1Write('null', at);
    if (typeof value === 'string') return this.text(value, at);
    if (typeof value === 'number') return this.num(value, at);
    if (typeof value === 'boolean') return this.bool(value, at);
    const isArray = Array.isArray(value);
    this.out[at++] = isArray ? 0x5b : 0x7b;
    let first = true;
    if (isArray) {
      for (const item of value) {
        if (!first) this.out[at++] = 0x2c;
        first = false;
        at = this.json(item, at);
      }
    } else {
      for (const [key, item] of value as ReadonlyMap<string, JsonValue>) {
        if (!first) this.out[at++] = 0x2c;
        first = false;
        at = this.text(key, at);
        this.out[at++] = 0x3a;
        at = this.json(item, at);
      }
    }
    this.out[at++] = isArray ? 0x5d : 0x7d;
    return at;
  }
}

/** Room that a string needs at most: every character as \u00XX, quotes, and what copying by doubles touches behind it. */
export function boundText(value: string): number {
  return value.length * 6 + 16;
}

export function boundStrings(values: readonly string[]): number {
  let sum = 8;
  for (const value of values) sum += boundText(value) + 1;
  return sum;
}

export function boundMap(entries: MapEntries): number {
  let sum = 8;
  for (const [key, value] of entries) {
    sum +=
      boundText(key) +
      2 +
      (typeof value === 'string' ? boundText(value) : typeof value === 'object' ? boundStrings(value) : 32);
  }
  return sum;
}

export function boundJson(value: JsonValue): number {
  if (typeof value === 'string') return boundText(value);
  if (value === null || typeof value !== 'object') return 32;
  let sum = 8;
  if (Array.isArray(value)) for (const item of value) sum += boundJson(item) + 1;
  else for (const [key, item] of value as ReadonlyMap<string, JsonValue>) sum += boundText(key) + boundJson(item) + 2;
  return sum;
}
