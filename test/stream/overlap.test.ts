// Overlaps: the published answers of target-based reassembly (Novak and Sturges), and every relation of two and of three chunks
// in every order against a model of single bytes.

import { describe, expect, it } from 'vitest';
import {
  FRAGMENT_NEW_WINS,
  FRAGMENT_POLICIES,
  type FragmentPolicy,
  JOINS,
  newWins,
  TCP_NEW_WINS,
  TCP_POLICIES,
  type TcpPolicy,
} from '../../src/stream/overlap.ts';
import { Pieces } from '../../src/stream/pieces.ts';

interface Chunk {
  start: number;
  text: string;
}

const chunk = (start: number, text: string): Chunk => ({ start, text });

function insertAll(chunks: readonly Chunk[], mask: number): Pieces {
  const pieces = new Pieces();
  for (const { start, text } of chunks) {
    const bytes = Buffer.from(`??${text}?`);
    pieces.insert(start, bytes, 2, 2 + text.length, mask);
  }
  return pieces;
}

/** What the pieces hold from `from` on, holes as dots; and what is wrong with them: they are sorted, apart, and counted. */
function textOf(pieces: Pieces, from: number): string {
  let text = '';
  let held = 0;
  let wrong = '';
  for (const piece of pieces.list) {
    // No `expect` for each: it costs more than what it looks at, and there are a hundred thousand.
    if (piece.start < from + text.length) wrong += ` a piece at ${piece.start} begins before ${from + text.length}`;
    text = text.padEnd(piece.start - from, '.');
    text += Buffer.from(piece.bytes).toString('latin1', piece.from, piece.from + piece.end - piece.start);
    held += piece.end - piece.start;
  }
  if (pieces.held !== held) wrong += ` ${pieces.held} bytes are counted, ${held} are there`;
  return text + wrong;
}

describe('TCP, the sequences of Novak and Sturges', () => {
  const before = [
    chunk(16, 'B'),
    chunk(22, 'D'),
    chunk(25, 'EE'),
    chunk(15, 'AA'),
    chunk(14, 'JJJJ'),
    chunk(21, 'LLL'),
    chunk(24, 'MMM'),
  ];
  const same = [
    chunk(18, 'CCC'),
    chunk(32, 'HH'),
    chunk(34, 'I'),
    chunk(18, 'KKK'),
    chunk(18, 'LLLL'),
    chunk(32, 'P'),
    chunk(34, 'QQ'),
  ];
  const after = [chunk(12, 'AA'), chunk(27, 'FFF'), chunk(30, 'GG'), chunk(13, 'JJ'), chunk(31, 'O'), chunk(28, 'N')];

  const answers: Record<TcpPolicy, readonly [string, string, string]> = {
    bsd: ['JJJJ...LLLMMM', 'CCCL..........HHIQ', 'AAJ............FFFGG'],
    windows: ['JJJJ...LLLMMM', 'CCCL..........HHIQ', 'AAJ............FFFGG'],
    macos: ['JJJJ...LLLMMM', 'CCCL..........HHIQ', 'AAJ............FFFGG'],
    irix: ['JJJJ...LLLMMM', 'CCCL..........HHIQ', 'AAJ............FFFGG'],
    hpux10: ['JJJJ...LLLMMM', 'CCCL..........HHIQ', 'AAJ............FFFGG'],
    linux: ['JJJJ...LLLMMM', 'LLLL..........HHIQ', 'AAJ............FFFGG'],
    'old-linux': ['JJJJ...LLLMMM', 'LLLL..........HHQQ', 'AAJ............FFFGG'],
    solaris: ['JJJJ...LLLMMM', 'LLLL..........HHQQ', 'AJJ............FFFGG'],
    hpux11: ['JJJJ...LLLMMM', 'LLLL..........HHQQ', 'AJJ............FFFGG'],
    first: ['JABJ...LDLMEE', 'CCCL..........HHIQ', 'AAJ............FFFGG'],
    vista: ['JABJ...LDLMEE', 'CCCL..........HHIQ', 'AAJ............FFFGG'],
    last: ['JJJJ...LLLMMM', 'LLLL..........PHQQ', 'AJJ............FNFGO'],
  };

  it.each(TCP_POLICIES)('%s', (policy) => {
    const mask = TCP_NEW_WINS[policy];
    const [startsBefore, startsSame, startsAfter] = answers[policy];
    expect(textOf(insertAll(before, mask), 14)).toBe(startsBefore);
    expect(textOf(insertAll(same, mask), 18)).toBe(startsSame);
    expect(textOf(insertAll(after, mask), 12)).toBe(startsAfter);
  });
});

