// Texts that stand in the buffer already are copied from there, numbers and constants are written in words: both must be what JSON says.

import { describe, expect, it } from 'vitest';
import { f } from '../../src/records/field.ts';
import { JsonTexts } from '../../src/records/json-texts.ts';
import { ndjsonEncoder } from '../../src/records/ndjson.ts';
import type { RecordType } from '../../src/records/record.ts';
import { JsonWriter } from '../../src/records/writer.ts';
import fc, { often } from '../kit/arbitrary.ts';

const texts = [
  'a.example.net',
  'b.example.net',
  '2001:db8::29f8:7906',
  'tab\tand "quotes"',
  'grün 漢 🙂 grün',
  `half ${'\ud800'} of a pair`,
];

describe('JsonWriter', () => {
  it('copies texts that it wrote before, whatever they are made of', () => {
    const writer = new JsonWriter(1024);
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constantFrom(...texts), fc.string({ minLength: 7, maxLength: 10 }))),
        (values) => {
          writer.reserve(0, 64 * 1024);
          let at = 0;
          for (const value of values) at = writer.text(value, at);
          expect(writer.out.toString('utf8', 0, at)).toBe(values.map((value) => JSON.stringify(value)).join(''));
        },
      ),
    );
  });

  it('copies nothing from a buffer that is used anew', () => {
    const writer = new JsonWriter(1024);
    const [first, second] = texts;
    writer.reserve(0, 100);
    writer.text(second, writer.text(first, 0));
    writer.reserve(0, 100);
    // Overwrites where the second one stood.
    const at = writer.text(first, writer.text('x'.repeat(30), 0));
    expect(writer.out.toString('utf8', 0, writer.text(second, at))).toBe(
      JSON.stringify('x'.repeat(30)) + JSON.stringify(first) + JSON.stringify(second),
    );
  });

  it('keeps lists, maps and trees apart that one buffer is used for', () => {
    const json = new JsonTexts();
    const list = json.addList('names', { name: f.text('name', '') });
    for (const value of [...texts, ...texts.toReversed()]) {
      expect(json.text(json.strings([value, value]))).toBe(JSON.stringify([value, value]));
      expect(json.text(json.list(list, [{ name: value }], {}))).toBe(JSON.stringify([{ name: value }]));
      expect(json.text(json.map([[value, value]]))).toBe(JSON.stringify({ [value]: value }));
      expect(json.text(json.json([value]))).toBe(JSON.stringify([value]));
    }
  });

  it('writes numbers as JSON.stringify does', () => {
    const writer = new JsonWriter(256);
    const edges = [
      0,
      9,
      10,
      99,
      100,
      999,
      1000,
      1001,
      999_999,
      1e6,
      1e6 + 7,
      999_999_999,
      1e9,
      2 ** 31 - 1,
      2 ** 31,
      1e10 + 1,
    ];
    const whole = fc.oneof(fc.constantFrom(...edges), fc.nat({ max: 2 ** 31 - 1 }), fc.maxSafeNat());
    const any = fc.oneof(
      whole,
      whole.map((n) => -n),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
    );
    fc.assert(
      fc.property(any, (value) => {
        expect(writer.out.toString('latin1', 0, writer.num(value, 0))).toBe(JSON.stringify(value));
      }),
      { numRuns: often(2000) },
    );
  });

  it('writes nine digits of a second, and both truth values', () => {
    const writer = new JsonWriter(256);
    for (const nanos of [0, 1, 999, 1000, 999_999, 1_000_000, 123_456_789, 999_999_999])
      expect(writer.out.toString('latin1', 0, writer.time(1_772_366_390, nanos, 0))).toBe(
        `"2026-03-01T11:59:50.${String(nanos).padStart(9, '0')}Z"`,
      );
    expect(writer.out.toString('latin1', 0, writer.bool(false, writer.bool(true, 0)))).toBe('truefalse');
  });

  it('writes constants of any length and alphabet', () => {
    for (let length = 0; length < 220; length++) {
      const value = length % 3 === 0 ? 'ü\u{1f642}y'.repeat(length / 3) : 'x'.repeat(length);
      const type = {
        name: 'constants',
        family: 'audit',
        doc: '',
        fields: { it: f.constant('a.b', value) },
      } as RecordType;
      const writer = new JsonWriter(64);
      const end = ndjsonEncoder(type)({}, {}, writer, 0);
      expect(writer.out.toString('utf8', 0, end)).toBe(`{"a":{"b":${JSON.stringify(value)}}}\n`);
    }
  });
});
