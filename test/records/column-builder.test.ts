import { expect, it } from 'vitest';
import { Nothing } from '../../src/records/nothing.ts';
import { KeywordBuilder } from '../../src/records/string-builder.ts';

function texts(builder: KeywordBuilder, rows: number): { texts: (string | null)[]; entries: number } {
  const column = builder.take(rows, new Nothing(rows));
  if (column.kind !== 'keyword') throw new Error(column.kind);
  const { codes, dictionaryBytes, dictionaryOffsets, present } = column;
  const entry = (code: number) =>
    new TextDecoder().decode(dictionaryBytes.subarray(dictionaryOffsets[code], dictionaryOffsets[code + 1]));
  const found = Array.from(codes, (code, row) => (present?.[row] === 0 ? null : entry(code)));
  return { texts: found, entries: dictionaryOffsets.length - 1 };
}

it('keeps values that all differ, and few that repeat, batch after batch', () => {
  const builder = new KeywordBuilder('id', true);
  const push = (values: readonly (string | null)[]) => {
    for (const [row, value] of values.entries()) if (value !== null) builder.put(row, value);
  };
  const varied = Array.from({ length: 5000 }, (_, i) => (i % 9 === 0 ? null : i % 7 === 0 ? 'same' : `id ${i >> 1}`));
  push(varied);
  expect(texts(builder, varied.length).texts).toEqual(varied);
  // After a batch of ids, keywords are told apart again.
  const few = Array.from({ length: 5000 }, (_, i) => ['GET', 'PUT', null][i % 3]);
  push(few);
  expect(texts(builder, few.length)).toEqual({ texts: few, entries: 2 });
});
