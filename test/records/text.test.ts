import { describe, expect, it } from 'vitest';
import { wireText } from '../../src/records/text.ts';
import { JsonWriter } from '../../src/records/writer.ts';
import fc from '../kit/arbitrary.ts';

const text = (...bytes: number[]) => wireText(Uint8Array.from(bytes), 0, bytes.length);
const ascii = (s: string) => [...Buffer.from(s, 'latin1')];

/** What a reader does to get the bytes back. */
function bytesOf(shown: string): number[] {
  const out: number[] = [];
  const characters = [...shown];
  for (let i = 0; i < characters.length; ) {
    if (characters[i] !== '\\') {
      out.push(...Buffer.from(characters[i++]));
      continue;
    }
    let run = 0;
    while (characters[i + run] === '\\') run++;
    i += run;
    if (characters[i] !== 'x') {
      for (let k = 0; k < run; k++) out.push(0x5c);
      continue;
    }
    for (let k = 0; k < run >> 1; k++) out.push(0x5c);
    if (run % 2 === 1) {
      out.push(Number.parseInt(characters[i + 1] + characters[i + 2], 16));
      i += 3;
    }
  }
  return out;
}

describe('text from the wire', () => {
  it('keeps valid UTF-8', () => expect(wireText(Buffer.from('grün 漢 🙂'), 0, 14)).toBe('grün 漢 🙂'));
  it('shows other bytes as \\xNN', () => expect(text(0x61, 0xff, 0xc3, 0x28)).toBe('a\\xff\\xc3('));
  it('doubles a backslash before an x', () => expect(text(...ascii('\\xff'))).toBe('\\\\xff'));
  it('doubles backslashes before an escaped byte', () => expect(text(0x5c, 0xff)).toBe('\\\\\\xff'));
  it('leaves other backslashes alone', () => expect(text(...ascii('a\\b\\'))).toBe('a\\b\\'));
  const wire = fc.array(fc.constantFrom(0x5c, 0x78, 0x66, 0xff, 0xc3, 0xa4, 0x61, 0x0a, 0x22), { maxLength: 24 });
  it('loses nothing', () => {
    fc.assert(
      fc.property(wire, (bytes) => {
        expect(bytesOf(text(...bytes))).toEqual(bytes);
      }),
    );
  });
  it('is the same from the encoder', () => {
    fc.assert(
      fc.property(fc.oneof(wire, fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 40 })), (bytes) => {
        const writer = new JsonWriter(4096);
        const end = writer.slice(Uint8Array.from(bytes), 0, bytes.length, 0);
        expect(JSON.parse(writer.out.toString('utf8', 0, end))).toBe(text(...bytes));
      }),
    );
  });
});
