// The words that encoders of flat rows are made of: one call per cell, each writes at an offset and returns the offset behind it.

import type { Address } from './address.ts';
import type { JsonTexts } from './json-texts.ts';
import { ValueWriter } from './value-writer.ts';

export abstract class FlatWriter extends ValueWriter {
  /** Room that the cells of fixed size in a row need. */
  protected fixed = 0;

  /** Begins a row: makes room for its cells of fixed size; those of text make room for themselves. */
  begin(at: number, fixed: number): void {
    this.fixed = fixed;
    this.reserve(at, fixed);
  }
  /** Ends it. */
  abstract end(at: number): number;

  /** No value. */
  abstract none(at: number): number;
  abstract time(seconds: number, nanos: number, at: number): number;
  /** NaN and infinite are no value. */
  abstract number(value: number, at: number): number;
  abstract flag(value: boolean, at: number): number;
  abstract ip(address: Address, at: number): number;
  abstract text(value: string, at: number): number;
  /** Bytes from the wire, as `wireText` has them. */
  abstract slice(bytes: Uint8Array, from: number, to: number, at: number): number;
  /** A JSON text: what `json` wrote last, up to `end`. */
  abstract cell(json: JsonTexts, end: number, at: number): number;

  /** An array of one as its only element. */
  single(values: readonly string[], json: JsonTexts, at: number): number {
    return values.length === 1 ? this.text(values[0], at) : this.cell(json, json.strings(values), at);
  }
}
