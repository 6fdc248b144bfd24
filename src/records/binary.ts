// Rows in a compact binary form, for sinks that make something of their own of the values (Parquet): one row behind the other in the order
// of the run, so what is made of them does not depend on the number of threads.
//
// A row has the type's flat fields in order. Each begins with a byte: 0 for no value, 1 for a value behind it:
// times as two 32-bit words (seconds, nanoseconds), numbers as 64-bit floats, booleans as a byte, everything else as its UTF-8 text
// behind a 32-bit length: addresses as RFC 5952 has them, lists, maps and trees as JSON. All little-endian.

import type { Address } from './address.ts';
import { BoolBuilder, NumberBuilder, TimeBuilder } from './column-builder.ts';
import type { ColumnBatch } from './columns.ts';
import type { Field } from './field.ts';
import { flatFields, flatName } from './flat.ts';
import { FlatWriter } from './flat-writer.ts';
import type { JsonTexts } from './json-texts.ts';
import { Nothing } from './nothing.ts';
import type { RecordType } from './record.ts';
import { TextBuilder } from './string-builder.ts';
import { wireText } from './text.ts';

const ABSENT = 0;
const PRESENT = 1;

export class BinaryWriter extends FlatWriter {
  end(at: number): number {
    return at;
  }
  none(at: number): number {
    this.out[at] = ABSENT;
    return at + 1;
  }
  time(seconds: number, nanos: number, at: number): number {
    this.out[at] = PRESENT;
    this.view.setUint32(at + 1, seconds, true);
    this.view.setUint32(at + 5, nanos, true);
    return at + 9;
  }
  number(value: number, at: number): number {
    if (!Number.isFinite(value)) return this.none(at);
    this.out[at] = PRESENT;
    this.view.setFloat64(at + 1, value, true);
    return at + 9;
  }
  flag(value: boolean, at: number): number {
    this.out[at] = PRESENT;
    this.out[at + 1] = value ? 1 : 0;
    return at + 2;
  }
  ip(address: Address, at: number): number {
    return this.#sized(at, this.ipText(address, at + 5));
  }
  text(value: string, at: number): number {
    this.reserve(at, value.length * 3 + 8 + this.fixed);
    return this.#sized(at, at + 5 + this.out.utf8Write(value, at + 5));
  }
  slice(bytes: Uint8Array, from: number, to: number, at: number): number {
    return this.text(wireText(bytes, from, to), at);
  }
  cell(texts: JsonTexts, end: number, at: number): number {
    this.reserve(at, end + 8 + this.fixed);
    texts.out.copy(this.out, at + 5, texts.from, end);
    return this.#sized(at, at + 5 + end - texts.from);
  }
  #sized(at: number, end: number): number {
    this.out[at] = PRESENT;
    this.view.setUint32(at + 1, end - at - 5, true);
    return end;
  }
}

type Builder = TimeBuilder | NumberBuilder | BoolBuilder | TextBuilder;

/** Columns made of binary rows: one for each flat field, by its ECS name. */
export class BinaryColumns {
  readonly #type: string;
  readonly #builders: readonly Builder[];
  rows = 0;

  constructor(type: RecordType) {
    this.#type = type.name;
    this.#builders = flatFields(type).map(([, field]) => builderOf(field));
  }

  /** Appends the row at `from`; `view` is of the same bytes. Returns the offset behind the row. */
  append(bytes: Uint8Array, view: DataView, from: number): number {
    let at = from;
    const row = this.rows;
    for (const builder of this.#builders) {
      if (bytes[at++] === ABSENT) continue;
      if (builder instanceof TextBuilder) {
        const end = at + 4 + view.getUint32(at, true);
        builder.putBytes(row, bytes, at + 4, end);
        at = end;
      } else if (builder instanceof NumberBuilder) {
        builder.put(row, view.getFloat64(at, true));
        at += 8;
      } else if (builder instanceof TimeBuilder) {
        builder.put(row, view.getUint32(at, true), view.getUint32(at + 4, true));
        at += 8;
      } else builder.put(row, bytes[at++] === 1);
    }
    this.rows++;
    return at;
  }

  /** Everything appended since the last call. */
  take(): ColumnBatch {
    const { rows } = this;
    const none = new Nothing(rows);
    this.rows = 0;
    return { type: this.#type, rows, columns: this.#builders.map((builder) => builder.take(rows, none)) };
  }
}

/** Any value may be missing: a number may be none that there is (NaN). */
function builderOf(field: Field): Builder {
  const name = flatName(field);
  switch (field.kind) {
    case 'time':
      return new TimeBuilder(name, field.isOptional);
    case 'int':
    case 'duration':
      return new NumberBuilder(name, true, 'int');
    case 'float':
      return new NumberBuilder(name, true, 'float');
    case 'bool':
      return new BoolBuilder(name, field.isOptional);
    default:
      return new TextBuilder(name, field.isOptional, false);
  }
}
