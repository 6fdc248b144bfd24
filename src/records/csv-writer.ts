// The primitives that CSV encoders are made of: each writes one cell with a comma behind it and returns the offset behind that.
// Truth: RFC 4180, section 2; for formulas OWASP, "CSV Injection".
//
// A cell of text that a spreadsheet would take for a formula gets an apostrophe in front, which spreadsheets do not show. Nothing is lost
// by it: text that begins with apostrophes before such a character gets one more, so taking one away gives back the text. Control
// characters (but TAB, CR and LF) are not CSV and could drive a terminal: they are written \xNN byte by byte, as `wireText` writes bytes
// that are no text. An empty text is "", so that it can be told from no value.

import type { Address } from './address.ts';
import { FlatWriter } from './flat-writer.ts';
import type { JsonTexts } from './json-texts.ts';
import { wireText } from './text.ts';
import { HEX } from './value-writer.ts';

const COMMA = 0x2c;
const QUOTE = 0x22;
const CR = 0x0d;
const LF = 0x0a;

/** What a byte asks for: quotes around the cell, or a second look at the text. */
const QUOTED = 1;
const SPECIAL = 2;
const CLASS = new Uint8Array(256);
for (let c = 0; c < 0x20; c++) CLASS[c] = SPECIAL;
for (const c of [COMMA, CR, LF]) CLASS[c] = QUOTED;
CLASS[0x09] = 0;
CLASS[QUOTE] = SPECIAL;
CLASS[0x7f] = SPECIAL;
/** Begins U+0080 to U+00BF, of which the first half are control characters. */
CLASS[0xc2] = SPECIAL;

/** First characters of formulas: ASCII ones, their full-width twins, and what a spreadsheet may skip to find one. */
const FORMULA = /^'*[=+\-@\t\r\n＝＋－＠]/;
const FORMULA_START = new Uint8Array(128);
for (const c of "'=+-@\t\r\n") FORMULA_START[c.charCodeAt(0)] = 1;
const FIRST_FULL_WIDTH = 0xff00;

const CONTROLS = /(\\*)([\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f])/g;

/** Below this many characters a loop beats the call of utf8Write. */
const SHORT_TEXT = 14;

/** A cell of text as CSV: the reference for what `CsvWriter.text` writes faster. */
export function csvCell(text: string): string {
  return text === '' ? '""' : quoted(harmless(text));
}

/** Text that is neither a formula nor control characters. */
export function harmless(text: string): string {
  const visible = text.replace(CONTROLS, (_, backslashes: string, control: string) => {
    // Doubled, so that the text can be told from the bytes: the rule of `wireText`.
    const bytes = Array.from(Buffer.from(control), (byte) => `\\x${byte.toString(16).padStart(2, '0')}`);
    return backslashes + backslashes + bytes.join('');
  });
  return FORMULA.test(visible) ? `'${visible}` : visible;
}

/** In quotes where RFC 4180 asks for them. */
export function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export class CsvWriter extends FlatWriter {
  /** Ends a row: the comma at its end becomes CR LF. */
  end(at: number): number {
    this.out[at - 1] = CR;
    this.out[at] = LF;
    return at + 1;
  }

  none(at: number): number {
    this.out[at] = COMMA;
    return at + 1;
  }
  time(seconds: number, nanos: number, start: number): number {
    return this.none(this.timeText(seconds, nanos, start));
  }
  number(value: number, start: number): number {
    return this.none(Number.isFinite(value) ? this.num(value, start) : start);
  }
  flag(value: boolean, start: number): number {
    return this.none(this.bool(value, start));
  }
  ip(address: Address, start: number): number {
    return this.none(this.ipText(address, start));
  }

  text(value: string, start: number): number {
    const { length } = value;
    this.reserve(start, length * 3 + 4 + this.fixed);
    if (length === 0) return this.#special(value, start);
    const first = value.charCodeAt(0);
    if (first < 128 ? FORMULA_START[first] === 1 : first >= FIRST_FULL_WIDTH) return this.#special(value, start);
    const { out } = this;
    let at = start;
    if (length < SHORT_TEXT) {
      for (let i = 0; i < length; i++) {
        const c = value.charCodeAt(i);
        if (c > 127 || CLASS[c] !== 0) return this.#long(value, start);
        out[at++] = c;
      }
      out[at] = COMMA;
      return at + 1;
    }
    return this.#long(value, start);
  }

  #long(value: string, start: number): number {
    const { out } = this;
    const end = start + out.utf8Write(value, start);
    let found = 0;
    for (let i = start; i < end; i++) found |= CLASS[out[i]];
    if (found >= SPECIAL) return this.#special(value, start);
    if (found === 0) {
      out[end] = COMMA;
      return end + 1;
    }
    out.copyWithin(start + 1, start, end);
    out[start] = QUOTE;
    out[end + 1] = QUOTE;
    out[end + 2] = COMMA;
    return end + 3;
  }

  #special(value: string, start: number): number {
    const cell = csvCell(value);
    this.reserve(start, cell.length * 3 + 1 + this.fixed);
    return this.none(start + this.out.utf8Write(cell, start));
  }

  slice(bytes: Uint8Array, from: number, to: number, start: number): number {
    this.reserve(start, to - from + 4 + this.fixed);
    const { out } = this;
    let at = start;
    for (let i = from; i < to; i++) {
      const c = bytes[i];
      if (c > 127 || CLASS[c] !== 0 || c === 0x5c) return this.text(wireText(bytes, from, to), start);
      out[at++] = c;
    }
    if (at === start || FORMULA_START[bytes[from]] === 1) return this.text(wireText(bytes, from, to), start);
    out[at] = COMMA;
    return at + 1;
  }

  /** A JSON text, in quotes. What JSON leaves of control characters becomes \u00XX. */
  cell(json: JsonTexts, end: number, start: number): number {
    this.reserve(start, (end - json.from) * 6 + 4 + this.fixed);
    const { out } = this;
    const text = json.out;
    let at = start;
    out[at++] = QUOTE;
    for (let i = json.from; i < end; i++) {
      const c = text[i];
      if (c === QUOTE) out[at++] = QUOTE;
      else if (c === 0x7f || (c === 0xc2 && text[i + 1] < 0xa0)) {
        const code = c === 0x7f ? c : text[++i];
        at += out.latin1Write('\\u00', at);
        out[at++] = HEX[code >> 4];
        out[at++] = HEX[code & 15];
        continue;
      }
      out[at++] = c;
    }
    out[at++] = QUOTE;
    out[at] = COMMA;
    return at + 1;
  }
}
