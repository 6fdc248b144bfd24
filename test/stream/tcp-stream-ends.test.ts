// What is missing of a TCP stream, and how its directions end.

import { describe, expect, it } from 'vitest';
import { StreamKit } from './tcp-kit.ts';

const kit = (...args: ConstructorParameters<typeof StreamKit>) => new StreamKit(...args).handshake();

describe('holes', () => {
  it('waits for a hole that nobody acknowledged', () => {
    const k = kit().c(1, 'ab').c(6, 'fg');
    for (let i = 0; i < 40; i++) k.s(1, '', 'A', 3);
    expect(k.heard).toEqual(['C ab']);
    expect(k.waiting).toBeGreaterThanOrEqual(2);
    k.c(3, 'cde');
    expect(k.heard).toEqual(['C abcdefg']);
    expect(k.waiting).toBe(0);
  });

  it('is patient with one that was acknowledged, then declares a gap of the right size', () => {
    const k = kit({ patience: 5 }).c(1, 'ab').c(6, 'fg').s(1, '', 'A', 8);
    for (let i = 0; i < 4; i++) k.s(1, '', 'A', 8);
    expect(k.heard).toEqual(['C ab']);
    for (let i = 0; i < 3; i++) k.s(1, '', 'A', 8);
    expect(k.heard).toEqual(['C ab', 'C gap 3', 'C fg']);
    expect(k.waiting).toBe(0);
  });

  it('is seen at the beginning of a side whose SYN was not captured: the peer acknowledged where it begins', () => {
    const begun = () => new StreamKit().raw(0, 'S', 1000, 0);
    expect(begun().c(1, 'one').s(5, 'two', 'A', 4).c(4, '', 'A', 8).end().heard).toEqual(['C one', 'S gap 4', 'S two']);
    // The acknowledgment of something else proves nothing, nor does one of a connection that was found in the middle.
    for (const ack of [9, -2_000_000]) {
      expect(begun().c(1, 'one', 'A', ack).s(5, 'two', 'A', 4).heard).toEqual(['C one', 'S two']);
    }
    expect(new StreamKit().c(1, 'one').s(5, 'two', 'A', 4).heard).toEqual(['C one', 'S two']);
  });

  it('delivers a late filler that comes in time', () => {
    const k = kit({ patience: 5 }).c(1, 'ab').c(6, 'fg').s(1, '', 'A', 8).s(1, '', 'A', 8).c(3, 'cde');
    expect(k.heard).toEqual(['C abcdefg']);
    expect(k.events.gap).toBeUndefined();
  });

  it('is not declared for an acknowledgment alone, which may lie: the answer goes on, and late bytes still count', () => {
    const k = kit({ patience: 2 }).c(1, 'ab').s(1, 'xyz', 'A', 9);
    for (let i = 0; i < 4; i++) k.s(4, '', 'A', 9);
    expect(k.heard).toEqual(['C ab', 'S xyz']);
    expect(k.c(3, 'cdefgh').text[0]).toBe('abcdefgh');
    expect(k.events.gap).toBeUndefined();
  });

  it('is declared at the end for what was acknowledged and never seen, but not for one byte, which is a FIN', () => {
    expect(kit().c(1, 'ab').s(1, '', 'A', 9).end().heard).toEqual(['C ab', 'C gap 6']);
    expect(kit().c(1, 'ab').s(1, '', 'A', 4).end().heard).toEqual(['C ab']);
  });

  it('is declared at once where the acknowledgment was waited for already', () => {
    const k = kit({ patience: 2 }).c(1, 'ab').s(1, 'xyz', 'A', 9);
    for (let i = 0; i < 4; i++) k.s(4, '', 'A', 9);
    k.c(9, 'ij').s(4, '!', 'A', 11);
    expect(k.heard).toEqual(['C ab', 'S xyz', 'C gap 6', 'C ij', 'S !']);
  });

  it('declares every hole at the end', () => {
    const k = kit().c(3, 'cd').c(9, 'ij').s(4, 'd').end();
    expect(k.text).toEqual(['__cd____ij', '___d']);
    expect(k.waiting).toBe(0);
  });

  it('declares what the snap length cut off', () => {
    const k = kit().c(1, 'abc', 'A', 1, 10).c(11, 'klm');
    expect(k.heard).toEqual(['C abc', 'C gap 7', 'C klm']);
  });

  it('skips over a gap without telling of bytes that nobody wants', () => {
    const k = kit({ patience: 1 }).c(1, 'head');
    k.stream.a.skip = 10;
    k.c(5, '12345').c(20, 'tail').s(1, '', 'A', 24).s(1, '', 'A', 24).s(1, '', 'A', 24);
    expect(k.heard).toEqual(['C head', 'C gap 5', 'C tail']);
    const whole = kit({ patience: 1 }).c(1, 'head');
    whole.stream.a.skip = 10;
    whole.c(12, '890tail').end();
    expect(whole.heard).toEqual(['C headtail']);
  });

  it('stays inside the limit of a connection', () => {
    const k = kit({ maxWaitingBytes: 10_000 });
    for (let i = 0; i < 100; i++) {
      k.c(10 + i * 2000, new Uint8Array(1000).fill(97));
      expect(k.waiting).toBeLessThanOrEqual(12_000);
      expect(k.waiting).toBe(k.stream.waiting);
    }
    expect(k.events.limit).toBeGreaterThan(5);
    k.end();
    expect(k.waiting).toBe(0);
    expect(k.events.gap! + k.text[0].replaceAll('_', '').length).toBe(9 + 99 * 2000 + 1000);
  });

  it('counts what pieces cost: many of one byte do not pass under the limit', () => {
    const k = kit({ maxWaitingBytes: 64 * 1024 });
    for (let i = 0; i < 5000; i++) k.c(30_000 - i * 2, 'x');
    expect(k.stream.a.pieces.list.length).toBeLessThan(1000);
    expect(k.events.limit).toBeGreaterThan(0);
    k.end();
    expect(k.waiting).toBe(0);
  });

  it('gives way when there is no room', () => {
    const k = kit();
    k.room = 0;
    k.c(5, 'efg');
    expect(k.heard).toEqual(['C gap 4', 'C efg']);
    expect(k.waiting).toBe(0);
  });
});

