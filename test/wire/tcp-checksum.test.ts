import { describe, expect, it } from 'vitest';
import { isTcpChecksumWrong, sumWords } from '../../src/wire/tcp-checksum.ts';
import { bytes, IP6_A, IP6_B, ip4, ip6, tcp, text, u16, u32 } from './frames.ts';

const viewOf = (octets: Uint8Array) => new DataView(octets.buffer, octets.byteOffset, octets.length);

/** RFC 1071, as it stands there: words of 16 bits, high byte first, carries added. */
function plainSum(octets: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < octets.length; i++) sum += (i & 1) === 0 ? octets[i] << 8 : octets[i];
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return sum;
}

function isWrong(packet: Uint8Array, network: number, transport: number, payload: number): boolean {
  const view = viewOf(packet);
  const sum = sumWords(view, payload, packet.length);
  return isTcpChecksumWrong(view, network, transport, payload, packet.length - payload, sum);
}

describe.each([4, 6])('the checksum of a segment over IPv%i', (version) => {
  const header = version === 4 ? 20 : 40;

  /** A packet behind `before` other bytes, with the right checksums. */
  function made(before: number, options: number, content: string): Uint8Array {
    const segment = tcp(text(content), new Uint8Array(options).fill(1));
    const pseudo =
      version === 4
        ? bytes('0a000001', '0a000002', 0, 6, u16(segment.length))
        : bytes(IP6_A, IP6_B, u32(segment.length), u32(6));
    segment[16] = 0;
    segment[17] = 0;
    viewOf(segment).setUint16(16, ~plainSum(bytes(pseudo, segment)));
    return bytes(new Uint8Array(before), version === 4 ? ip4(6, segment) : ip6(6, segment));
  }

  it.each([0, 4, 12, 40])('is right, or wrong where one bit is, with %i bytes of options', (options) => {
    for (const content of ['', 'x', 'even', 'a longer one, odd']) {
      for (let before = 0; before < 3; before++) {
        const packet = made(before, options, content);
        const transport = before + header;
        const payload = transport + 20 + options;
        expect(isWrong(packet, before, transport, payload)).toBe(false);
        for (let at = transport; at < packet.length; at++) {
          packet[at] ^= 4;
          expect(isWrong(packet, before, transport, payload), `${at}`).toBe(true);
          packet[at] ^= 4;
        }
        for (let at = version === 4 ? before + 1 : before + 8; at < transport; at++) {
          packet[at] ^= 4;
          expect(isWrong(packet, before, transport, payload), `${at}`).toBe(true);
          packet[at] ^= 4;
        }
      }
    }
  });

  it('can be told of a header that says it is shorter than it may be', () => {
    const packet = made(0, 0, 'xxxx');
    expect(isWrong(packet, 0, header, header + 16)).toBe(false);
    packet[header + 18] ^= 1;
    expect(isWrong(packet, 0, header, header + 16)).toBe(true);
  });
});
