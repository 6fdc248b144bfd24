// TCP reassembly: given these segments, these bytes in this order. What is missing, and ends, are in tcp-stream-ends.test.ts. Positions are relative:
// the first byte is 1.

import { describe, expect, it } from 'vitest';
import { Segment } from '../../src/stream/segment.ts';
import fc, { often } from '../kit/arbitrary.ts';
import { StreamKit } from './tcp-kit.ts';

const kit = (...args: ConstructorParameters<typeof StreamKit>) => new StreamKit(...args).handshake();

describe('order', () => {
  it('delivers what comes in order where it lies', () => {
    const k = kit().c(1, 'GET').c(4, ' /').s(1, '200', 'A', 6).c(6, '!', 'A', 4);
    expect(k.heard).toEqual(['C GET /', 'S 200', 'C !']);
    expect(k.events).toEqual({});
    expect(k.waiting).toBe(0);
  });

  it('puts reordered segments right, with the number of the packet that brought each', () => {
    const k = kit().c(7, 'ghi').c(4, 'def').c(1, 'abc');
    expect(k.heard).toEqual(['C abcdefghi']);
    expect(k.from).toEqual([6, 5, 4]);
    expect(k.waiting).toBe(0);
  });

  it('takes a retransmission with other boundaries for what it is', () => {
    const k = kit().c(1, 'abcdef').c(1, 'abc').c(4, 'defgh').c(3, 'cdefghij');
    expect(k.heard).toEqual(['C abcdefghij']);
    expect(k.events).toEqual({});
  });

  it('keeps what was delivered first and tells of other bytes (same stretch)', () => {
    const k = kit().c(1, 'GOOD').c(1, 'EVIL');
    expect(k.text[0]).toBe('GOOD');
    expect(k.events.overlap_conflict).toBe(1);
  });

  it('tells of a conflict after delivery, ten segments later', () => {
    const k = kit();
    for (let i = 0; i < 10; i++) k.c(1 + i * 4, `abc${i}`);
    k.c(1, 'EVIL');
    expect(k.events.overlap_conflict).toBe(1);
  });

  it.each([
    ['first', 'abcdXf'],
    ['last', 'abEFXf'],
    ['bsd', 'abcdXf'],
  ] as const)('settles what waits by policy %s', (policy, text) => {
    const k = kit({ policy }).c(3, 'cdXf').c(3, 'EF').c(1, 'ab');
    expect(k.text[0]).toBe(text);
    expect(k.events.overlap_conflict).toBe(1);
    expect(k.waiting).toBe(0);
  });

  it('holds an answer back until the question that was captured after it', () => {
    const k = kit().s(1, '200 OK', 'A', 4).c(1, 'GET', 'A', 7);
    expect(k.heard).toEqual(['C GET', 'S 200 OK']);
    expect(k.waiting).toBe(0);
  });

  it('knows what the segment acknowledged that brought the bytes, however long they waited', () => {
    const k = kit().c(1, 'one').s(1, 'ONE', 'A', 4).c(7, 'three', 'A', 7).s(4, 'TWO', 'A', 12).c(4, 'two', 'A', 4);
    expect(k.heard).toEqual(['C one', 'S ONE', 'C twothree', 'S TWO']);
    expect(k.acknowledged).toEqual([0, 3, 3, 6, 11]);
  });

  it('counts what was acknowledged before anything of the other side was seen from there', () => {
    const k = new StreamKit();
    k.raw(0, 'S', 1000, 0).c(1, 'one').c(4, 'two', 'A', 4).s(7, 'THREE', 'A', 7).end();
    expect(k.acknowledged).toEqual([-1, 3, 6]);
    expect(k.heard).toEqual(['C onetwo', 'S gap 6', 'S THREE']);
    const middle = new StreamKit().c(1, 'one').c(4, 'two', 'A', 4).s(7, 'THREE', 'A', 7).c(7, 'four', 'A', 12);
    expect(middle.acknowledged).toEqual([-1, 3, 6, 11]);
    expect(middle.heard).toEqual(['C onetwo', 'S THREE', 'C four']);
  });

  it('hears the questions before the answers behind a gap that both waited for', () => {
    const k = kit({ patience: 6 }).c(1, 'one').s(1, 'O', 'A', 4);
    // The rest of the answer is lost, and so is the last of three questions.
    k.c(4, 'two', 'A', 4).c(7, 'three', 'A', 4).s(4, 'TWO', 'A', 15).c(15, '', 'A', 7).s(7, 'THREE', 'A', 15);
    for (let n = 0; n < 8; n++) k.c(15, '', 'A', 12);
    expect(k.end().heard).toEqual(['C one', 'S O', 'S gap 2', 'C twothree', 'S TWOTHREE', 'C gap 3']);
  });

  it('holds several answers until all that they acknowledge is there', () => {
    const k = kit().s(1, 'one', 'A', 4).s(4, 'two', 'A', 7).c(4, 'BBB').c(1, 'AAA');
    expect(k.heard).toEqual(['C AAABBB', 'S onetwo']);
    expect(k.waiting).toBe(0);
  });
});

