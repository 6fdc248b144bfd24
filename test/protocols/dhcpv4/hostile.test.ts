// Bytes that were made to hurt: nothing throws, nothing is read outside.

import { describe, expect, it } from 'vitest';
import { dhcpv4 } from '../../../src/protocols/dhcpv4/index.ts';
import { accountedFor } from '../../kit/accounted-for.ts';
import fc, { often } from '../../kit/arbitrary.ts';
import { ascii, END, ip, message, option, type, u32 } from './build.ts';

const sample = message(
  { op: 2, file: [...option(12, ...ascii('name')), 255], sname: ascii('server'), giaddr: '10.0.0.1' },
  type(2),
  option(52, 1),
  option(119, 3, ...ascii('abc'), 0, 1, 0x64, 0xc0, 0),
  option(121, 8, 10, ...ip('10.0.0.1')),
  option(82, ...option(1, 1, 2), ...option(5, 1, 2, 3, 4)),
  option(61, 255, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 1, 2, 3),
  option(125, ...u32(9), 1, 1),
  option(124, ...u32(9), 1, 1),
  option(77, 2, 1, 2),
  option(81, 4, 0, 0, 1, 0x61, 0),
  option(55, 1, 2, 3),
  option(93, 0, 7),
  option(97, 0, ...new Array(16).fill(1)),
  option(200, 1),
  END,
);

/** What is counted as malformed and as truncated, and the record's status. */
const FAULTS_AND_STATUS = ['0 0 OK', '1 0 Error', '1 0 ', '0 1 OK', '0 1 '];

const play = (bytes: Uint8Array, to?: number, wireLength?: number) =>
  accountedFor(dhcpv4, [67, 68], FAULTS_AND_STATUS, bytes, to, wireLength);

describe('hostile bytes', () => {
  it('every truncation, in a packet whose other bytes are a canary', () => {
    for (let length = 0; length < sample.length; length++) {
      const packet = Buffer.concat([sample.subarray(0, length), Buffer.alloc(300, 'CANARY')]);
      for (const wireLength of [length, sample.length]) {
        const text = play(packet, length, wireLength);
        expect(text).not.toContain('CANARY');
        expect(text).not.toContain(Buffer.from('CANARY').toString('hex'));
      }
    }
  });
  it('every byte changed to 00, 01, 34, ff', () => {
    for (let i = 0; i < sample.length; i++) {
      for (const value of [0x00, 0x01, 0x34, 0xff]) {
        const changed = Uint8Array.from(sample);
        changed[i] = value;
        play(changed);
      }
    }
  });
  it('arbitrary bytes, most behind a sane header', () => {
    const head = sample.subarray(0, 240);
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.uint8Array({ maxLength: 600 }).map((rest) => Buffer.concat([head, rest])),
      fc
        .array(fc.tuple(fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 40 })), { maxLength: 40 })
        .map((options) =>
          Buffer.concat([head, ...options.map(([code, value]) => Uint8Array.from(option(code, ...value)))]),
        ),
    );
    fc.assert(
      fc.property(bytes, (all) => void play(all)),
      { numRuns: often(400) },
    );
  });
  it('the longest datagram, full of options of one code', () => {
    for (const code of [12, 55, 77, 82, 119, 121, 125]) {
      const parts = Array.from({ length: 254 }, () => option(code, ...new Array<number>(255).fill(0)));
      play(message({}, ...parts, END));
      play(message({}, ...Array.from({ length: 30_000 }, () => option(code)), END));
    }
  });
  it('a name of the search list that points at itself', () => {
    for (const value of [
      [0xc0, 0],
      [1, 0x61, 0xc0, 2],
      [0xff, 0xff],
      [63, 1],
    ]) {
      expect(play(message({}, type(1), option(119, ...value), END))).toContain(`["119",`);
    }
  });
});
