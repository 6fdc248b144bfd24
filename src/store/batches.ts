// Cutting column batches: a stretch of rows without copying, chosen rows with.

import type { Column, ColumnBatch } from '../records/columns.ts';
import { isNothing } from '../records/nothing.ts';

/** Memory that one column costs beside its data: objects and typed-array headers. */
const COLUMN_OVERHEAD_BYTES = 300;

/** Rows [from, to) of a batch; the arrays are views of the batch's. */
export function sliceBatch(batch: ColumnBatch, from: number, to: number): ColumnBatch {
  if (from === 0 && to === batch.rows) return batch;
  return { type: batch.type, rows: to - from, columns: batch.columns.map((column) => sliceColumn(column, from, to)) };
}

function sliceColumn(column: Column, from: number, to: number): Column {
  const present = column.present?.subarray(from, to);
  switch (column.kind) {
    case 'time':
      return { ...column, present, seconds: column.seconds.subarray(from, to), nanos: column.nanos.subarray(from, to) };
    case 'int':
    case 'float':
      return { ...column, present, values: column.values.subarray(from, to) };
    case 'bool':
      return { ...column, present, values: column.values.subarray(from, to) };
    case 'ip':
      return { ...column, present, words: column.words.subarray(from * 4, to * 4) };
    case 'keyword':
      return { ...column, present, codes: column.codes.subarray(from, to) };
    case 'text':
      return { ...column, present, offsets: column.offsets.subarray(from, to + 1) };
  }
}

/** The chosen rows of a batch, in the order given, as a batch of its own (dictionaries are shared). */
export function pickRows(batch: ColumnBatch, rows: Uint32Array): ColumnBatch {
  return { type: batch.type, rows: rows.length, columns: batch.columns.map((column) => pickColumn(column, rows)) };
}

/** The chosen rows of a column. */
export function pickColumn(column: Column, rows: Uint32Array): Column {
  const count = rows.length;
  if (isNothing(column)) return sliceColumn(column, 0, count);
  const present = column.present && pickBytes(column.present, rows);
  switch (column.kind) {
    case 'time':
      return {
        ...column,
        present,
        seconds: pickWords(column.seconds, rows),
        nanos: pickWords(column.nanos, rows),
      };
    case 'int':
    case 'float':
      return { ...column, present, values: pickDoubles(column.values, rows) };
    case 'bool':
      return { ...column, present, values: pickBytes(column.values, rows) };
    case 'ip': {
      const words = new Uint32Array(count * 4);
      for (let i = 0; i < count; i++) {
        for (let k = 0; k < 4; k++) words[i * 4 + k] = column.words[rows[i] * 4 + k];
      }
      return { ...column, present, words };
    }
    case 'keyword':
      return { ...column, present, codes: pickWords(column.codes, rows) };
    case 'text': {
      const offsets = new Uint32Array(count + 1);
      for (let i = 0; i < count; i++) {
        offsets[i + 1] = offsets[i] + column.offsets[rows[i] + 1] - column.offsets[rows[i]];
      }
      const bytes = new Uint8Array(offsets[count]);
      for (let i = 0; i < count; i++) {
        bytes.set(column.bytes.subarray(column.offsets[rows[i]], column.offsets[rows[i] + 1]), offsets[i]);
      }
      return { ...column, present, bytes, offsets };
    }
  }
}

// One function per type of array: V8 compiles each for its type, which makes them several times as fast as one for all.

function pickBytes(from: Uint8Array, rows: Uint32Array): Uint8Array {
  const into = new Uint8Array(rows.length);
  for (let i = 0; i < rows.length; i++) into[i] = from[rows[i]];
  return into;
}

function pickWords(from: Uint32Array, rows: Uint32Array): Uint32Array {
  const into = new Uint32Array(rows.length);
  for (let i = 0; i < rows.length; i++) into[i] = from[rows[i]];
  return into;
}

function pickDoubles(from: Float64Array, rows: Uint32Array): Float64Array {
  const into = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) into[i] = from[rows[i]];
  return into;
}

/** Memory that a batch holds, in bytes, roughly; columns without a value have none of their own. */
export function batchBytes(batch: ColumnBatch): number {
  let bytes = 0;
  for (const column of batch.columns) {
    bytes += COLUMN_OVERHEAD_BYTES;
    if (isNothing(column)) continue;
    bytes += column.present?.byteLength ?? 0;
    switch (column.kind) {
      case 'time':
        bytes += column.seconds.byteLength + column.nanos.byteLength;
        break;
      case 'int':
      case 'float':
      case 'bool':
        bytes += column.values.byteLength;
        break;
      case 'ip':
        bytes += column.words.byteLength;
        break;
      case 'keyword':
        bytes += column.codes.byteLength + column.dictionaryBytes.byteLength + column.dictionaryOffsets.byteLength;
        break;
      case 'text':
        bytes += column.offsets.byteLength + column.offsets[batch.rows] - column.offsets[0];
    }
  }
  return bytes;
}