describe('ends', () => {
  it('are told once per direction, the other goes on', () => {
    const k = kit().c(1, 'bye', 'FA').s(1, 'still', 'A', 5).s(6, ' here', 'FA', 5).c(5, '', 'A', 12);
    expect(k.heard).toEqual(['C bye', 'C end', 'S still here', 'S end']);
    expect(k.events).toEqual({});
  });

  it('wait for what is missing before them', () => {
    const k = kit().c(4, 'def', 'FA').c(1, 'abc');
    expect(k.heard).toEqual(['C abcdef', 'C end']);
    expect(k.waiting).toBe(0);
  });

  it('come after a FIN without data that overtook its data', () => {
    const k = kit().c(4, '', 'FA').c(1, 'abc');
    expect(k.heard).toEqual(['C abc', 'C end']);
  });

  it('are no hole when the acknowledgment of a FIN was captured before it', () => {
    const k = kit({ patience: 1 })
      .c(1, 'abc')
      .s(1, '', 'A', 5)
      .c(4, '', 'FA')
      .s(1, 'x', 'A', 5)
      .s(2, 'y', 'A', 5)
      .s(3, 'z', 'A', 5);
    expect(k.heard).toEqual(['C abc', 'C end', 'S xyz']);
    expect(k.events.gap).toBeUndefined();
  });

  it('are not data behind the FIN', () => {
    const k = kit().c(1, 'abc', 'FA').c(4, 'XYZ').c(1, 'abcXYZ', 'FA');
    expect(k.heard).toEqual(['C abc', 'C end']);
    const late = kit().c(4, 'd', 'FA').c(2, 'bcdXYZ').c(1, 'a');
    expect(late.heard).toEqual(['C abcd', 'C end']);
  });

  it('are not made by a FIN without ACK, nor by one in the past', () => {
    const k = kit().c(1, '', 'F').c(1, 'DATA');
    expect(k.heard).toEqual(['C DATA']);
    k.c(2, '', 'FA').c(5, '!');
    expect(k.heard).toEqual(['C DATA!']);
  });

  it('come with a gap when the FIN shows that bytes are missing', () => {
    expect(kit().c(1, 'ab').c(6, '', 'FA').end().heard).toEqual(['C ab', 'C gap 3', 'C end']);
  });

  it('a reset counts where it follows what was sent', () => {
    const reset = (k: StreamKit) => k.stream.isReset;
    expect(reset(kit().c(1, 'abc').c(4, '', 'RA'))).toBe(true);
    expect(reset(kit().c(1, 'abc', 'FA').c(5, '', 'R'))).toBe(true);
    expect(reset(kit().c(4, 'def').c(7, '', 'R'))).toBe(true);
    expect(reset(new StreamKit().c(77, '', 'RA'))).toBe(true);
  });

  it('a reset says what its sender took', () => {
    // The acknowledgments that would have opened the window were not captured.
    const narrow = { window: 4, windowScale: 0 };
    const beyond = () => new StreamKit().as(narrow).handshake().as({}).c(1, 'abcd').c(5, 'efgh');
    expect(beyond().s(1, '', 'RA', 9).end().heard).toEqual(['C abcdefgh']);
    expect(beyond().s(1, '', 'RA', 5).end().heard).toEqual(['C abcd']);
    expect(beyond().s(1, '', 'R', 9).end().heard).toEqual(['C abcd']);
    // The FIN that it took is no byte.
    expect(kit().c(1, 'ab', 'FA').s(1, '', 'RA', 4).end().events).toEqual({});
    // It lies, or the reset is not one that the peer obeys.
    expect(beyond().s(1, '', 'RA', 900).end().heard).toEqual(['C abcd']);
    expect(beyond().s(7, '', 'RA', 9).end().heard).toEqual(['C abcd']);
  });

  it('a reset that is answered or ignored by its receiver ends nothing', () => {
    const k = kit().c(1, 'abc').c(104, '', 'R').c(1_000_000, '', 'R').c(0, '', 'R').c(4, 'def');
    expect(k.stream.isReset).toBe(false);
    expect(k.events.rst_ignored).toBe(3);
    expect(k.text[0]).toBe('abcdef');
  });

  it('what a reset carries is no data', () => {
    const k = kit().c(1, 'abc').c(4, 'Access Denied', 'RA');
    expect(k.text[0]).toBe('abc');
    expect(k.events.rst_data).toBe(1);
  });

  it('refuse what is far outside every window', () => {
    const k = kit().c(1, 'ab').c(0x6000_0000, 'evil').c(3, 'cd');
    expect(k.text[0]).toBe('abcd');
    expect(k.events.out_of_window).toBe(1);
    expect(k.waiting).toBe(0);
  });
});
