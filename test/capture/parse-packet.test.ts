// Reading single packets: hashes, ports that are left out, errors.

import { describe, expect, test } from 'vitest';
import { epHashOf, isCommonPort, keyOfEpHash, reverseEpHash } from '../../src/capture/ep-hash.ts';
import { parsePacketV4, parsePacketV6 } from '../../src/capture/parse-packet.ts';
import {
  ERRNO_INVALID_IP_HEADER,
  ERRNO_OK,
  ERRNO_PACKET_FRAGMENT_IGNORE,
  ERRNO_PACKET_TRUNCATED,
  ParsingErrors,
  parsingFailed,
} from '../../src/capture/parsing-error.ts';
import fc, { often } from '../kit/arbitrary.ts';
import { bytes, echo, IP6_A, IP6_B, ip4, ip6, tcp, u16, udp, zeros } from '../wire/frames.ts';
import { tcp4, udp4, udp6 } from './packets.ts';

const hex = (b: Uint8Array) => Buffer.from(b).toString('hex');

describe('the hash', () => {
  test('of IPv4 has 13 bytes: source, its port, destination, its port, protocol', () => {
    const { epHash, errno, auxInfo } = parsePacketV4(tcp4(40000, 9999, 0x12));
    expect({ epHash: hex(epHash), errno, auxInfo }).toEqual({
      epHash: '0a0000019c400a000002270f06',
      errno: ERRNO_OK,
      auxInfo: 0x12,
    });
  });
  test('of IPv6 has 37 bytes', () => {
    const { epHash, errno } = parsePacketV6(udp6(40000, 9999));
    expect(errno).toBe(ERRNO_OK);
    expect(hex(epHash)).toBe(`${IP6_A}9c40${IP6_B}270f11`);
    expect(epHash).toHaveLength(37);
  });
  test('leaves out the port of the client of a common service, from either side', () => {
    expect(hex(parsePacketV4(tcp4(40000, 443)).epHash)).toBe('0a00000100000a00000201bb06');
    expect(hex(parsePacketV4(tcp4(443, 40000)).epHash)).toBe('0a00000101bb0a000002000006');
    expect(hex(parsePacketV4(tcp4(80, 443)).epHash)).toBe('0a00000100000a000002000006');
    expect(hex(parsePacketV4(udp4(40000, 80)).epHash)).toBe('0a0000019c400a000002005011');
    expect([53, 80, 443, 445, 8080].every((port) => isCommonPort(port, 6))).toBe(true);
    expect([53, 443].every((port) => isCommonPort(port, 17))).toBe(true);
    expect([80, 445, 8080].some((port) => isCommonPort(port, 17))).toBe(false);
  });
  test('has ports of TCP and UDP only', () => {
    const sctp = parsePacketV4(ip4(132, bytes(u16(1000), u16(2000), zeros(8))));
    expect(hex(sctp.epHash)).toBe('0a00000100000a000002000084');
    const ping = parsePacketV4(ip4(1, echo()));
    expect([hex(ping.epHash), ping.auxInfo]).toEqual(['0a00000100000a000002000001', 8]);
  });
  test('turns round, and a key goes through it unchanged', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 13, maxLength: 13 }),
        fc.uint8Array({ minLength: 37, maxLength: 37 }),
        (a, b) => {
          for (const hash of [a, b]) {
            expect(reverseEpHash(reverseEpHash(hash))).toEqual(hash);
            const words = new Int32Array(10);
            keyOfEpHash(hash, words);
            expect(hex(epHashOf(words, 0, hash.length === 13))).toBe(hex(hash));
          }
        },
      ),
    );
  });
});

