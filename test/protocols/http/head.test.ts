import { describe, expect, it } from 'vitest';
import { FieldName } from '../../../src/protocols/http/field-name.ts';
import {
  BARE_CR,
  BARE_LF,
  BLANK_BEFORE_COLON,
  FOLDED,
  HeadIndex,
  NO_COLON,
  NUL,
} from '../../../src/protocols/http/head.ts';
import { word } from '../../../src/protocols/http/words.ts';
import fc, { often } from '../../kit/arbitrary.ts';

const latin1 = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));
const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

interface Head {
  /** Begin and end of each. */
  lines: [number, number][];
  oddities: number;
  end: number;
}

/** What a head is, read line by line and character by character; null: it does not end. */
function plainly(text: string): Head | null {
  const lines: [number, number][] = [];
  let oddities = 0;
  let from = 0;
  for (;;) {
    const at = text.indexOf('\n', from);
    if (at === -1) return null;
    const hasCr = at > from && text[at - 1] === '\r';
    const to = hasCr ? at - 1 : at;
    const line = text.slice(from, to);
    if (!hasCr) oddities |= BARE_LF;
    if (line.includes('\0')) oddities |= NUL;
    if (line.includes('\r')) oddities |= BARE_CR;
    if (line === '') return { lines, oddities, end: at + 1 };
    if (/^[ \t]/.test(line) && lines.length > 1) {
      oddities |= FOLDED;
      lines[lines.length - 1][1] = to;
    } else lines.push([from, to]);
    from = at + 1;
  }
}

function indexed(text: string, before: number): Head | null {
  const bytes = latin1('x'.repeat(before) + text);
  const index = new HeadIndex();
  const end = index.lines(bytes, before, bytes.length);
  if (end === -1) return null;
  const { count, oddities } = index;
  const lines = Array.from({ length: count }, (_, i): [number, number] => [index.lineFrom[i], index.lineTo[i]]);
  return { lines, oddities, end: end - before };
}

describe('the index of a head', () => {
  const piece = fc.constantFrom(
    '\r\n',
    '\r\n',
    '\n',
    '\r',
    '\0',
    '\t',
    ' ',
    ':',
    'a',
    'Host',
    'x-y',
    '\x0b',
    '\x0e',
    '\x7f',
    '\x80',
    '\xff',
    'GET / HTTP/1.1\r\n',
  );
  const head = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(''));

  it('has the lines that one finds character by character, wherever the head stands', () => {
    fc.assert(
      fc.property(head, fc.nat(9), (text, before) => {
        const whole = `${text}\r\n\r\n`;
        expect(indexed(whole, before)).toEqual(plainly(whole));
      }),
      { numRuns: often(2000) },
    );
  });

  it('tells a head that is not all there', () => {
    const whole = 'GET / HTTP/1.1\r\nHost: h\r\nA:\tb\r\n\r\n';
    for (let to = 0; to < whole.length; to++) expect(indexed(whole.slice(0, to), 3), String(to)).toBeNull();
    expect(indexed(`${whole}rest\r\n\r\n`, 3)).toMatchObject({ end: whole.length, oddities: 0 });
  });

  it.each([
    ['Host: example.com', 'Host', 'example.com', 0],
    ['a:b', 'a', 'b', 0],
    ['abc:', 'abc', '', 0],
    ['abcd:\t v v \t', 'abcd', 'v v', 0],
    ['abcde \t: v', 'abcde', 'v', BLANK_BEFORE_COLON],
    [': v', '', 'v', 0],
    ['no colon here', '', '', NO_COLON],
    ['abc\xba: \x3a', 'abc\xba', ':', 0],
    ['9;9;9;9;:;', '9;9;9;9;', ';', 0],
  ])('finds name and value in %j', (line, name, value, oddities) => {
    for (let before = 0; before < 5; before++) {
      const text = `GET / HTTP/1.1\r\n${line}\r\n\r\n`;
      const bytes = latin1('x'.repeat(before) + text);
      const index = new HeadIndex();
      index.lines(bytes, before, bytes.length);
      index.field(bytes, viewOf(bytes), before, 1);
      const all = 'x'.repeat(before) + text;
      expect(all.slice(before + index.lineFrom[1], index.nameTo)).toBe(name);
      expect(all.slice(index.valueFrom, index.valueTo)).toBe(value);
      expect(index.oddities).toBe(oddities);
    }
  });
});

describe('names of fields', () => {
  it('are the same whatever their case, and no others', () => {
    for (const name of ['host', 'expect', 'referer', 'content-type', 'transfer-encoding']) {
      const known = new FieldName(name);
      const isAt = (text: string) => known.isAt(viewOf(latin1(`..${text}`)), 2);
      expect([isAt(name), isAt(name.toUpperCase())]).toEqual([true, true]);
      for (let i = 0; i < name.length; i++)
        expect(isAt(`${name.slice(0, i)}~${name.slice(i + 1)}`), `${i}`).toBe(false);
    }
  });
});

describe('words', () => {
  it('are what was sent, however often they are asked for and whatever was asked before', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'B', 'c', '-', ' ', '/', '\\', 'é'), maxLength: 70 });
    fc.assert(
      fc.property(fc.array(text, { maxLength: 20 }), fc.nat(5), (texts, before) => {
        for (const each of [...texts, ...texts]) {
          const bytes = Buffer.from('x'.repeat(before) + each);
          const plain = each.replace(/\\+(?=x)/g, (slashes) => slashes + slashes);
          expect(word(bytes, viewOf(bytes), before, bytes.length)).toBe(plain);
          expect(word(bytes, viewOf(bytes), before, bytes.length, true)).toBe(
            plain.replace(/[A-Z]/g, (c) => c.toLowerCase()),
          );
        }
      }),
      { numRuns: often(200) },
    );
  });
});
