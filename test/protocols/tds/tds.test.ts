// TLS in TDS: the same record as without the packets around it.

import { describe, expect, it } from 'vitest';
import { probeTds } from '../../../src/protocols/tds/packets.ts';
import { HANDSHAKE, join, kit, records, u8, u16 } from '../tls/build.ts';

type Step = readonly [0 | 1, Buffer];

const [PLAIN] = records(HANDSHAKE);
const ON = 1;
const NOT_SUPPORTED = 2;

const packet = (type: number, contents: Uint8Array, isLast = true) =>
  join(u8(type), u8(isLast ? 1 : 0), u16(contents.length + 8), u16(0), u8(0), u8(0), contents);

/** VERSION and ENCRYPTION. */
const prelogin = (encryption: number) =>
  join(u8(0), u16(11), u16(6), u8(1), u16(17), u16(1), u8(0xff), Buffer.alloc(6, 9), u8(encryption));

const BEGIN = (server = ON): Step[] => [
  [0, packet(0x12, prelogin(ON))],
  [1, packet(0x04, prelogin(server))],
];

/** The handshake in packets with `most` octets of contents; what is behind the last flight of each side stands alone. */
function tds(most = 4088): Step[] {
  const steps = BEGIN();
  for (const [side, bytes] of HANDSHAKE) {
    const isData = bytes[0] === 23;
    for (let at = 0; at < bytes.length; at += most) {
      const part = Buffer.from(bytes.subarray(at, isData ? bytes.length : at + most));
      steps.push([side === '>' ? 0 : 1, isData ? part : packet(0x12, part, at + most >= bytes.length)]);
      if (isData) break;
    }
  }
  return steps;
}

function told(steps: readonly Step[], step = Number.POSITIVE_INFINITY) {
  const driven = kit();
  for (const [direction, bytes] of steps) if (driven.data(direction, bytes, step) !== 'ok') break;
  const emitted = driven.end();
  expect(driven.held).toBe(0);
  expect(driven.names).toEqual(['tds']);
  return emitted.map(({ record }) => record);
}

describe('the handshake', () => {
  it('in packets of any size', () => {
    for (const most of [4088, 512, 100]) expect(told(tds(most)), `${most}`).toEqual([PLAIN]);
  });
  it('however the stream is cut', () => {
    for (const step of [1, 3, 1000]) expect(told(tds(), step), `${step}`).toEqual([PLAIN]);
  });
  it('that breaks off tells what there was', () => {
    expect(told(tds(200).slice(0, 5))).toMatchObject([{ established: false, clientJa3: PLAIN.clientJa3 }]);
  });
  it('is not waited for where the server knows no TLS', () => {
    const driven = kit();
    const [[, ask], [, answer]] = BEGIN(NOT_SUPPORTED);
    expect([driven.data(0, ask), driven.data(1, answer)]).toEqual(['ok', 'done']);
    expect(driven.end()).toEqual([]);
  });
  it('behind a gap is given up', () => {
    const driven = kit();
    for (const [direction, bytes] of tds(200).slice(0, 6)) driven.data(direction, bytes);
    expect(driven.analyzer.gap?.(1, 100)).toBe('give-up');
    expect(driven.end()).toMatchObject([{ record: { established: false } }]);
  });
});

describe('probe', () => {
  const [[, first]] = BEGIN();
  const ask = (bytes: Uint8Array, to = bytes.length) => probeTds(0, bytes, 0, to);
  it('knows the first message', () => {
    for (let octets = 1; octets < 13; octets++) expect(ask(first, octets), `${octets}`).toBe('more');
    expect(ask(first)).toBe('yes');
    expect(probeTds(1, first, 0, first.length)).toBe('no');
  });
  it('wants the version first, and it inside', () => {
    for (const at of [0, 1, 2, 4, 8, 9, 12]) {
      const other = Buffer.from(first);
      other[at] ^= 0x40;
      expect(ask(other), `${at}`).toBe('no');
    }
  });
});

it('keeps no more than a packet', () => {
  const driven = kit();
  for (const [direction, bytes] of BEGIN()) driven.data(direction, bytes);
  expect(driven.data(1, join(u8(0x12), u8(0), u16(60_000), Buffer.alloc(4000)))).toBe('done');
});