describe('headers that goProbe reads wrong', () => {
  test('options of IPv4 do not move the ports', () => {
    const packet = ip4(6, bytes(u16(40000), u16(9999), zeros(8), 0x50, 0x02, zeros(6)), { options: zeros(8) });
    const { epHash, auxInfo } = parsePacketV4(packet);
    expect([hex(epHash), auxInfo]).toEqual(['0a0000019c400a000002270f06', 2]);
  });
  test('extension headers of IPv6 are passed over', () => {
    const inner = udp(40000, 9999, zeros(2));
    const packet = ip6(0, bytes(60, 0, zeros(6), 17, 0, zeros(6), inner));
    expect(hex(parsePacketV6(packet).epHash)).toBe(`${IP6_A}9c40${IP6_B}270f11`);
  });
  test('fragments of IPv6 are fragments', () => {
    const first = ip6(44, bytes(17, 0, u16(1), zeros(4), udp(40000, 9999, zeros(2))));
    const later = ip6(44, bytes(17, 0, u16(8 * 185), zeros(4), zeros(20)));
    expect(parsePacketV6(first).errno).toBe(ERRNO_OK);
    expect(parsePacketV6(later).errno).toBe(ERRNO_PACKET_FRAGMENT_IGNORE);
  });
});

describe('errors', () => {
  test('a frame of 19 bytes of IPv4 costs an error, not the process', () => {
    expect(parsePacketV4(bytes('4500000500')).errno).toBe(ERRNO_PACKET_TRUNCATED);
    expect(parsePacketV4(ip4(6, tcp()).subarray(0, 19)).errno).toBe(ERRNO_PACKET_TRUNCATED);
    expect(parsePacketV6(udp6(1, 2).subarray(0, 39)).errno).toBe(ERRNO_PACKET_TRUNCATED);
  });
  test('the least that is needed: TCP 34 and 54 bytes, UDP 24 and 44, ICMP 21 and 41', () => {
    const least = (packet: Uint8Array, parse: typeof parsePacketV4) => {
      for (let n = 0; n <= packet.length; n++) if (parse(packet.subarray(0, n)).errno === ERRNO_OK) return n;
      return -1;
    };
    expect(
      [ip4(6, tcp()), ip4(17, udp(1, 2, zeros(4))), ip4(1, echo()), ip4(50, zeros(8))].map((p) =>
        least(p, parsePacketV4),
      ),
    ).toEqual([34, 24, 21, 20]);
    expect(
      [ip6(6, tcp()), ip6(17, udp(1, 2, zeros(4))), ip6(58, echo()), ip6(50, zeros(8))].map((p) =>
        least(p, parsePacketV6),
      ),
    ).toEqual([54, 44, 41, 40]);
  });
  test('fragments behind the first are ignored, those of ESP counted', () => {
    const fragment = (protocol: number) => ip4(protocol, zeros(20), { fragment: 0x2001 });
    expect(parsePacketV4(fragment(6)).errno).toBe(ERRNO_PACKET_FRAGMENT_IGNORE);
    expect(parsePacketV4(fragment(50)).errno).toBe(ERRNO_OK);
    expect(parsePacketV4(ip4(6, tcp(), { fragment: 0x2000 })).errno).toBe(ERRNO_OK);
  });
  test('other versions and short header lengths are no IP headers', () => {
    expect(parsePacketV4(bytes(0x55, zeros(30))).errno).toBe(ERRNO_INVALID_IP_HEADER);
    expect(parsePacketV4(bytes(0x44, zeros(30))).errno).toBe(ERRNO_INVALID_IP_HEADER);
    expect(parsePacketV6(bytes(0x45, zeros(50))).errno).toBe(ERRNO_INVALID_IP_HEADER);
  });
  test('are counted by kind; fragments are no failure', () => {
    const errors = new ParsingErrors();
    for (const errno of [0, 0, 1, 2]) errors.count(errno);
    expect([errors.sum(), errors.sumFailed(), JSON.stringify(errors)]).toEqual([4, 2, '[2,1,1]']);
    expect([-1, 0, 1, 2].map(parsingFailed)).toEqual([false, false, true, true]);
    errors.reset();
    expect(errors.sum()).toBe(0);
  });
});

test('arbitrary bytes never throw and always have an answer', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), fc.constantFrom(0x45, 0x4f, 0x60, 0x6f, 0x00), (body, first) => {
      const packet = bytes(first, body);
      for (const parse of [parsePacketV4, parsePacketV6]) {
        const { errno, epHash } = parse(packet);
        expect([-1, 0, 1, 2]).toContain(errno);
        expect(epHash).toHaveLength(parse === parsePacketV4 ? 13 : 37);
      }
    }),
    { numRuns: often(1000) },
  );
});
