// Bytes that were made to hurt: nothing throws, nothing is read outside.

import { describe, expect, it } from 'vitest';
import { dhcpv6 } from '../../../src/protocols/dhcpv6/index.ts';
import { accountedFor } from '../../kit/accounted-for.ts';
import fc, { often } from '../../kit/arbitrary.ts';
import {
  address,
  ascii,
  association,
  CLIENT,
  ip,
  message,
  name,
  option,
  prefix,
  relayed,
  SERVER,
  status,
  u16,
  u32,
} from './build.ts';

const inner = message(
  7,
  CLIENT,
  SERVER,
  association(3, address(1, 2, 3, status(1, 'x'))),
  association(25, prefix(1, 64, 9), status(6)),
  option(4, ...u32(1)),
  option(6, ...u16(23)),
  option(7, 1),
  option(8, ...u16(1)),
  option(12, ...ip(1)),
  option(15, ...u16(1), 1),
  option(16, ...u32(1), ...u16(1), 1),
  option(17, ...u32(1)),
  option(19, 5),
  option(23, ...ip(2)),
  option(24, ...name('a', 'b')),
  option(39, 0, ...name('c')),
  option(56, ...option(3, ...name('d'))),
  option(60, ...u16(1), 1),
  option(64, ...name('e')),
);
const sample = relayed(13, 1, relayed(13, 0, inner, option(18, ...ascii('if'))), option(38, 1), option(79, 0, 1, 2));

/** What is counted as malformed and as truncated, and the record's status. A server's refusal is an error without a fault. */
const FAULTS_AND_STATUS = ['0 0 OK', '0 0 Error', '1 0 Error', '1 0 ', '0 1 OK', '0 1 '];

const play = (bytes: Uint8Array, to?: number, wireLength?: number) =>
  accountedFor(dhcpv6, [547, 547], FAULTS_AND_STATUS, bytes, to, wireLength);

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
  it('every byte changed to 00, 01, 0d, ff', () => {
    for (let i = 0; i < sample.length; i++) {
      for (const value of [0x00, 0x01, 0x0d, 0xff]) {
        const changed = Uint8Array.from(sample);
        changed[i] = value;
        play(changed);
      }
    }
  });
  it('arbitrary bytes and arbitrary options', () => {
    const options = fc.array(fc.tuple(fc.integer({ min: 0, max: 150 }), fc.uint8Array({ maxLength: 40 })), {
      maxLength: 40,
    });
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc
        .tuple(fc.integer({ min: 1, max: 13 }), options)
        .map(([type, all]) => message(type, ...all.map(([code, value]) => option(code, ...value)))),
    );
    fc.assert(
      fc.property(bytes, (all) => void play(all)),
      { numRuns: often(400) },
    );
  });
  it('the longest datagram, full of empty options, associations and addresses', () => {
    play(message(7, ...Array.from({ length: 16_000 }, () => option(23))));
    play(message(7, ...Array.from({ length: 4000 }, () => association(3))));
    play(message(7, association(3, ...Array.from({ length: 2200 }, () => address(1, 1, 1)))));
  });
});
