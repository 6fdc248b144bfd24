// The order of a row group's rows: see row-form.ts for why.

import type { Column, ColumnBatch } from '../records/columns.ts';
import { isNothing } from '../records/nothing.ts';
import { timeColumn } from './partition.ts';

/** More kinds of rows are no kinds. */
const MOST_CLASSES = 1024;
/** Integers that doubles hold. */
const BITS = 53;

type Keywords = Extract<Column, { kind: 'keyword' }>;

/**
 * The numbers of all rows of `batches`, one batch after the other, sorted by the columns `order` and then by time; undefined where
 * there is nothing to sort by. The same rows in the same batches give the same order.
 */
export function rowOrder(batches: readonly ColumnBatch[], order: readonly string[]): Uint32Array | undefined {
  const rows = batches.reduce((sum, batch) => sum + batch.rows, 0);
  if (order.length === 0 || rows < 2) return undefined;
  const { classes, count } = classesOf(batches, order, rows);
  const times = timesOf(batches, rows);
  const rowBits = bitsFor(rows);
  // Time in steps as fine as there is room for: rows of the same step keep their order.
  const steps = 2 ** (BITS - rowBits - bitsFor(count));
  const { min, max } = boundsOf(times);
  const scale = max > min ? (steps - 1) / (max - min) : 0;
  const keys = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const step = Math.floor((times[row] - min) * scale);
    keys[row] = (classes[row] * steps + step) * 2 ** rowBits + row;
  }
  keys.sort();
  const size = 2 ** rowBits;
  return Uint32Array.from(keys, (key) => key % size);
}

const bitsFor = (count: number): number => Math.max(1, 32 - Math.clz32(count - 1));

function boundsOf(times: Float64Array): { min: number; max: number } {
  let [min, max] = [times[0], times[0]];
  for (const time of times) {
    if (time < min) min = time;
    if (time > max) max = time;
  }
  return { min, max };
}

/** ns since 1970, as exactly as doubles are. */
function timesOf(batches: readonly ColumnBatch[], rows: number): Float64Array {
  const times = new Float64Array(rows);
  let at = 0;
  for (const batch of batches) {
    const time = timeColumn(batch);
    if (time !== undefined) {
      for (let i = 0; i < batch.rows; i++) times[at + i] = time.seconds[i] * 1e9 + time.nanos[i];
    }
    at += batch.rows;
  }
  return times;
}

/** Rows with the same values in all columns of `order` have the same number; numbers follow the values, as texts. */
function classesOf(
  batches: readonly ColumnBatch[],
  order: readonly string[],
  rows: number,
): { classes: Uint32Array; count: number } {
  let classes = new Uint32Array(rows);
  let count = 1;
  for (const name of order) {
    const texts = new Map<string, number>();
    const codes = new Uint32Array(rows);
    let at = 0;
    for (const batch of batches) {
      const column = batch.columns.find((one) => one.name === name);
      if (column?.kind === 'keyword' && !isNothing(column)) numberTexts(column, batch.rows, texts, codes, at);
      at += batch.rows;
    }
    if (texts.size >= MOST_CLASSES || texts.size === 0) continue;
    const sorted = [...texts.keys()].sort();
    // 0 is no value.
    const places = new Uint32Array(texts.size + 1);
    for (const [place, text] of sorted.entries()) places[texts.get(text)!] = place + 1;
    const width = texts.size + 1;
    const pairs = new Map<number, number>();
    const next = new Uint32Array(rows);
    for (let row = 0; row < rows; row++) {
      const pair = classes[row] * width + places[codes[row]];
      next[row] = pair;
      pairs.set(pair, 0);
    }
    if (pairs.size > MOST_CLASSES) continue;
    for (const [place, pair] of [...pairs.keys()].sort((a, b) => a - b).entries()) pairs.set(pair, place);
    for (let row = 0; row < rows; row++) next[row] = pairs.get(next[row])!;
    classes = next;
    count = pairs.size;
  }
  return { classes, count };
}

function numberTexts(
  { codes, dictionaryBytes, dictionaryOffsets, present }: Keywords,
  rows: number,
  texts: Map<string, number>,
  into: Uint32Array,
  at: number,
): void {
  const numbers = new Int32Array(dictionaryOffsets.length - 1).fill(-1);
  for (let i = 0; i < rows; i++) {
    if (present !== undefined && present[i] === 0) continue;
    const code = codes[i];
    if (numbers[code] < 0) {
      const bytes = dictionaryBytes.subarray(dictionaryOffsets[code], dictionaryOffsets[code + 1]);
      const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
      let number = texts.get(text);
      if (number === undefined) texts.set(text, (number = texts.size + 1));
      numbers[code] = number;
    }
    into[at + i] = numbers[code];
  }
}
