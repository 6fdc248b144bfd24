// Batches as bytes: the same batch again, whatever its numbers, in as few bytes as they need; and what former versions left in logs.

import { describe, expect, it } from 'vitest';
import type { Column, ColumnBatch } from '../../src/records/columns.ts';
import { isNothing, Nothing } from '../../src/records/nothing.ts';
import { decodeBatch, encodeBatch } from '../../src/store/batch-bytes.ts';
import { SharedRoom } from '../../src/store/shared-room.ts';
import fc, { often } from '../kit/arbitrary.ts';
import { makeBatch, type NamedValues } from './batch-kit.ts';

const ROWS = 300;
const batchOf = (...columns: NamedValues[]) => makeBatch('some', columns);
const rows = <T>(valueAt: (row: number) => T): T[] => Array.from({ length: ROWS }, (_, row) => valueAt(row));
const again = (batch: ColumnBatch): ColumnBatch => decodeBatch(encodeBatch(batch));

describe('numbers', () => {
  const spans: [what: string, least: number, step: number, bytes: number][] = [
    ['alike', 7, 0, 0],
    ['close to each other', 2 ** 53 - 300, 0.5, 1],
    ['negative', -299, 1, 2],
    ['within 16 bits', 1e12, 200, 2],
    ['within 32 bits', -5, 1e7, 4],
    ['far from each other', -(2 ** 52), 2 ** 44, 8],
  ];
  it.each(spans)('that are %s', (_, least, step, bytes) => {
    const batch = batchOf({ name: 'n', kind: 'int', values: rows((row) => least + Math.floor(row * step)) });
    const encoded = encodeBatch(batch);
    expect(decodeBatch(encoded)).toEqual(batch);
    expect(encoded.length - bytes * ROWS).toBeLessThan(64);
  });

  it('that are none stay what they are', () => {
    for (const odd of [0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60]) {
      const batch = batchOf({ name: 'n', kind: 'int', values: rows((row) => (row === 200 ? odd : row)) });
      expect(again(batch)).toEqual(batch);
    }
  });
});

describe('any batch', () => {
  const int = fc.oneof(fc.integer(), fc.integer({ min: -(2 ** 53), max: 2 ** 53 }), fc.constant(0));
  const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });
  const v4 = word.map((last) => [0, 0, 0xffff, last] as const);
  const mixed = fc.oneof(v4, fc.tuple(word, word, word, word));
  const text = fc.string({ unit: 'grapheme', maxLength: 20 });
  const column = <T>(value: fc.Arbitrary<T>) =>
    fc.oneof(
      fc.array(value, { minLength: 5, maxLength: 5 }),
      fc.array(fc.option(value), { minLength: 5, maxLength: 5 }),
      value.map((one) => Array<T>(5).fill(one)),
    );
  it('is the same again', () => {
    fc.assert(
      fc.property(
        column(fc.tuple(word, fc.integer({ min: 0, max: 999_999_999 }))),
        column(int),
        column(fc.double()),
        column(fc.boolean()),
        column(v4),
        column(mixed),
        column(text),
        column(text),
        (time, ints, float, bool, four, six, keyword, words) => {
          const batch = batchOf(
            { name: 'time', kind: 'time', values: time },
            { name: 'int', kind: 'int', values: ints },
            { name: 'float', kind: 'float', values: float },
            { name: 'bool', kind: 'bool', values: bool },
            { name: 'v4', kind: 'ip', values: four },
            { name: 'ip', kind: 'ip', values: six },
            { name: 'keyword', kind: 'keyword', values: keyword },
            { name: 'text', kind: 'text', values: words },
          );
          expect(again(batch)).toEqual(batch);
          // Also from memory that is used again, and from anywhere in other bytes.
          const bytes = encodeBatch(batch, (length) => new Uint8Array(length + 100).fill(255));
          expect(decodeBatch(Buffer.concat([Buffer.alloc(3), bytes]).subarray(3))).toEqual(batch);
        },
      ),
      { numRuns: often(60) },
    );
  });

  it('has columns of their own memory: those that share it have no value', () => {
    const batch = again(
      batchOf(
        { name: 'int', kind: 'int', values: rows((row) => (row === 3 ? null : 2 ** row)) },
        { name: 'bool', kind: 'bool', values: rows((row) => (row === 3 ? null : true)) },
      ),
    );
    expect(batch.columns.map(isNothing)).toEqual([false, false]);
  });
});