describe('sequence numbers', () => {
  it.each([0xfffffff0, 0xffffffff, 0x7ffffff0, 0])('wrap around behind an ISN of %i', (isn) => {
    const k = new StreamKit();
    k.isn = [isn, isn];
    k.handshake();
    const text = Array.from({ length: 64 }, (_, i) => String.fromCharCode(33 + i)).join('');
    for (let at = 0; at < 64; at += 8)
      k.c(1 + at, text.slice(at, at + 8)).s(1 + at, text.slice(at, at + 8), 'A', 9 + at);
    expect(k.text).toEqual([text, text]);
    expect(k.events).toEqual({});
  });

  it('wrap around out of order too', () => {
    const k = new StreamKit();
    k.isn = [0xfffffffa, 5000];
    k.handshake().c(9, 'ij').c(5, 'efgh').c(1, 'abcd');
    expect(k.text[0]).toBe('abcdefghij');
  });

  it('go on beyond 4 GiB', () => {
    const k = kit();
    const step = new Uint8Array(1);
    const length = (1 << 30) - 30_000_000;
    let at = 1;
    // A segment says a length of nearly 1 GiB of which one byte was captured: the rest is missing.
    k.s(1, '');
    for (let i = 0; i < 5; i++, at += length) k.c(at, step, 'A', 1, length).s(1, '', 'A', at + length);
    k.c(at, 'end');
    expect(k.stream.a.position).toBe(5 * length + 3);
    expect(k.text[0].endsWith('end')).toBe(true);
  });
});

describe('begin', () => {
  it('takes data of a SYN (RFC 7413)', () => {
    const k = new StreamKit();
    k.raw(0, 'S', 1000, 0, 'fast').raw(1, 'SA', 5000, 1005).c(5, ' open');
    expect(k.text[0]).toBe('fast open');
  });

  it('takes a SYN that is sent again with its data once', () => {
    const k = new StreamKit();
    k.raw(0, 'S', 1000, 0, 'fast').raw(0, 'S', 1000, 0, 'fast').raw(1, 'SA', 5000, 1001).c(1, 'fast').c(5, '!');
    expect(k.text[0]).toBe('fast!');
  });

  it('begins in the middle where the first segment says', () => {
    const k = new StreamKit();
    k.raw(1, 'A', 7_000_000, 9_000_000, 'middle')
      .raw(0, 'A', 9_000_000, 7_000_006, 'next')
      .raw(1, 'A', 7_000_006, 9_000_004, '!');
    expect(k.heard).toEqual(['S middle', 'C next', 'S !']);
    expect(k.events).toEqual({});
  });

  it('trims a byte at the ISN (relative 0)', () => {
    expect(kit().c(0, 'xabc').text[0]).toBe('abc');
  });

  it('ignores keep-alives, with a byte of garbage and without', () => {
    const k = kit().c(1, 'abc').c(3, '').c(3, 'X').s(1, '', 'A', 4).c(4, 'def');
    expect(k.text[0]).toBe('abcdef');
    expect(k.events.overlap_conflict).toBeUndefined();
    expect(k.events.keepalive).toBe(2);
  });
});

