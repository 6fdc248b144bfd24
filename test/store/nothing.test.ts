// Columns without a value: no memory of their own in the log, nor on the way to a segment, and the same segment in the end.

import { expect, it } from 'vitest';
import { ColumnarRows } from '../../src/records/columnar.ts';
import type { Column, ColumnBatch } from '../../src/records/columns.ts';
import { f } from '../../src/records/field.ts';
import { isNothing, Nothing } from '../../src/records/nothing.ts';
import { defineRecord } from '../../src/records/record.ts';
import { decodeBatch, encodeBatch } from '../../src/store/batch-bytes.ts';
import { batchBytes, pickRows, sliceBatch } from '../../src/store/batches.ts';
import { columnsOf, encoderOf } from '../../src/store/parquet/row-group.ts';

const ROWS = 1000;
const KINDS = ['time', 'int', 'float', 'bool', 'ip', 'keyword', 'text'] as const;

function batchOf(none: Nothing): ColumnBatch {
  const ids = new ColumnarRows(defineRecord('some', { family: 'flow', doc: 'x' }, { id: f.int('id', '') }));
  for (let row = 0; row < ROWS; row++) ids.append({ id: row * row }, {});
  return {
    type: 'some',
    rows: ROWS,
    columns: [...ids.take().columns, ...KINDS.map((kind) => none.column(kind, kind))],
  };
}

/** The same with arrays of its own each: what other writers make. */
const apart = (batch: ColumnBatch): ColumnBatch => ({
  ...batch,
  columns: batch.columns.map((column) => ({ ...column, present: column.present?.slice() }) as Column),
});

const bytesOf = (batch: ColumnBatch): Buffer =>
  Buffer.concat(
    encoderOf()
      .encode(columnsOf(batch), [batch])
      .chunks.flatMap(({ parts }) => parts),
  );

it('becomes the same row group as a column whose rows were looked at', () => {
  const batch = batchOf(new Nothing(ROWS));
  expect(apart(batch).columns.some(isNothing)).toBe(false);
  expect(bytesOf(batch)).toEqual(bytesOf(apart(batch)));
});

it('stays known in the log, in slices and in chosen rows', () => {
  const batch = batchOf(new Nothing(ROWS));
  const logged = encodeBatch(batch);
  expect(logged.length).toBeLessThan(ROWS * 8 + 400);
  expect(batchBytes(batch)).toBeLessThan(ROWS * 8 + 300 * batch.columns.length + 1);
  const rows = Uint32Array.of(3, 5, 999);
  for (const one of [decodeBatch(logged), sliceBatch(batch, 10, 20), pickRows(batch, rows)])
    expect(one.columns.map(isNothing)).toEqual(batch.columns.map(({ name }) => name !== 'id'));
  expect(bytesOf(decodeBatch(logged))).toEqual(bytesOf(batch));
});

it('is what is made of a field that no record has, and only then', () => {
  const words = new ColumnarRows(
    defineRecord('some', { family: 'flow', doc: 'x' }, { word: f.keyword('word', '').optional() }),
  );
  const take = (row: number): Column => {
    for (let i = 0; i < ROWS; i++) words.append({ word: i === row ? 'there' : undefined }, {});
    return words.take().columns[0];
  };
  expect(isNothing(take(-1))).toBe(true);
  const column = take(700);
  expect(isNothing(column)).toBe(false);
  expect(column.present!.indexOf(1)).toBe(700);
  expect(column.present!.lastIndexOf(1)).toBe(700);
  expect(isNothing(take(-1))).toBe(true);
});
