// Columns made of the rows that `binary.ts` writes.

import { ABSENT, type BinaryColumn } from './binary.ts';
import { BoolBuilder, NumberBuilder, TimeBuilder } from './column-builder.ts';
import type { ColumnBatch } from './columns.ts';
import { Nothing } from './nothing.ts';
import { TextBuilder } from './string-builder.ts';

type Builder = TimeBuilder | NumberBuilder | BoolBuilder | TextBuilder;

export class BinaryColumns {
  readonly #type: string;
  readonly #builders: readonly Builder[];
  rows = 0;

  /** `type` is the record type's name. */
  constructor(type: string, columns: readonly BinaryColumn[]) {
    this.#type = type;
    this.#builders = columns.map(builderOf);
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

function builderOf({ name, kind, isOptional }: BinaryColumn): Builder {
  switch (kind) {
    case 'time':
      return new TimeBuilder(name, isOptional);
    case 'int':
    case 'float':
      return new NumberBuilder(name, isOptional, kind);
    case 'bool':
      return new BoolBuilder(name, isOptional);
    case 'text':
      return new TextBuilder(name, isOptional, false);
  }
}
