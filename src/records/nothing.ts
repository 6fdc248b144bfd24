// Columns without any value in a batch, which is what most columns of a transaction are. Their arrays are views of one buffer of zeros that
// all of them share: they take no memory, nothing is copied for them, and who knows that (`isNothing`) does not look at their rows.

import type { Column } from './columns.ts';

/** The longest row of any kind: an address. */
const ROW_BYTES = 16;
/** A text has one offset more than rows. */
const MORE_BYTES = 8;

/** The empty columns of one batch. */
export class Nothing {
  readonly #rows: number;
  #zeros: ArrayBuffer | undefined;

  constructor(rows: number) {
    this.#rows = rows;
  }

  column(name: string, kind: Column['kind'], json = false): Column {
    const rows = this.#rows;
    this.#zeros ??= new ArrayBuffer(rows * ROW_BYTES + MORE_BYTES);
    const zeros = this.#zeros;
    const words = new Uint32Array(zeros, 0, rows);
    const bytes = new Uint8Array(zeros, 0, rows);
    const present = bytes;
    switch (kind) {
      case 'time':
        return { name, kind, seconds: words, nanos: words, present };
      case 'int':
      case 'float':
        return { name, kind, values: new Float64Array(zeros, 0, rows), present };
      case 'bool':
        return { name, kind, values: bytes, present };
      case 'ip':
        return { name, kind, words: new Uint32Array(zeros, 0, rows * 4), present };
      case 'keyword': {
        const dictionaryOffsets = new Uint32Array(zeros, 0, 1);
        return { name, kind, codes: words, dictionaryBytes: new Uint8Array(zeros, 0, 0), dictionaryOffsets, present };
      }
      case 'text': {
        const offsets = new Uint32Array(zeros, 0, rows + 1);
        return { name, kind, json, bytes: new Uint8Array(zeros, 0, 0), offsets, present };
      }
    }
  }
}

/** Whether a column is known to have no value: its arrays are in one buffer. One that was copied may have none without being known. */
export function isNothing(column: Column): boolean {
  return column.present !== undefined && column.present.buffer === firstArray(column).buffer;
}

function firstArray(column: Column): Uint8Array | Uint32Array | Float64Array {
  switch (column.kind) {
    case 'time':
      return column.seconds;
    case 'ip':
      return column.words;
    case 'keyword':
      return column.codes;
    case 'text':
      return column.offsets;
    default:
      return column.values;
  }
}