describe('IP fragments, the sequence of Novak', () => {
  const eights = (letter: string, bytes: number, start: number) => chunk(start, letter.repeat(bytes));
  const fragments = [
    eights('A', 24, 0),
    eights('B', 16, 32),
    eights('C', 24, 48),
    eights('D', 8, 80),
    eights('E', 16, 104),
    eights('F', 24, 120),
    eights('G', 16, 144),
    eights('H', 16, 160),
    eights('I', 8, 176),
    eights('J', 32, 8),
    eights('K', 24, 48),
    eights('L', 24, 72),
    eights('M', 24, 96),
    eights('N', 8, 128),
    eights('O', 8, 152),
    eights('P', 8, 160),
    eights('Q', 16, 176),
  ];
  const answers: Record<FragmentPolicy, string> = {
    bsd: 'AAAJJBCCCLLLMMMFFFGGHHIQ',
    // Not what Linux does: it drops such a datagram. The rule that goes with the drop lets the first one win.
    linux: 'AAAJBBCCCLDLMEEFFFGGHHIQ',
    'old-linux': 'AAAJJBKKKLLLMMMFFFGGPHQQ',
    windows: 'AAAJBBCCCLLLMEEFFFGGHHIQ',
    solaris: 'AAAJBBCCCLLLMMMFFFGGHHIQ',
    first: 'AAAJBBCCCLDLMEEFFFGGHHIQ',
    last: 'AJJJJBKKKLLLMMMFNFGOPHQQ',
  };

  it.each(FRAGMENT_POLICIES)('%s', (policy) => {
    const text = textOf(insertAll(fragments, FRAGMENT_NEW_WINS[policy]), 0);
    expect(text.length).toBe(192);
    const letters = text.match(/.{8}/g)!;
    for (const letter of letters) expect(letter).toBe(letter[0].repeat(8));
    expect(letters.map((letter) => letter[0]).join('')).toBe(answers[policy]);
  });
});

describe('every relation of chunks in every order', () => {
  /** The same rule byte by byte: each byte belongs to a chunk, a later one takes it when its relation to the owner wins. */
  function model(chunks: readonly Chunk[], mask: number, size: number): string {
    const owner: (Chunk | undefined)[] = new Array(size).fill(undefined);
    for (const c of chunks) {
      for (let i = 0; i < c.text.length; i++) {
        const held = owner[c.start + i];
        if (
          held === undefined ||
          newWins(mask, c.start, c.start + c.text.length, held.start, held.start + held.text.length)
        )
          owner[c.start + i] = c;
      }
    }
    return owner
      .map((c, i) => (c === undefined ? '.' : c.text[i - c.start]))
      .join('')
      .replace(/\.+$/, '');
  }

  const SIZE = 6;
  const spans: { start: number; length: number }[] = [];
  for (let start = 0; start < SIZE; start++)
    for (let length = 1; start + length <= SIZE; length++) spans.push({ start, length });

  /** One mask per different table. */
  const masks = new Map<number, string>();
  // Which pieces Linux makes one of, `test/evasion/pieces.test.ts` asks Linux.
  for (const policy of TCP_POLICIES) masks.set(TCP_NEW_WINS[policy] & ~JOINS, policy);
  for (const policy of FRAGMENT_POLICIES) masks.set(FRAGMENT_NEW_WINS[policy], policy);

  it.each([...masks])('two and three chunks, mask %i (%s)', (mask) => {
    let cases = 0;
    for (const a of spans) {
      for (const b of spans) {
        for (const c of spans) {
          const chunks = [
            chunk(a.start, 'AAAAAA'.slice(0, a.length)),
            chunk(b.start, 'BBBBBB'.slice(0, b.length)),
            chunk(c.start, 'CCCCCC'.slice(0, c.length)),
          ];
          const expected = model(chunks, mask, SIZE);
          const pieces = insertAll(chunks, mask);
          if (textOf(pieces, 0) !== expected)
            expect({ chunks, got: textOf(pieces, 0) }).toEqual({ chunks, got: expected });
          cases++;
        }
      }
    }
    expect(cases).toBe(spans.length ** 3);
  });

  it('tells a conflict from an exact copy', () => {
    const pieces = new Pieces();
    const put = (start: number, text: string) => ({ ...pieces.insert(start, Buffer.from(text), 0, text.length, 0) });
    expect(put(10, 'abcd')).toEqual({ added: 4, conflict: false, overlapped: false, ttlDiffers: false });
    expect(put(10, 'abcd')).toEqual({ added: 0, conflict: false, overlapped: true, ttlDiffers: false });
    expect(put(9, '_abcde')).toEqual({ added: 2, conflict: false, overlapped: true, ttlDiffers: false });
    expect(put(11, 'bX')).toEqual({ added: 0, conflict: true, overlapped: true, ttlDiffers: false });
    expect(put(15, '')).toEqual({ added: 0, conflict: false, overlapped: false, ttlDiffers: false });
    expect(textOf(pieces, 9)).toBe('_abcde');
  });

  it('drops what lies before a position and counts it', () => {
    const pieces = insertAll([chunk(0, 'abcdef'), chunk(10, 'ghij')], 0);
    pieces.dropBefore(2);
    expect(textOf(pieces, 2)).toBe('cdef....ghij');
    pieces.dropBefore(12);
    expect(textOf(pieces, 12)).toBe('ij');
    pieces.dropBefore(99);
    expect(pieces.held).toBe(0);
    expect(pieces.cost).toBe(0);
  });

  it('keeps no more memory than it says, whatever replaces what', () => {
    const pieces = new Pieces();
    const last = TCP_NEW_WINS.last;
    for (let i = 0; i < 200; i++) pieces.insert(i, Buffer.alloc(10_000, i), 0, 10_000, last);
    const kept = pieces.list.reduce((sum, piece) => sum + piece.bytes.length, 0);
    expect(kept).toBeLessThanOrEqual(2 * pieces.cost);
  });
});
