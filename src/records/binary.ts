// Rows in a compact binary form, for sinks that make something of their own of the values (Parquet): one row behind the other in the order
// of the run, so what is made of them does not depend on the number of threads.
//
// A row has the type's flat fields in order. Each begins with a byte: 0 for no value, 1 for a value behind it:
// times as two 32-bit words (seconds, nanoseconds), numbers as 64-bit floats, booleans as a byte, everything else as its UTF-8 text
// behind a 32-bit length: addresses as RFC 5952 has them, lists, maps and trees as JSON. All little-endian. `binary-columns.ts` reads them.

import type { Address } from './address.ts';
import type { Field } from './field.ts';
import { flatFields, flatName } from './flat.ts';
import { FlatWriter } from './flat-writer.ts';
import type { JsonTexts } from './json-texts.ts';
import type { RecordType } from './record.ts';
import { wireText } from './text.ts';

export const ABSENT = 0;
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

/** How the rows of a type become columns, as plain data: it crosses threads. */
export interface BinaryColumn {
  readonly name: string;
  readonly kind: 'time' | 'int' | 'float' | 'bool' | 'text';
  readonly isOptional: boolean;
}

/** A column for each flat field, by its ECS name. Any number may be missing: it may be none that there is (NaN). */
export function binaryColumns(type: RecordType): BinaryColumn[] {
  return flatFields(type).map(([, field]) => {
    const kind = kindOf(field);
    return { name: flatName(field), kind, isOptional: field.isOptional || kind === 'int' || kind === 'float' };
  });
}

function kindOf({ kind }: Field): BinaryColumn['kind'] {
  switch (kind) {
    case 'time':
    case 'int':
    case 'float':
    case 'bool':
      return kind;
    case 'duration':
      return 'int';
    default:
      return 'text';
  }
}
