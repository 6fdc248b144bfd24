import { expect, it } from 'vitest';
import { Address } from '../../src/records/address.ts';
import { ColumnarRows } from '../../src/records/columnar.ts';
import { f } from '../../src/records/field.ts';
import { isNothing } from '../../src/records/nothing.ts';
import { defineRecord } from '../../src/records/record.ts';

const idRecord = defineRecord('some', { family: 'flow', doc: 'x' }, { id: f.keyword('id', '').optional() });

function texts(rows: ColumnarRows): { texts: (string | null)[]; entries: number } {
  const [column] = rows.take().columns;
  if (column.kind !== 'keyword') throw new Error(column.kind);
  const { codes, dictionaryBytes, dictionaryOffsets, present } = column;
  const entry = (code: number) =>
    new TextDecoder().decode(dictionaryBytes.subarray(dictionaryOffsets[code], dictionaryOffsets[code + 1]));
  const found = Array.from(codes, (code, row) => (present?.[row] === 0 ? null : entry(code)));
  return { texts: found, entries: dictionaryOffsets.length - 1 };
}

it('keeps values that all differ, and few that repeat, batch after batch', () => {
  const rows = new ColumnarRows(idRecord);
  const push = (values: readonly (string | null)[]) => {
    for (const value of values) rows.append({ id: value ?? undefined }, {});
  };
  const varied = Array.from({ length: 5000 }, (_, i) => (i % 9 === 0 ? null : i % 7 === 0 ? 'same' : `id ${i >> 1}`));
  push(varied);
  expect(texts(rows).texts).toEqual(varied);
  // After a batch of ids, keywords are told apart again.
  const few = Array.from({ length: 5000 }, (_, i) => ['GET', 'PUT', null][i % 3]);
  push(few);
  expect(texts(rows)).toEqual({ texts: few, entries: 2 });
});

const record = defineRecord(
  'some',
  { family: 'flow', doc: 'x' },
  {
    time: f.time('@timestamp', ''),
    number: f.int('number', '').optional(),
    flag: f.bool('flag', '').optional(),
    word: f.keyword('word', '').optional(),
    address: f.ip('address', '').optional(),
    list: f.keywords('list', '').optional(),
  },
);

it('lends what it would give away, and has nothing of it in the next batch', () => {
  const address = new Address();
  address.setV4(0x0a000001);
  const rowOf = (i: number) => ({
    timeSeconds: i,
    timeNanos: 2 * i,
    number: i % 3 === 0 ? undefined : i,
    flag: i % 4 === 0 ? undefined : true,
    word: i % 5 === 0 ? undefined : `word ${i % 7}`,
    address: i % 2 === 0 ? undefined : address,
    list: i % 6 === 0 ? undefined : ['a', `${i}`],
  });
  const [lender, giver] = [new ColumnarRows(record), new ColumnarRows(record)];
  // The second batch is shorter, the third has hardly any values.
  for (const [rows, step] of [
    [1000, 1],
    [500, 7],
    [100, 60],
  ]) {
    for (let i = 0; i < rows; i++) for (const one of [lender, giver]) one.append(rowOf(i * step), {});
    const given = giver.take();
    let seen = 0;
    lender.lend((batch) => {
      seen++;
      expect(batch).toEqual(given);
      expect(batch.columns.map(isNothing)).toEqual(given.columns.map(isNothing));
    });
    expect(seen).toBe(1);
    expect(lender.rows).toBe(0);
  }
});