describe('shared room', () => {
  it('is used again for what fits, and kept within bounds', () => {
    const room = new SharedRoom();
    const [big, other] = [room.take(1_000_000), room.take(1_000_000)];
    expect(big.buffer).not.toBe(other.buffer);
    room.give(big);
    expect(room.take(70_000).buffer).not.toBe(big.buffer);
    expect(room.take(900_000).buffer).toBe(big.buffer);
    // Small ones are not shared, and have no more than they need.
    const small = room.take(1000);
    expect([small.buffer instanceof SharedArrayBuffer, small.byteLength]).toEqual([false, 1000]);
    room.give(small);
    const all = Array.from({ length: 30 }, () => room.take(1_000_000));
    for (const one of all) room.give(one);
    const kept = Array.from({ length: 30 }, () => room.take(1_000_000)).filter(({ buffer }) =>
      all.some((one) => one.buffer === buffer),
    );
    expect(kept).toHaveLength(16);
  });
});

/** As versions 1 and 2 wrote it: each array with its length, as it stands in memory. */
function encodeEarlier(version: number, { type, rows, columns }: ColumnBatch): Uint8Array {
  const parts: Uint8Array[] = [];
  const head = (...values: [bytes: number, value: number][]) => {
    for (const [bytes, value] of values) {
      const part = Buffer.alloc(bytes);
      part.writeUIntLE(value, 0, bytes);
      parts.push(part);
    }
  };
  head([1, version], [4, rows], [2, columns.length], [2, type.length]);
  parts.push(Buffer.from(type));
  const kinds = ['time', 'int', 'float', 'bool', 'ip', 'keyword', 'text'];
  for (const column of columns) {
    const isEmpty = version > 1 && isNothing(column);
    const arrays = isEmpty ? [] : arraysOf(column);
    if (column.present !== undefined && !isEmpty) arrays.push(column.present);
    const json = column.kind === 'text' && column.json ? 2 : 0;
    head([1, kinds.indexOf(column.kind)], [1, (column.present === undefined ? 0 : 1) | json | (isEmpty ? 4 : 0)]);
    head([2, column.name.length]);
    parts.push(Buffer.from(column.name));
    for (const array of arrays) {
      head([4, array.byteLength]);
      parts.push(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
    }
  }
  return Buffer.concat(parts);
}

function arraysOf(column: Column): (Uint8Array | Uint32Array | Float64Array)[] {
  switch (column.kind) {
    case 'time':
      return [column.seconds, column.nanos];
    case 'ip':
      return [column.words];
    case 'keyword':
      return [column.codes, column.dictionaryBytes, column.dictionaryOffsets];
    case 'text':
      return [column.bytes, column.offsets];
    default:
      return [column.values];
  }
}

it.each([1, 2])('a log of version %i is read', (version) => {
  const none = new Nothing(ROWS);
  const batch = batchOf(
    { name: 'time', kind: 'time', values: rows((row) => [row, row] as const) },
    { name: 'int', kind: 'int', values: rows((row) => (row % 2 === 0 ? null : row)) },
    { name: 'ip', kind: 'ip', values: rows((row) => [0, 0, 0xffff, row] as const) },
    { name: 'keyword', kind: 'keyword', values: rows((row) => `word ${row % 3}`) },
    { name: 'text', kind: 'text', values: rows(String) },
  );
  const whole = { ...batch, columns: [...batch.columns, none.column('nothing', 'bool')] };
  expect(decodeBatch(encodeEarlier(version, whole))).toEqual(whole);
});
