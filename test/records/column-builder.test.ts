import { expect, it } from 'vitest';
import { KeywordBuilder } from '../../src/records/column-builder.ts';

function texts(builder: KeywordBuilder): { texts: (string | null)[]; entries: number } {
  const column = builder.take();
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
    for (const value of values)
      if (value === null) builder.none();
      else builder.push(value);
  };
  const varied = Array.from({ length: 5000 }, (_, i) => (i % 9 === 0 ? null : i % 7 === 0 ? 'same' : `id ${i >> 1}`));
  push(varied);
  expect(texts(builder).texts).toEqual(varied);
  // After a batch of ids, keywords are told apart again.
  const few = Array.from({ length: 5000 }, (_, i) => ['GET', 'PUT', null][i % 3]);
  push(few);
  expect(texts(builder)).toEqual({ texts: few, entries: 2 });
});