describe('properties', () => {
  const message = 'The quick brown fox jumps over the lazy dog, twice.';

  it('every split in two and three, forwards and backwards', () => {
    const wrong: unknown[] = [];
    for (let i = 1; i < message.length; i++) {
      for (let j = i; j < message.length; j++) {
        const parts = [
          [0, i],
          [i, j],
          [j, message.length],
        ].filter(([a, b]) => b > a);
        for (const order of [parts, parts.toReversed(), [...parts.slice(1), parts[0]]]) {
          const k = kit();
          for (const [a, b] of order) k.c(1 + a, message.slice(a, b));
          if (k.text[0] !== message || k.waiting !== 0) wrong.push({ order, text: k.text[0], waiting: k.waiting });
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it('single bytes forwards, backwards and in any order, some of them twice', () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray(
          [...message].map((_, i) => i),
          { minLength: message.length },
        ),
        fc.array(fc.nat(message.length - 1), { maxLength: 30 }),
        fc.integer({ min: 0, max: 0xffffffff }),
        (order, again, isn) => {
          const k = new StreamKit();
          k.isn = [isn, 5000];
          k.handshake();
          for (const i of [...again, ...order, ...again]) k.c(1 + i, message[i]);
          expect(k.text[0]).toBe(message);
          expect(k.waiting).toBe(0);
        },
      ),
      { numRuns: often(400) },
    );
  });

  it('any segments that agree give a prefix with gaps, in order, and balanced accounts', () => {
    const segment = fc.record({
      side: fc.constantFrom<0 | 1>(0, 1),
      at: fc.nat(60),
      length: fc.nat(12),
      ack: fc.nat(70),
      flags: fc.constantFrom('A', 'A', 'A', 'A', 'PA', 'FA', 'SA', 'RA', ''),
      cut: fc.nat(3),
    });
    fc.assert(
      fc.property(
        fc.array(segment, { maxLength: 40 }),
        fc.constantFrom('first', 'last', 'linux', 'windows', 'solaris'),
        fc.nat(3000),
        (segments, policy, room) => {
          const k = new StreamKit({ policy: policy as 'first', patience: 3, maxWaitingBytes: 2000 });
          k.room = room;
          k.handshake();
          for (const { side, at, length, ack, flags, cut } of segments) {
            // A FIN and a SYN stand where they may.
            const from = flags === 'SA' ? 0 : 1 + at;
            const sent = flags === 'FA' ? 73 - from : flags === 'SA' ? 0 : length;
            const text = Array.from({ length: Math.max(0, sent - cut) }, (_, i) =>
              String.fromCharCode(48 + from + i),
            ).join('');
            k.raw(side, flags, k.isn[side] + from, k.isn[1 - side] + 1 + ack, text, sent);
            expect(k.waiting).toBe(k.stream.waiting);
          }
          k.end();
          expect(k.waiting).toBe(0);
          for (const text of k.text) {
            [...text].forEach((char, i) => {
              if (char !== '_') expect(char.charCodeAt(0)).toBe(49 + i);
            });
          }
          for (const end of ['C end', 'S end'])
            expect(k.heard.filter((line) => line === end).length).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: often(1000) },
    );
  });

  it('anything at all neither throws nor hangs nor loses count', () => {
    const segment = fc.tuple(
      fc.constantFrom<0 | 1>(0, 1),
      fc.nat(63),
      fc.integer(),
      fc.integer(),
      fc.nat(40),
      fc.nat(40),
    );
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 60 }), fc.integer(), (segments, base) => {
        const k = new StreamKit({ patience: 2, maxWaitingBytes: 3000 });
        const bytes = new Uint8Array(40);
        segments.forEach(([side, flags, sequence, ack, captured, extra], i) => {
          const near = i % 3 === 0 ? sequence : base + (sequence & 127);
          const one = new Segment();
          one.flags = flags;
          one.sequence = near | 0;
          one.acknowledgment = (base + (ack & 127)) | 0;
          one.bytes = bytes;
          one.to = captured;
          one.length = captured + extra;
          one.packet = i;
          k.stream.segment(side, one);
        });
        k.end();
        expect(k.waiting).toBe(0);
      }),
      { numRuns: often(1000) },
    );
  });
});
