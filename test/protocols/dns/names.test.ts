import { describe, expect, it } from 'vitest';
import { nameText, walkName } from '../../../src/protocols/dns/names.ts';
import { bytes, name } from './build.ts';

const HEADER = Buffer.alloc(12);
/** The name at `at` of a message whose bytes behind the header are given: where it ends and its text, or where it is wrong. */
function read(behindHeader: Uint8Array, at = 12): { end: number; text: string } | { wrongAt: number } {
  const message = Buffer.concat([HEADER, behindHeader]);
  const end = walkName(message, 0, at, message.length);
  return end < 0 ? { wrongAt: ~end } : { end, text: nameText(message, 0, at) };
}

describe('names', () => {
  it('are labels joined by dots, letters as they are, without the final dot', () => {
    expect(read(name('www.Example.COM'))).toEqual({ end: 29, text: 'www.Example.COM' });
  });
  it('the root is a dot', () => {
    expect(read(bytes('00'))).toEqual({ end: 13, text: '.' });
  });
  it('dots and backslashes in a label are escaped, bytes that are neither printable nor UTF-8 are decimal', () => {
    expect(read(bytes('05 61 2e 5c 00 ff 00'))).toEqual({ end: 19, text: 'a\\.\\\\\\000\\255' });
  });
  it('follow pointers backwards', () => {
    expect(read(Buffer.concat([name('com'), bytes('01 61 c00c')]), 17)).toEqual({ end: 21, text: 'a.com' });
  });
  it('are kept where they are UTF-8, label by label', () => {
    expect(read(name('Büro Drücker 😀._ipp.local'))).toMatchObject({ text: 'Büro Drücker 😀._ipp.local' });
    // Half a letter in each of two labels is none; nor are an overlong dot and a surrogate.
    expect(read(bytes('01 c3 01 a9 02 c0ae 03 eda080 00'))).toMatchObject({
      text: '\\195.\\169.\\192\\174.\\237\\160\\128',
    });
  });
  it.each([
    ['a pointer to itself', 'c00c', 12, 12],
    ['a pointer forward', 'c00e 00', 12, 12],
    ['a pointer into the header', '00 c000', 13, 13],
    ['a pointer back to the labels before it', '01 61 c00c', 12, 14],
    ['two pointers in a circle', 'c00e c00c', 14, 12],
    ['a label type that does not exist', '40 61 00', 12, 12],
    ['a label beyond the end', '3f 61 00', 12, 15],
    ['half a pointer', 'c0', 12, 13],
    ['no end', '01 61', 12, 14],
  ])('%s is wrong', (_what, hex, at, wrongAt) => {
    expect(read(bytes(hex), at)).toEqual({ wrongAt });
  });
  it('longer than 255 octets are wrong, 255 are right', () => {
    const label = `3f${'61'.repeat(63)}`;
    expect(read(bytes(`${label.repeat(3)} 3d ${'61'.repeat(61)} 00`))).toHaveProperty('text');
    expect(read(bytes(`${label.repeat(4)} 00`))).toEqual({ wrongAt: 12 + 3 * 64 });
  });
  it('a chain of pointers is followed for a while only', () => {
    const chain = Buffer.concat([
      bytes('00'),
      ...Array.from({ length: 30 }, (_, i) => Buffer.of(0xc0, i === 0 ? 12 : 13 + 2 * (i - 1))),
    ]);
    expect(read(chain, 13 + 2 * 19)).toHaveProperty('text', '.');
    expect(read(chain, 13 + 2 * 29)).toHaveProperty('wrongAt');
  });
  it('names like __proto__ are text', () => {
    expect(read(name('__proto__.constructor'))).toEqual({ end: 35, text: '__proto__.constructor' });
  });
});

describe('names seen lately', () => {
  it('are told from others in the same place, long or short, whatever came between', () => {
    const labels = (i: number) => `${i.toString(36)}.${i % 3 === 0 ? `${'a'.repeat(60)}.` : ''}example.net`;
    for (const round of [0, 1])
      for (let i = 0; i < 12_000; i++) {
        const text = labels(i * (round + 1));
        expect(read(name(text))).toHaveProperty('text', text);
      }
  });
});
