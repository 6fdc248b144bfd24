// A row group is made of pieces of several batches. These functions lay the values of one column end to end, without its
// nulls: Parquet stores only what is present, and says in the definition levels where.

import type { Column } from '../../records/columns.ts';

export type ColumnOf<Kind extends Column['kind']> = Extract<Column, { kind: Kind }>;

/** A piece of a column; `column` is undefined when that batch does not have it, so all its rows are null. */
export interface Piece<C extends Column = Column> {
  readonly column: C | undefined;
  readonly rows: number;
}

/** Scratch memory that grows and is used again; its contents are valid until the next call. */
export class Scratch {
  #present = new Uint8Array(0);
  #doubles = new Float64Array(0);
  #moreDoubles = new Float64Array(0);
  #words = new Uint32Array(0);
  #codes = new Uint32Array(0);

  present(rows: number): Uint8Array {
    return this.#present.length >= rows ? this.#present : (this.#present = new Uint8Array(rows));
  }
  doubles(rows: number): Float64Array {
    return this.#doubles.length >= rows ? this.#doubles : (this.#doubles = new Float64Array(rows));
  }
  moreDoubles(rows: number): Float64Array {
    return this.#moreDoubles.length >= rows ? this.#moreDoubles : (this.#moreDoubles = new Float64Array(rows));
  }
  words(count: number): Uint32Array {
    return this.#words.length >= count ? this.#words : (this.#words = new Uint32Array(count));
  }
  codes(rows: number): Uint32Array {
    return this.#codes.length >= rows ? this.#codes : (this.#codes = new Uint32Array(rows));
  }
}

export interface Levels {
  /** 1 for a row with a value, 0 for null; undefined when no row is null. */
  present: Uint8Array | undefined;
  /** Rows with a value. */
  count: number;
}

/** The definition levels of a column over all pieces. */
export function levelsOf(pieces: readonly Piece[], rows: number, scratch: Scratch): Levels {
  if (pieces.every(({ column }) => column !== undefined && column.present === undefined)) {
    return { present: undefined, count: rows };
  }
  const present = scratch.present(rows);
  let at = 0;
  let count = 0;
  for (const { column, rows: length } of pieces) {
    const from = column?.present;
    if (column === undefined) present.fill(0, at, at + length);
    else if (from === undefined) {
      present.fill(1, at, at + length);
      count += length;
    } else {
      for (let i = 0; i < length; i++) {
        const bit = from[i] === 0 ? 0 : 1;
        present[at + i] = bit;
        count += bit;
      }
    }
    at += length;
  }
  return count === rows ? { present: undefined, count } : { present, count };
}

/** The present values of a column of numbers, end to end. */
export function gatherDoubles(pieces: readonly Piece<ColumnOf<'int' | 'float'>>[], into: Float64Array): void {
  let at = 0;
  for (const { column, rows } of pieces) {
    if (column === undefined) continue;
    const { values, present } = column;
    if (present === undefined) {
      into.set(values.length === rows ? values : values.subarray(0, rows), at);
      at += rows;
    } else for (let i = 0; i < rows; i++) if (present[i] !== 0) into[at++] = values[i];
  }
}
