// One column of all rows of several batches, in another order.

import type { Column, ColumnBatch } from '../records/columns.ts';
import { isNothing, Nothing } from '../records/nothing.ts';
import { pickColumn } from './batches.ts';
import type { StoreColumn } from './parquet/row-group.ts';

/** A column of all rows of `batches` in this order. */
export function orderedColumn(
  batches: readonly ColumnBatch[],
  position: number,
  { name, kind }: StoreColumn,
  order: Uint32Array,
): Column {
  const pieces = batches.map(({ columns, rows }) => {
    const there = columns[position];
    const column = there?.name === name ? there : columns.find((one) => one.name === name);
    return { column: column === undefined || isNothing(column) ? undefined : column, rows };
  });
  if (pieces.every(({ column }) => column === undefined)) return new Nothing(order.length).column(name, kind);
  return pickColumn(joined(pieces, name, kind, order.length), order);
}

interface Piece {
  readonly column: Column | undefined;
  readonly rows: number;
}

/** Pieces of a column end to end. Dictionaries stand one after the other, so an entry may be there twice. */
function joined(pieces: readonly Piece[], name: string, kind: Column['kind'], rows: number): Column {
  const [{ column: only }] = pieces;
  if (pieces.length === 1 && only !== undefined) return only;
  const present = joinedPresence(pieces, rows);
  switch (kind) {
    case 'time': {
      const seconds = join(pieces, new Uint32Array(rows), 1, (column) =>
        column.kind === kind ? column.seconds : undefined,
      );
      const nanos = join(pieces, new Uint32Array(rows), 1, (column) =>
        column.kind === kind ? column.nanos : undefined,
      );
      return { name, kind, seconds, nanos, present };
    }
    case 'int':
    case 'float': {
      const values = join(pieces, new Float64Array(rows), 1, (column) =>
        column.kind === kind ? column.values : undefined,
      );
      return { name, kind, values, present };
    }
    case 'bool': {
      const values = join(pieces, new Uint8Array(rows), 1, (column) =>
        column.kind === kind ? column.values : undefined,
      );
      return { name, kind, values, present };
    }
    case 'ip': {
      const words = join(pieces, new Uint32Array(rows * 4), 4, (column) =>
        column.kind === kind ? column.words : undefined,
      );
      return { name, kind, words, present };
    }
    case 'keyword':
      return { name, kind, present, ...joinedKeywords(pieces, rows) };
    case 'text':
      return { name, kind, json: false, present, ...joinedTexts(pieces, rows) };
  }
}

function joinedPresence(pieces: readonly Piece[], rows: number): Uint8Array | undefined {
  if (pieces.every(({ column }) => column !== undefined && column.present === undefined)) return undefined;
  const present = new Uint8Array(rows);
  let at = 0;
  for (const { column, rows: length } of pieces) {
    if (column?.present !== undefined) present.set(column.present.subarray(0, length), at);
    else if (column !== undefined) present.fill(1, at, at + length);
    at += length;
  }
  return present;
}

function join<A extends Uint8Array | Uint32Array | Float64Array>(
  pieces: readonly Piece[],
  into: A,
  width: number,
  of: (column: Column) => A | undefined,
): A {
  let at = 0;
  for (const { column, rows } of pieces) {
    const values = column === undefined ? undefined : of(column);
    if (values !== undefined) into.set(values.subarray(0, rows * width), at);
    at += rows * width;
  }
  return into;
}

function joinedKeywords(pieces: readonly Piece[], rows: number) {
  const own = pieces.map(({ column }) => (column?.kind === 'keyword' ? column : undefined));
  const entries = own.reduce((sum, column) => sum + (column?.dictionaryOffsets.length ?? 1) - 1, 0);
  const bytes = own.reduce((sum, column) => sum + (column?.dictionaryOffsets.at(-1) ?? 0), 0);
  const codes = new Uint32Array(rows);
  const dictionaryBytes = new Uint8Array(bytes);
  const dictionaryOffsets = new Uint32Array(entries + 1);
  let [at, entry, byte] = [0, 0, 0];
  for (const [i, column] of own.entries()) {
    if (column !== undefined) {
      const count = column.dictionaryOffsets.length - 1;
      const length = column.dictionaryOffsets[count];
      for (let row = 0; row < pieces[i].rows; row++) codes[at + row] = column.codes[row] + entry;
      dictionaryBytes.set(column.dictionaryBytes.subarray(0, length), byte);
      for (let c = 0; c <= count; c++) dictionaryOffsets[entry + c] = column.dictionaryOffsets[c] + byte;
      entry += count;
      byte += length;
    }
    at += pieces[i].rows;
  }
  return { codes, dictionaryBytes, dictionaryOffsets };
}

function joinedTexts(pieces: readonly Piece[], rows: number) {
  const own = pieces.map(({ column }) => (column?.kind === 'text' ? column : undefined));
  const total = own.reduce(
    (sum, column, i) => sum + (column === undefined ? 0 : lengthOf(column.offsets, pieces[i].rows)),
    0,
  );
  const bytes = new Uint8Array(total);
  const offsets = new Uint32Array(rows + 1);
  let [at, byte] = [0, 0];
  for (const [i, column] of own.entries()) {
    const { rows: length } = pieces[i];
    if (column === undefined) offsets.fill(byte, at + 1, at + length + 1);
    else {
      const from = column.offsets[0];
      bytes.set(column.bytes.subarray(from, column.offsets[length]), byte);
      for (let row = 1; row <= length; row++) offsets[at + row] = column.offsets[row] - from + byte;
      byte += lengthOf(column.offsets, length);
    }
    at += length;
  }
  return { bytes, offsets };
}

const lengthOf = (offsets: Uint32Array, rows: number): number => offsets[rows] - offsets[0];
