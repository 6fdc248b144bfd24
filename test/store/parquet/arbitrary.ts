// Columns of every kind with arbitrary values: edges of their ranges, nulls, few values and many.

import fc, { anyCharacter } from '../../kit/arbitrary.ts';
import type { NamedValues, Words } from '../batch-kit.ts';

const LARGEST = 2 ** 53;
const orNull = <T>(value: fc.Arbitrary<T>) => fc.oneof({ weight: 4, arbitrary: value }, fc.constant(null));
const list = <T>(value: fc.Arbitrary<T>, rows: number) =>
  fc.oneof(
    fc.array(value, { minLength: rows, maxLength: rows }),
    fc.array(orNull(value), { minLength: rows, maxLength: rows }),
    // Few values: dictionaries and runs.
    fc
      .array(value, { minLength: 1, maxLength: 3 })
      .chain((few) =>
        fc.array(fc.oneof(fc.constantFrom(...few), fc.constant(null)), { minLength: rows, maxLength: rows }),
      ),
  );
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const int = fc.oneof(
  fc.integer({ min: -5, max: 5 }),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.constantFrom(LARGEST, -LARGEST, 2 ** 32, -(2 ** 32), 2 ** 31, 0),
);
const time = fc.tuple(
  fc.oneof(u32, fc.integer({ min: 1_700_000_000, max: 1_700_000_100 }), fc.constantFrom(0, 0xffffffff)),
  fc.integer({ min: 0, max: 999_999_999 }),
);
const text = fc.oneof(
  fc.string({ unit: anyCharacter, maxLength: 12 }),
  fc.constantFrom('', 'GET', 'ü', 'a'.repeat(200)),
);

export function columns(rows: number): fc.Arbitrary<NamedValues[]> {
  return fc
    .record({
      time: list(time, rows),
      int: list(int, rows),
      float: list(fc.double({ noNaN: true }), rows),
      bool: list(fc.boolean(), rows),
      ip: list(fc.tuple(u32, u32, u32, u32) as fc.Arbitrary<Words>, rows),
      keyword: list(text, rows),
      text: list(text, rows),
    })
    .map((record) => Object.entries(record).map(([kind, values]) => ({ name: kind, kind, values }) as NamedValues));
}
